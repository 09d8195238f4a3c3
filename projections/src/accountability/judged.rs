//! Judging an act again at its own position: what it relied on has no guard, so it may have been
//! another there than the one that was decided on (DOMAIN rule 7).
//!
//! **Invariant:** a judgement looks at what stands before the act and at nothing later, so it is the
//! same whenever it is made: online, after a rebuild, as at any later moment.

use std::collections::HashMap;

use chrono::NaiveDate;
use piperoll_events::decision_right::{Change, ChangeClass, ChangeSubject, RightThen, Rights};
use piperoll_events::framework::decision_right_set::RightState;
use piperoll_events::{DecisionRight, EntityKind, Position};
use schemars::JsonSchema;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::duties::Days;
use super::table::{Act, act};
use super::words::Began;
use crate::runtime::RuntimeError;
use crate::runtime::columns::Columns;
use crate::runtime::cursor::bigint;
use crate::runtime::numbered::Numbered;
use crate::runtime::session::Session;

/// How what an act relied on stood at the act's own position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Judged {
    /// Whether who decided had the right to; absent where no table of decision rights was relied on.
    pub right: Option<RightThen>,
    /// Whether who acted had the role; absent where no role was relied on.
    pub role: Option<RoleThen>,
    /// What was recorded of the table and the role after the versions relied on and before the act.
    pub unseen: Vec<Position>,
}

/// Whether who acted had the role on the day and at the position of the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleThen {
    /// They had.
    Held,
    /// It had ended by then, or did not count yet.
    WithoutTheRole,
}

impl RoleThen {
    /// By whether the role counted.
    #[must_use]
    pub const fn of(counted: bool) -> Self {
        if counted { Self::Held } else { Self::WithoutTheRole }
    }
}

/// What judging an act takes beside the act.
#[derive(Debug)]
pub(super) struct Asked {
    /// What the table was asked about.
    pub(super) change: Option<(ChangeSubject, ChangeClass)>,
    /// The day in London on which it was recorded.
    pub(super) day: NaiveDate,
}

/// The versions of a table of decision rights, each whole, by position.
type Tables = Vec<(Position, Rights)>;

/// What acts relied on.
#[derive(Default)]
struct Relied {
    /// Which framework or role stands at a position.
    entities: HashMap<Position, (EntityKind, Uuid)>,
    tables: HashMap<Uuid, Tables>,
    roles: HashMap<Uuid, Vec<RoleSaid>>,
}

/// What was said of a role.
struct RoleSaid {
    position: Position,
    happened: Began,
    days: Days,
}

/// Reads acts, and judges those that relied on something.
pub(super) async fn again(session: &Session<'_>, rows: &[Row]) -> Result<Vec<Act>, RuntimeError> {
    let acts: Vec<(Act, Asked)> = rows.iter().map(act).collect::<Result<_, _>>()?;
    let mut positions: Vec<i64> =
        acts.iter().flat_map(|(act, _)| act.relied_on.iter().copied().map(bigint)).collect();
    positions.sort_unstable();
    positions.dedup();
    let relied = Relied::read(session, &positions).await?;
    let judged = acts.into_iter().map(|(mut act, asked)| {
        act.judged = relied.judge(&act, &asked);
        act
    });
    Ok(judged.collect())
}

