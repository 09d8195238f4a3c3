//! Judging an event again right after it was appended: what it relied on had no guard, so another
//! version may stand before it than the one that was decided on (DOMAIN rule 7).
//!
//! **Invariant:** the same is said as by every reader of the record: nothing at the event's position or
//! after it is looked at, and the event is read as it is stored. Whoever repeats the command is told
//! the same, whatever died between the append and the answer:
//!
//! ```text
//! caller                      we                                   the ledger
//!   │ change the target        │ decide: the table is at 12          │
//!   │                          │                  somebody else ────►│ the table at 13
//!   │                          │ append (the measure's guard holds) ►│ the change at 14
//!   │                          │ what came of the table in 13..14? ─►│
//!   │ ◄ recorded at 14, ───────│                                     │
//!   │   without the right      │                                     │
//! ```

use std::sync::Arc;

use chrono_tz::Europe::London;
use piperoll_events::decision_right::{Change, RightThen};
use piperoll_events::framework::Framework as FrameworkFact;
use piperoll_events::ids::CommandId;
use piperoll_events::{EntityKind, EntityRef, Event, Fact, Position};
use piperoll_projections::Outcome;
use piperoll_projections::accountability::judged::{Judged, RoleThen};

use super::append::Ledger;
use super::asked::{Answer, ExecuteError};
use super::held::Held;
use super::place::Raw;
use crate::commands::State;

/// What an event relied on, and how that stood at the event's own position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relied {
    /// The versions of other entities that the decision used.
    pub on: Vec<Position>,
    /// How they stood; none where there was neither a table of decision rights nor a role.
    pub judged: Option<Judged>,
}

/// A thing relied on: as it was decided on, as it stood just before the event, and what came between.
struct Sides {
    decided: Arc<Held>,
    then: Arc<Held>,
    unseen: Vec<Position>,
}

impl Ledger {
    /// What the event of an answer relied on; nothing, where there is no event.
    ///
    /// # Errors
    /// `Unconfirmed` where NATS can't be asked: it is recorded, and repeating the command says how.
    pub async fn relied(
        &self,
        answer: Answer,
        command_id: CommandId,
    ) -> Result<Relied, ExecuteError> {
        if answer.event_id.is_none() {
            return Ok(Relied::default());
        }
        self.judge_again(answer.position).await.map_err(|error| match error {
            ExecuteError::Ask(source) => ExecuteError::Unconfirmed { command_id, source },
            other => other,
        })
    }

    async fn judge_again(&self, position: Position) -> Result<Relied, ExecuteError> {
        let Some(event) = self.event_at(position).await? else { return Ok(Relied::default()) };
        let mut judged = Judged { right: None, role: None, unseen: Vec::new() };
        let day = event.time.with_timezone(&London).date_naive();
        for seen in event.record.relied_on.iter().copied().filter(|seen| *seen < position) {
            let Some(entity) = self.event_at(seen).await?.map(|event| event.entity) else {
                continue;
            };
            match (entity.kind, Change::of(&event.fact)) {
                (EntityKind::Framework, Some(change)) => {
                    let sides = self.sides(entity, seen, position).await?;
                    if let (State::Framework(decided), State::Framework(then)) =
                        (&sides.decided.state, &sides.then.state)
                    {
                        judged.right = Some(RightThen::of(change, decided.rights(), then.rights()));
                        judged.unseen.extend(sides.unseen);
                    }
                }
                (EntityKind::Role, _) => {
                    let sides = self.sides(entity, seen, position).await?;
                    if let State::Role(role) = &sides.then.state {
                        judged.role = Some(RoleThen::of(role.counts(day)));
                        judged.unseen.extend(sides.unseen);
                    }
                }
                _ => {}
            }
        }
        let judged = (judged.right.is_some() || judged.role.is_some()).then_some(judged);
        Ok(Relied { on: event.record.relied_on, judged })
    }

    async fn event_at(&self, position: Position) -> Result<Option<Event>, ExecuteError> {
        let Some(stored) = self.stream.find(position).await? else { return Ok(None) };
        match self.judge.judge(&Raw::from(&stored))?.outcome {
            Outcome::Event(event) => Ok(Some(event)),
            Outcome::Reject(..) => Ok(None),
        }
    }

    /// Nearly always nothing came between, and what is held is what was decided on. Otherwise the
    /// entity is folded anew, up to where the event stands.
    async fn sides(
        &self,
        entity: EntityRef,
        seen: Position,
        before: Position,
    ) -> Result<Sides, ExecuteError> {
        let held = self.to_end(entity).await?;
        if held.last == Some(seen) {
            let decided = Arc::clone(&held);
            return Ok(Sides { decided, then: held, unseen: Vec::new() });
        }
        let mut then = Held::new(entity.kind);
        let (mut decided, mut unseen) = (then.clone(), Vec::new());
        while let Some(stored) = self.stream.next_of(entity, then.guard).await?
            && stored.position < before
        {
            let placed = self.judge.judge(&Raw::from(&stored))?;
            let touches = then.take(&placed).is_some_and(|event| judges(&event.fact));
            if placed.position == seen {
                decided = then.clone();
            } else if placed.position > seen && touches {
                unseen.push(placed.position);
            }
        }
        Ok(Sides { decided: Arc::new(decided), then: Arc::new(then), unseen })
    }
}

/// Whether a judgement may come out otherwise after it.
fn judges(fact: &Fact) -> bool {
    matches!(fact, Fact::Role(_) | Fact::Framework(FrameworkFact::DecisionRightSet(_)))
}
