//! From changes to batches: what a file changes, checked by every rule, in the order in which it is
//! recorded.
//!
//! **Invariant:** nothing is recorded before all of it has passed. A request's id follows from ledger,
//! file, amendment and change, and a file that was stopped halfway is compared with what was agreed
//! when it began; so the same file goes on with exactly the events that are left.

use std::collections::HashMap;

use piperoll_events::framework::{Amended, AmendmentBegun, AmendmentGivenUp};
use piperoll_events::ids::{CommandId, FrameworkId, LedgerId};
use piperoll_events::text::Digest;
use piperoll_events::{EntityKind, EntityRef, Fact, Position, Reason};
use piperoll_projections::Placed;

use super::super::import::event;
use super::super::intent::Intent;
use super::super::plan::none_recorded;
use super::super::record::Past;
use super::super::sequence::{Checking, Planned, SequenceError, cut};
use super::agreed::Agreed;
use super::change::{Change, Phase, Refused};
use super::compare::{Amendment, Terms, compare};
use super::file::FrameworkFile;
use super::read::AllWrong;
use crate::commands::{Occurred, State};
use crate::ledger::{FollowError, Following};

/// Why a file can't be applied. Nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum AmendError {
    /// The ledger is still moving in, or holds nothing.
    #[error("this ledger has not been opened; finish `piperoll move-in` first")]
    NotOpened,
    /// Another file is being applied.
    #[error(
        "another file is being applied since position {since} (`{digest}`); apply that file again to end it, or end it where it is with `piperoll framework give-up`"
    )]
    Underway {
        /// SHA-256 of that file.
        digest: Digest,
        /// Where its application began.
        since: Position,
    },
    /// No file is being applied.
    #[error("no file is being applied; there is nothing to give up")]
    NothingUnderway,
    /// Nobody said why.
    #[error(
        "why is it changed? give --reason-code (and --reason in words), or state `reason` in the file's [amendment]"
    )]
    NoReason,
    /// What is wrong with the file.
    #[error(transparent)]
    Wrong(#[from] AllWrong),
    /// The stream can't be read.
    #[error(transparent)]
    Follow(#[from] FollowError),
}

/// What a ledger holds, as far as amending its framework needs it.
#[derive(Debug, Default)]
pub struct Record {
    /// What is agreed at the last position read.
    pub agreed: Agreed,
    /// What was recorded under which request.
    pub past: Past,
    states: HashMap<EntityRef, State>,
    /// As it was when the file that is being applied began.
    begun: Option<Box<(Agreed, HashMap<EntityRef, State>)>>,
}

impl Record {
    /// Reads a ledger up to a position, or to its head; `each` sees every part of it, in order.
    ///
    /// # Errors
    /// The stream can't be read.
    pub async fn read(
        following: &mut Following,
        upto: Option<Position>,
        mut each: impl FnMut(&[Placed]),
    ) -> Result<Self, FollowError> {
        let mut record = Self::default();
        while let Some(placed) = following.next().await {
            let mut placed = placed?;
            let read = placed.len();
            placed.retain(|it| upto.is_none_or(|upto| it.position <= upto));
            record.take(&placed);
            each(&placed);
            if placed.len() < read {
                break;
            }
        }
        Ok(record)
    }

    /// Takes in a part of the stream.
    pub fn take(&mut self, placed: &[Placed]) {
        self.past.take(placed);
        for placed in placed {
            let Some(event) = event(placed) else { continue };
            if event.entity.kind == EntityKind::Submission {
                continue;
            }
            self.agreed.take(placed.position, event);
            let state = self.states.entry(event.entity);
            let state = state.or_insert_with(|| State::new(event.entity.kind));
            state.apply(Occurred::of(placed.position, &event.record), &event.fact);
            match &event.fact {
                Fact::Framework(piperoll_events::framework::Framework::AmendmentBegun(_)) => {
                    self.begun = Some(Box::new((self.agreed.clone(), self.states.clone())));
                }
                Fact::Framework(
                    piperoll_events::framework::Framework::Amended(_)
                    | piperoll_events::framework::Framework::AmendmentGivenUp(_),
                ) => self.begun = None,
                _ => {}
            }
        }
    }

    /// The file that is being applied, and where that began.
    #[must_use]
    pub fn underway(&self) -> Option<&(AmendmentBegun, Position)> {
        self.agreed.current()?.1.underway.as_ref()
    }
}

/// A file of changes with its digest.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    /// What it states.
    pub file: FrameworkFile,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// A file, ready to be applied.
#[derive(Debug)]
pub struct Ready {
    /// The framework.
    pub framework: FrameworkId,
    /// What it changes; those that a rule refuses say so.
    pub changes: Vec<Change>,
    /// The undertaking that every event belongs to.
    pub correlation: CommandId,
    /// What is recorded, in order: its beginning, the changes, its end. Empty where nothing changes.
    pub batches: Vec<Vec<Planned>>,
}

impl Ready {
    /// The changes that a rule refuses.
    pub fn refused(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.refused.is_some())
    }
}