impl Relied {
    async fn read(session: &Session<'_>, positions: &[i64]) -> Result<Self, RuntimeError> {
        let mut relied = Self::default();
        if positions.is_empty() {
            return Ok(relied);
        }
        let kinds = [EntityKind::Framework, EntityKind::Role].map(Numbered::number);
        let text = "select position, kind, entity from @.act
            where position = any($1) and kind = any($2)";
        for row in session.rows(text, &[&positions, &kinds.as_slice()]).await? {
            let mut columns = Columns::of(&row, "act");
            let position = columns.position()?;
            relied.entities.insert(position, (columns.word()?, columns.uuid()?));
        }
        let text = "select framework, position, decides, in_force from @.decision_right
            where framework = any($1) order by position";
        for row in session.rows(text, &[&relied.all(EntityKind::Framework)]).await? {
            let mut columns = Columns::of(&row, "decision_right");
            let (framework, position) = (columns.uuid()?, columns.position()?);
            let right: DecisionRight = columns.json()?;
            let state = if columns.next()? { RightState::InForce } else { RightState::Withdrawn };
            let versions = relied.tables.entry(framework).or_default();
            let mut table = versions.last().map(|(_, table)| table.clone()).unwrap_or_default();
            table.set(&right, state);
            versions.push((position, table));
        }
        let text = "select role, position, happened, valid_from, valid_until from @.role
            where role = any($1) order by position";
        for row in session.rows(text, &[&relied.all(EntityKind::Role)]).await? {
            let mut columns = Columns::of(&row, "role");
            let (role, position) = (columns.uuid()?, columns.position()?);
            let (happened, from, until) = (columns.word()?, columns.next()?, columns.next()?);
            let said = RoleSaid { position, happened, days: Days { from, until } };
            relied.roles.entry(role).or_default().push(said);
        }
        Ok(relied)
    }

    fn all(&self, kind: EntityKind) -> Vec<Uuid> {
        let of_kind = self.entities.values().filter(|(found, _)| *found == kind);
        of_kind.map(|(_, id)| *id).collect()
    }

    fn judge(&self, act: &Act, asked: &Asked) -> Option<Judged> {
        let mut judged = Judged { right: None, role: None, unseen: Vec::new() };
        for seen in act.relied_on.iter().filter(|seen| **seen < act.position) {
            let unseen = |position: &Position| seen < position && *position < act.position;
            match (self.entities.get(seen), asked.change) {
                (Some((EntityKind::Framework, id)), Some((subject, class))) => {
                    let versions = self.tables.get(id).map_or(&[][..], Vec::as_slice);
                    let change = Change { subject, class, authority: act.authority.as_ref() };
                    let (decided, then) = (at(versions, seen.next()), at(versions, act.position));
                    judged.right = Some(RightThen::of(change, &decided, &then));
                    let positions = versions.iter().map(|(position, _)| *position);
                    judged.unseen.extend(positions.filter(unseen));
                }
                (Some((EntityKind::Role, id)), _) => {
                    let said = self.roles.get(id).map_or(&[][..], Vec::as_slice);
                    judged.role = Some(RoleThen::of(counted(said, act.position, asked.day)));
                    let positions = said.iter().map(|said| said.position);
                    judged.unseen.extend(positions.filter(unseen));
                }
                _ => {}
            }
        }
        (judged.right.is_some() || judged.role.is_some()).then_some(judged)
    }
}

/// The table just before a position.
fn at(versions: &[(Position, Rights)], before: Position) -> Rights {
    let stood = versions.iter().rev().find(|(position, _)| *position < before);
    stood.map(|(_, table)| table.clone()).unwrap_or_default()
}

/// Whether a role counts on a day, as far as was said before a position.
fn counted(said: &[RoleSaid], before: Position, day: NaiveDate) -> bool {
    let mut spans: Vec<Days> = Vec::new();
    for said in said.iter().take_while(|said| said.position < before) {
        let on = said.days.from;
        match said.happened {
            Began::Began => spans.push(said.days),
            Began::Ended => {
                for span in spans.iter_mut().filter(|span| span.hold(on)) {
                    span.until = Some(on);
                }
            }
        }
    }
    spans.iter().any(|span| span.hold(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_role_counts_on_the_days_of_which_was_said_so_before_the_act() {
        let said = |position: u64, happened, from: &str, until: &str| RoleSaid {
            position: Position(position),
            happened,
            days: Days { from: day(from), until: until.parse().ok() },
        };
        let said = [
            said(3, Began::Began, "2024-04-01", ""),
            said(7, Began::Ended, "2024-10-01", ""),
            said(9, Began::Began, "2025-04-01", "2025-05-01"),
        ];
        let counted = |before, on| counted(&said, Position(before), day(on));
        assert!(!counted(3, "2024-05-01"), "nobody had said so");
        assert!(counted(7, "2024-12-01"), "nobody had ended it");
        assert!(!counted(8, "2024-12-01") && counted(8, "2024-09-30"));
        assert!(counted(10, "2025-04-30") && !counted(10, "2025-05-01"));
    }
}
