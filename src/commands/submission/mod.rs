//! A submission: nothing, then figures or a declaration that there are none, then perhaps
//! withdrawn, and again.
//!
//! Content begins with `submitted` or `no_value_declared`; what follows names that event as
//! `content_from`. A measure's first content is not judged against the measure here: only the
//! entity's own history decides, other entities are relied on.
//! Commands: [`Submit`], [`Revise`], [`Withdraw`], [`DeclareNoValue`], [`WriteCommentary`],
//! [`SignOff`], [`RefuseSignOff`], [`WithdrawSignOff`], [`OverrideRating`].

mod cells;
mod declare_no_value;
mod override_rating;
mod refuse_sign_off;
mod revise;
mod sign_off;
mod submit;
mod withdraw;
mod withdraw_sign_off;
mod write_commentary;

pub use cells::Cells;
pub use declare_no_value::DeclareNoValue;
pub use override_rating::OverrideRating;
pub use refuse_sign_off::RefuseSignOff;
pub use revise::Revise;
pub use sign_off::SignOff;
pub use submit::Submit;
pub use withdraw::Withdraw;
pub use withdraw_sign_off::WithdrawSignOff;
pub use write_commentary::WriteCommentary;

use piperoll_events::ids::{ActorId, PostId};
use piperoll_events::sign_off::Covered;
use piperoll_events::submission::revised::ReportedRating;
use piperoll_events::submission::{
    NoValueDeclared, RatingOverridden, Submission as SubmissionFact,
};
use piperoll_events::text::{Label, SealedText};
use piperoll_events::{Cell, Fact, Position};

use super::{Entity, Occurred, Rejection};

/// The most cells of one submission; with every field filled they stay within one event.
pub const MOST_CELLS: usize = 800;

/// The state of a submission.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    content: Content,
    cells: Cells,
    rating_as_reported: Option<Label>,
    /// The last event that moved a figure: what commentary explains.
    figures_at: Option<Position>,
    commentary: Option<Box<SealedText>>,
    /// Where the words were recorded.
    words_at: Option<Position>,
    /// Whoever entered or changed what stands.
    entered_by: Vec<ActorId>,
    signatures: Vec<Signature>,
    /// Boxed: a ledger has very many submissions, and of few is the rating overridden.
    overridden: Option<Box<RatingOverridden>>,
}

/// A signature that was given and not taken back. Whether a later version has lapsed it, readers say.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    stage: Label,
    post: PostId,
    covers: Vec<Covered>,
    position: Position,
}

/// What a submission holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Content {
    /// Nothing.
    #[default]
    None,
    /// Figures, since this event.
    Figures(Position),
    /// A declaration that there are none, since this event.
    NoValue(Position, Box<NoValueDeclared>),
}

impl Submission {
    /// What it holds.
    #[must_use]
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// The cells that stand.
    #[must_use]
    pub const fn cells(&self) -> &Cells {
        &self.cells
    }

    /// The publisher's own rating.
    #[must_use]
    pub const fn rating_as_reported(&self) -> Option<&Label> {
        self.rating_as_reported.as_ref()
    }

    /// The words that stand.
    #[must_use]
    pub fn commentary(&self) -> Option<&SealedText> {
        self.commentary.as_deref()
    }

    fn figures_from(&self, expected: Option<Position>) -> Result<Position, Rejection> {
        match self.content {
            Content::Figures(from) if expected.is_none_or(|at| at == from) => Ok(from),
            Content::Figures(_) => Err(Rejection::OtherContent),
            _ => Err(Rejection::Missing("a figure for this period")),
        }
    }

    /// Where what it holds was last said: the figures, or that there are none.
    const fn said_at(&self) -> Option<Position> {
        match self.content {
            Content::None => None,
            Content::Figures(from) => match self.figures_at {
                Some(at) => Some(at),
                None => Some(from),
            },
            Content::NoValue(from, _) => Some(from),
        }
    }

    /// Where what it holds began.
    const fn content_from(&self) -> Option<Position> {
        match self.content {
            Content::None => None,
            Content::Figures(from) | Content::NoValue(from, _) => Some(from),
        }
    }

    fn entered(&mut self, person: ActorId) {
        if !self.entered_by.contains(&person) {
            self.entered_by.reserve_exact(1);
            self.entered_by.push(person);
        }
    }

