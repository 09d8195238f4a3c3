//! Intents: what a file or a plan wants recorded, before it is known where its causes stand.
//!
//! **Invariant:** an intent holds no position and no sealed text. Where a submission's content
//! began, the command finds out when it is decided; words are sealed only when they are recorded,
//! so what a file means can be worked out, and compared, without either.

use piperoll_events::cell::Cell;
use piperoll_events::ids::{FrameworkId, ImportId, MeasureId, SubmissionId};
use piperoll_events::measure::placed::Place;
use piperoll_events::reason::Reason;
use piperoll_events::submission::no_value_declared::NoValue;
use piperoll_events::submission::revised::ReportedRating;
use piperoll_events::text::{Label, Prose};
use piperoll_events::{
    Breakdown, EntityKind, EntityRef, Fact, Period, framework, measure, objective, post, step,
    submission,
};

/// One thing to be recorded of one entity.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "intents are few and short-lived")]
pub enum Intent {
    /// A fact that names no position: anything that is not about a submission.
    Plain {
        /// What it is about.
        entity: EntityRef,
        /// What is so from here on.
        fact: Fact,
    },
    /// Figures where there were none.
    Submit {
        /// The measure.
        measure: MeasureId,
        /// What the figures are about.
        period: Period,
        /// The figures, by breakdown.
        cells: Vec<Cell>,
        /// The publisher's own rating.
        rating: Option<Label>,
        /// What the file says of them, not yet sealed.
        words: Option<Prose>,
    },
    /// Some figures change.
    Revise {
        /// The measure.
        measure: MeasureId,
        /// What the figures are about.
        period: Period,
        /// Cells that are new or say something else.
        changed: Vec<Cell>,
        /// Cells that are held no more.
        removed: Vec<Breakdown>,
        /// The publisher's own rating, where that changed.
        rating: Option<ReportedRating>,
        /// Why.
        reason: Reason,
    },
    /// The figures, or the declaration that there are none, are taken back.
    Withdraw {
        /// The measure.
        measure: MeasureId,
        /// What they were about; absent: the measure as a whole.
        period: Option<Period>,
        /// Why.
        reason: Reason,
    },
    /// It is said that there is no figure.
    Declare {
        /// The measure.
        measure: MeasureId,
        /// What there is none for; absent: the measure as a whole.
        period: Option<Period>,
        /// What is the matter.
        state: NoValue,
    },
    /// Only the words change.
    Explain {
        /// The measure.
        measure: MeasureId,
        /// What the figures are about.
        period: Period,
        /// The words, not yet sealed; absent: none any more.
        words: Option<Prose>,
    },
}

impl Intent {
    /// What it is about.
    #[must_use]
    pub fn entity(&self) -> EntityRef {
        match self {
            Self::Plain { entity, .. } => *entity,
            Self::Submit { measure, period, .. }
            | Self::Revise { measure, period, .. }
            | Self::Explain { measure, period, .. } => {
                SubmissionId::of(*measure, Some(*period)).into()
            }
            Self::Withdraw { measure, period, .. } | Self::Declare { measure, period, .. } => {
                SubmissionId::of(*measure, *period).into()
            }
        }
    }