/// Works out what a file changes, and whether every rule lets it. Of a file that was stopped halfway,
/// all that it changes, whatever stands already.
///
/// # Errors
/// See [`AmendError`]. What rules refuse is no error here; each change says so.
pub fn prepare(
    record: &Record,
    ledger: LedgerId,
    stated: &Stated,
    terms: Option<Terms>,
) -> Result<Ready, AmendError> {
    record.past.opened().ok_or(AmendError::NotOpened)?;
    let digest = stated.digest;
    let none = || Terms { reason: none_recorded(), authority: None };
    let (agreed, states, terms) = match (record.underway(), record.begun.as_deref()) {
        (Some((begun, since)), _) if begun.file_digest != digest => {
            return Err(AmendError::Underway { digest: begun.file_digest, since: *since });
        }
        (Some((begun, _)), Some((agreed, states))) => {
            let (reason, authority) = (begun.reason.clone(), begun.authority.clone());
            (agreed, states, Terms { reason, authority })
        }
        _ => (&record.agreed, &record.states, terms.unwrap_or_else(none)),
    };
    let Amendment { framework, mut changes } =
        compare(agreed, &stated.file, (ledger, digest), &terms)?;
    let before = agreed.current().map_or(0, |(_, whole)| whole.amendments);
    let naming = Naming { ledger, digest, before, framework };
    let mut checking = Checking::over(states.clone());
    let (mut kept, mut planned) = (Vec::new(), Vec::new());
    for mut change in changes.drain(..) {
        let request = naming.planned(change.entity, &change.key, change.fact.clone());
        match checking.take(&request) {
            Ok(true) => planned.push((change.phase, request)),
            // It is so already.
            Ok(false) => continue,
            Err(error) => change.refused = Some(refused(error)),
        }
        kept.push(change);
    }
    let batches = if kept.is_empty() && record.underway().is_none() {
        Vec::new()
    } else {
        naming.batches(planned, &terms)
    };
    Ok(Ready { framework, changes: kept, correlation: naming.id("amendment"), batches })
}

/// What ends an application where it is.
///
/// # Errors
/// None is underway.
pub fn give_up(record: &Record, ledger: LedgerId, reason: Reason) -> Result<Ready, AmendError> {
    let (framework, whole) = record.agreed.current().ok_or(AmendError::NothingUnderway)?;
    let (begun, _) = whole.underway.as_ref().ok_or(AmendError::NothingUnderway)?;
    let (digest, before) = (begun.file_digest, whole.amendments);
    let naming = Naming { ledger, digest, before, framework };
    let fact = AmendmentGivenUp { file_digest: digest, reason };
    let planned = naming.planned(framework.into(), "given up", fact.into());
    let correlation = naming.id("amendment");
    Ok(Ready { framework, changes: Vec::new(), correlation, batches: vec![vec![planned]] })
}

fn refused(error: SequenceError) -> Refused {
    match error {
        SequenceError::Refused { rejection, .. } => {
            Refused { code: rejection.code(), because: rejection.to_string() }
        }
        SequenceError::TooLong { bytes, .. } => Refused {
            code: "too_long",
            because: format!("one event would have {bytes} bytes; say less of it at once"),
        },
    }
}

/// What the requests of one amendment are called.
struct Naming {
    ledger: LedgerId,
    digest: Digest,
    /// How many amendments the framework has had: the same file may be applied again later.
    before: u64,
    framework: FrameworkId,
}

impl Naming {
    fn id(&self, key: &str) -> CommandId {
        let (ledger, digest) = (self.ledger.to_string(), self.digest.to_string());
        CommandId::derived(&[&ledger, "framework", &self.before.to_string(), &digest, key])
    }

    fn planned(&self, entity: EntityRef, key: &str, fact: Fact) -> Planned {
        let intent = Intent::Plain { entity, fact };
        let command_id = self.id(&format!("{entity} {key}"));
        Planned { command_id, entity, intent, asserted: None, file: None }
    }

    /// Phase by phase, each in batches of one event an entity. A framework that is adopted first is
    /// adopted before the amendment begins.
    fn batches(&self, planned: Vec<(Phase, Planned)>, terms: &Terms) -> Vec<Vec<Planned>> {
        let Terms { reason, authority } = terms.clone();
        let changes = u64::try_from(planned.len()).unwrap_or(u64::MAX);
        let file_digest = self.digest;
        let begun = AmendmentBegun {
            file_digest,
            changes,
            reason: reason.clone(),
            authority: authority.clone(),
        };
        let ended = Amended { file_digest, reason, authority };
        let adopts = |it: &Planned| {
            matches!(
                &it.intent,
                Intent::Plain {
                    fact: Fact::Framework(piperoll_events::framework::Framework::Adopted(_)),
                    ..
                }
            )
        };
        let entity = EntityRef::from(self.framework);
        let (first, rest): (Vec<_>, Vec<_>) = planned.into_iter().partition(|(_, it)| adopts(it));
        let mut batches: Vec<Vec<Planned>> = first.into_iter().map(|(_, it)| vec![it]).collect();
        batches.push(vec![self.planned(entity, "begun", begun.into())]);
        for phase in [Phase::Whole, Phase::Groups, Phase::Steps, Phase::Measures, Phase::Table] {
            let of = rest.iter().filter(|(it, _)| *it == phase).map(|(_, it)| it.clone());
            batches.extend(cut(of));
        }
        batches.push(vec![self.planned(entity, "ended", ended.into())]);
        batches
    }
}