    /// Forgets the content; signatures stand, on what they covered.
    fn clear(&mut self) {
        let signatures = std::mem::take(&mut self.signatures);
        *self = Self { signatures, ..Self::default() };
    }

    /// Whether a rating or words would still stand if every figure went: a publisher that blanks a
    /// figure and keeps its rating is recorded as it stood.
    fn outlives_its_figures(&self, rating: Option<&ReportedRating>) -> bool {
        let rating = rating.map_or(&self.rating_as_reported, |rating| &rating.now);
        rating.is_some() || self.commentary.is_some()
    }
}

impl Entity for Submission {
    fn apply(&mut self, at: Occurred, fact: &Fact) {
        let position = at.position;
        let Fact::Submission(fact) = fact else { return };
        match fact {
            SubmissionFact::Submitted(fact) => {
                self.clear();
                self.content = Content::Figures(position);
                self.figures_at = Some(position);
                self.cells.extend(fact.cells.iter().cloned());
                self.rating_as_reported.clone_from(&fact.rating_as_reported);
                self.commentary = fact.commentary.clone().map(Box::new);
                self.words_at = fact.commentary.as_ref().map(|_| position);
                self.entered(at.person);
            }
            SubmissionFact::Revised(fact) => {
                self.cells.extend(fact.changed.iter().cloned());
                for breakdown in &fact.removed {
                    self.cells.remove(breakdown);
                }
                if let Some(rating) = &fact.rating_as_reported {
                    self.rating_as_reported.clone_from(&rating.now);
                }
                self.figures_at = Some(position);
                self.entered(at.person);
            }
            SubmissionFact::Withdrawn(_) => self.clear(),
            SubmissionFact::NoValueDeclared(fact) => {
                self.clear();
                self.content = Content::NoValue(position, Box::new(fact.clone()));
                self.entered(at.person);
            }
            SubmissionFact::CommentaryWritten(fact) => {
                self.commentary = fact.text.clone().map(Box::new);
                self.words_at = fact.text.as_ref().map(|_| position);
            }
            SubmissionFact::RatingOverridden(fact) => {
                self.overridden = Some(Box::new(fact.clone()));
            }
            SubmissionFact::SignedOff(fact) => self.signatures.push(Signature {
                stage: fact.stage.clone(),
                post: fact.post,
                covers: fact.covers.clone(),
                position,
            }),
            SubmissionFact::SignOffRefused(_) => {}
            SubmissionFact::SignOffWithdrawn(fact) => {
                self.signatures.retain(|signature| signature.position != fact.signed_at);
            }
        }
    }
}

/// Each cell says something, once, and together they fit into one event.
fn check_cells(cells: &[Cell]) -> Result<(), Rejection> {
    if cells.len() > MOST_CELLS {
        return Err(Rejection::TooManyCells(cells.len()));
    }
    let mut seen = std::collections::BTreeSet::new();
    for cell in cells {
        if cell.is_empty() {
            return Err(Rejection::NoFigure);
        }
        if !seen.insert(&cell.breakdown) {
            return Err(Rejection::CellTwice(cell.breakdown.to_string()));
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod examples {
    use super::*;
    use piperoll_events::Breakdown;
    use piperoll_events::breakdown::Tag;
    use piperoll_events::ids::MeasureId;
    use piperoll_events::submission::Submitted;

    pub(crate) fn measure() -> MeasureId {
        MeasureId::derived(&["m"])
    }

    pub(crate) fn period() -> piperoll_events::Period {
        "FY2021-Q1".parse().unwrap()
    }

    pub(crate) fn cell(sex: &str, value: &str) -> Cell {
        let tag = |code: &str| Tag { taxonomy: "sex".to_owned(), code: code.to_owned() };
        let tags = if sex.is_empty() { Vec::new() } else { vec![tag(sex)] };
        Cell::of(Breakdown::new(tags).unwrap(), value.parse().unwrap())
    }

    pub(crate) fn submitted() -> Submitted {
        Submitted {
            measure: measure(),
            period: period(),
            cells: vec![cell("", "97.4"), cell("f", "98")],
            rating_as_reported: None,
            commentary: None,
        }
    }
}