    /// The type of the event that it becomes.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        use piperoll_events::EventFact;
        match self {
            Self::Plain { fact, .. } => fact.event_type(),
            Self::Submit { .. } => submission::Submitted::TYPE,
            Self::Revise { .. } => submission::Revised::TYPE,
            Self::Withdraw { .. } => submission::Withdrawn::TYPE,
            Self::Declare { .. } => submission::NoValueDeclared::TYPE,
            Self::Explain { .. } => submission::CommentaryWritten::TYPE,
        }
    }

    /// The measure that it is about, if any.
    #[must_use]
    pub fn measure(&self) -> Option<MeasureId> {
        match self {
            Self::Plain { entity, .. } if entity.kind == EntityKind::Measure => {
                Some(MeasureId::new(entity.id))
            }
            Self::Plain { .. } => None,
            Self::Submit { measure, .. }
            | Self::Revise { measure, .. }
            | Self::Withdraw { measure, .. }
            | Self::Declare { measure, .. }
            | Self::Explain { measure, .. } => Some(*measure),
        }
    }

    /// Whether it gives a measure its definition.
    #[must_use]
    pub const fn defines(&self) -> bool {
        matches!(
            self,
            Self::Plain {
                fact: Fact::Measure(
                    measure::Measure::Adopted(_) | measure::Measure::DefinitionSet(_)
                ),
                ..
            }
        )
    }

    /// Entities that must stand before this can: nothing relies on an event of its own batch.
    #[must_use]
    pub fn relies_on(&self) -> Vec<EntityRef> {
        let Self::Plain { fact, .. } = self else {
            return self.measure().into_iter().map(EntityRef::from).collect();
        };
        match fact {
            Fact::Objective(objective::Objective::Added(it)) => vec![it.framework.into()],
            Fact::Area(piperoll_events::area::Area::Added(it)) => vec![it.framework.into()],
            Fact::Step(step::Step::Added(it)) => {
                std::iter::once(it.framework.into()).chain(it.objective.map(Into::into)).collect()
            }
            Fact::Measure(measure::Measure::Adopted(it)) => {
                let places = it.places.iter().map(place);
                std::iter::once(it.framework.into()).chain(places).collect()
            }
            Fact::Step(step::Step::Revised(it)) => {
                it.objective.map(Into::into).into_iter().collect()
            }
            Fact::Measure(measure::Measure::Placed(it)) => vec![place(&it.place)],
            Fact::Measure(measure::Measure::AccountableAssigned(it)) => vec![it.post.into()],
            Fact::Measure(measure::Measure::StewardAssigned(it)) => vec![it.post.into()],
            Fact::Measure(measure::Measure::ContributorAssigned(it)) => {
                it.post.into_iter().map(Into::into).collect()
            }
            Fact::Post(post::Post::Delegated(it)) => vec![it.to.into()],
            _ => Vec::new(),
        }
    }

    /// A fact about a measure.
    pub fn measure_fact(measure: MeasureId, fact: impl Into<Fact>) -> Self {
        Self::Plain { entity: measure.into(), fact: fact.into() }
    }

    /// A fact about the application of a file.
    pub fn import_fact(import: ImportId, fact: impl Into<Fact>) -> Self {
        Self::Plain { entity: import.into(), fact: fact.into() }
    }

    /// A framework's adoption.
    #[must_use]
    pub fn framework(id: FrameworkId, fact: framework::Adopted) -> Self {
        Self::Plain { entity: id.into(), fact: fact.into() }
    }

    /// What a recorded fact would have been as an intent; `words` is its commentary, opened.
    #[must_use]
    pub fn of(entity: EntityRef, fact: &Fact, words: Option<Prose>) -> Self {
        let plain = || Self::Plain { entity, fact: fact.clone() };
        let Fact::Submission(fact) = fact else { return plain() };
        match fact.clone() {
            submission::Submission::Submitted(it) => Self::Submit {
                measure: it.measure,
                period: it.period,
                cells: it.cells,
                rating: it.rating_as_reported,
                words,
            },
            submission::Submission::Revised(it) => Self::Revise {
                measure: it.measure,
                period: it.period,
                changed: it.changed,
                removed: it.removed,
                rating: it.rating_as_reported,
                reason: it.reason,
            },
            submission::Submission::Withdrawn(it) => {
                Self::Withdraw { measure: it.measure, period: it.period, reason: it.reason }
            }
            submission::Submission::NoValueDeclared(it) => {
                Self::Declare { measure: it.measure, period: it.period, state: it.state }
            }
            submission::Submission::CommentaryWritten(it) => {
                Self::Explain { measure: it.measure, period: it.period, words }
            }
            submission::Submission::RatingOverridden(_)
            | submission::Submission::SignedOff(_)
            | submission::Submission::SignOffRefused(_)
            | submission::Submission::SignOffWithdrawn(_) => plain(),
        }
    }
}

fn place(place: &Place) -> EntityRef {
    match *place {
        Place::Objective(id) => id.into(),
        Place::Step(id) => id.into(),
        Place::Area(id) => id.into(),
    }
}
