//! Decision rights: who may decide which change, as a framework's own table says.
//!
//! **Invariant:** a change that no row speaks of needs a reason and no more. Where rows speak of it,
//! an authority that none of them accepts is refused, and the rows are named.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::framework::decision_right_set::RightState;
use crate::measure::Measure;
use crate::reason::{Authority, AuthorityKind, Resolution};
use crate::registry::Fact;
use crate::submission::Submission;
use crate::text::Label;

/// One row of a framework's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRight {
    /// What the row is called; set again under the same code, it takes the row's place.
    pub code: Label,
    /// What it lets somebody change.
    pub subject: ChangeSubject,
    /// Changes of which class.
    pub class: ChangeClass,
    /// What kind of decision it takes.
    pub kind: AuthorityKind,
    /// The body or the post that decides.
    pub by: Label,
    /// Which resolutions count; empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5))]
    pub resolutions: Vec<Resolution>,
    /// Working days in which the decision may be called in, where it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 60))]
    pub call_in_days: Option<u8>,
    /// Who is asked first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub consult: Vec<Label>,
}

/// What can be changed and moves ratings or duties.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ChangeSubject {
    /// What a measure aims at.
    Target,
    /// Where it starts from.
    Baseline,
    /// What it means.
    Definition,
    /// What is done with its figures, and who looks at it.
    Treatment,
    /// That it is no longer measured.
    Retirement,
    /// When a figure has which level.
    RatingRule,
    /// This table.
    DecisionRight,
    /// Who signs what in which order.
    SignOffChain,
}

/// How deep a change goes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ChangeClass {
    /// Other words for the same.
    Editorial,
    /// Something is said that was left open.
    Clarifying,
    /// A rating may come out otherwise.
    Material,
}

impl DecisionRight {
    /// Whether the row speaks of such a change. An editorial change needs a reason and no more.
    #[must_use]
    pub fn speaks_of(&self, subject: ChangeSubject, class: ChangeClass) -> bool {
        self.subject == subject && self.class == class && class != ChangeClass::Editorial
    }

    /// Whether it accepts an authority.
    #[must_use]
    pub fn accepts(&self, authority: &Authority) -> bool {
        let resolved = |resolution: &Resolution| self.resolutions.contains(resolution);
        self.kind == authority.kind
            && authority.body.as_ref() == Some(&self.by)
            && (self.resolutions.is_empty() || authority.resolution.as_ref().is_some_and(resolved))
            && self.consult.iter().all(|asked| authority.consulted.contains(asked))
    }
}

/// A change, as a table of decision rights is asked about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    /// What is changed.
    pub subject: ChangeSubject,
    /// How deep it goes.
    pub class: ChangeClass,
    /// Who decided.
    pub authority: Option<&'a Authority>,
}

impl<'a> Change<'a> {
    /// A change after which a rating may come out otherwise.
    #[must_use]
    pub const fn material(subject: ChangeSubject, authority: Option<&'a Authority>) -> Self {
        Self { subject, class: ChangeClass::Material, authority }
    }

    /// What a fact about a measure or its figures changes that the table of its framework speaks of;
    /// none where the table isn't asked. A framework's own facts are guarded with their table.
    #[must_use]
    pub fn of(fact: &'a Fact) -> Option<Self> {
        use ChangeSubject::{Baseline, Definition, RatingRule, Retirement, Target, Treatment};
        let (subject, authority) = match fact {
            Fact::Measure(fact) => match fact {
                Measure::TargetSet(fact) => (Target, &fact.authority),
                Measure::TargetChanged(fact) => (Target, &fact.authority),
                Measure::TargetCorrected(fact) => (Target, &fact.authority),
                Measure::TargetWithdrawn(fact) => (Target, &fact.authority),
                Measure::BaselineSet(fact) => (Baseline, &fact.authority),
                Measure::Reclassified(fact) => (Treatment, &fact.authority),
                Measure::Retired(fact) => (Retirement, &fact.authority),
                Measure::Replaced(fact) => (Retirement, &fact.authority),
                Measure::DefinitionSet(fact) => {
                    let (class, authority) = (fact.change.as_ref()?.class, fact.authority.as_ref());
                    return Some(Self { subject: Definition, class, authority });
                }
                // Named one by one: whoever adds a fact says here whether the table is asked.
                Measure::Adopted(_)
                | Measure::BaselineProposed(_)
                | Measure::Placed(_)
                | Measure::Removed(_)
                | Measure::CodeAssigned(_)
                | Measure::Retitled(_)
                | Measure::Tagged(_)
                | Measure::AccountableAssigned(_)
                | Measure::StewardAssigned(_)
                | Measure::ContributorAssigned(_)
                | Measure::DutyEnded(_) => return None,
            },
            Fact::Submission(Submission::RatingOverridden(fact)) => (RatingRule, &fact.authority),
            _ => return None,
        };
        Some(Self::material(subject, authority.as_ref()))
    }
}

/// A framework's table: its rows by their codes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights(BTreeMap<Label, DecisionRight>);

impl Rights {
    /// The row of that code.
    #[must_use]
    pub fn find(&self, code: &Label) -> Option<&DecisionRight> {
        self.0.get(code)
    }

    /// Sets a row, or takes it out.
    pub fn set(&mut self, right: &DecisionRight, state: RightState) {
        if state.is_in_force() {
            self.0.insert(right.code.clone(), right.clone());
        } else {
            self.0.remove(&right.code);
        }
    }

    /// Whether it accepts a change.
    ///
    /// # Errors
    /// It doesn't; the rows that speak of it.
    pub fn accept(&self, change: Change<'_>) -> Result<(), Vec<&DecisionRight>> {
        let rows = self.rows(change);
        let accepted = |authority| rows.iter().any(|row| row.accepts(authority));
        if rows.is_empty() || change.authority.is_some_and(accepted) { Ok(()) } else { Err(rows) }
    }

    fn rows(&self, change: Change<'_>) -> Vec<&DecisionRight> {
        let rows = self.0.values();
        rows.filter(|row| row.speaks_of(change.subject, change.class)).collect()
    }
}

/// Whether who decided a change had the right to at the change's own position: the table is not
/// guarded, and may be another there than the one it was decided under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RightThen {
    /// The rows it was decided under still stood.
    AsDecided,
    /// Others stood, and accept it all the same.
    OtherRights,
    /// None of those that stood accepts it.
    WithoutTheRight,
}

impl RightThen {
    /// A change decided under one table and recorded under another.
    #[must_use]
    pub fn of(change: Change<'_>, decided: &Rights, then: &Rights) -> Self {
        if then.accept(change).is_err() {
            Self::WithoutTheRight
        } else if decided.rows(change) == then.rows(change) {
            Self::AsDecided
        } else {
            Self::OtherRights
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_recorded_under_another_table_is_judged_by_that_one() {
        let row = |code: &str, by: &str, subject| DecisionRight {
            code: code.parse().unwrap(),
            subject,
            class: ChangeClass::Material,
            kind: AuthorityKind::BodyDecision,
            by: by.parse().unwrap(),
            resolutions: Vec::new(),
            call_in_days: None,
            consult: Vec::new(),
        };
        let table = |rows: &[(&str, &str, ChangeSubject)]| {
            let mut table = Rights::default();
            for (code, by, subject) in rows {
                table.set(&row(code, by, *subject), RightState::InForce);
            }
            table
        };
        let (target, baseline) = (ChangeSubject::Target, ChangeSubject::Baseline);
        let cabinet = Authority {
            body: "Cabinet".parse().ok(),
            ..Authority::of(AuthorityKind::BodyDecision)
        };
        let judged = |decided: &Rights, then: &Rights| {
            RightThen::of(Change::material(target, Some(&cabinet)), decided, then)
        };
        let first = table(&[("a", "Cabinet", target)]);
        assert_eq!(judged(&first, &first), RightThen::AsDecided);
        let of_others = table(&[("a", "Cabinet", target), ("b", "Council", baseline)]);
        assert_eq!(judged(&first, &of_others), RightThen::AsDecided, "no row speaks of targets");
        let wider = table(&[("a", "Cabinet", target), ("b", "Council", target)]);
        assert_eq!(judged(&first, &wider), RightThen::OtherRights);
        assert_eq!(judged(&first, &Rights::default()), RightThen::OtherRights, "anybody may");
        let narrower = table(&[("a", "Council", target)]);
        assert_eq!(judged(&first, &narrower), RightThen::WithoutTheRight);
        let mut out = narrower.clone();
        out.set(&row("a", "Council", target), RightState::Withdrawn);
        assert_eq!(out, Rights::default());
        assert_eq!(out.find(&"a".parse().unwrap()), None);
    }

    #[test]
    fn a_row_accepts_its_own_body_its_resolutions_and_after_its_consultation_only() {
        let row = DecisionRight {
            code: "targets".parse().unwrap(),
            subject: ChangeSubject::Target,
            class: ChangeClass::Material,
            kind: AuthorityKind::BodyDecision,
            by: "Cabinet".parse().unwrap(),
            resolutions: vec![Resolution::Approved, Resolution::Agreed],
            call_in_days: Some(5),
            consult: vec!["Scrutiny Committee".parse().unwrap()],
        };
        let good = Authority {
            body: "Cabinet".parse().ok(),
            resolution: Some(Resolution::Agreed),
            consulted: vec!["Scrutiny Committee".parse().unwrap()],
            ..Authority::of(AuthorityKind::BodyDecision)
        };
        assert!(row.accepts(&good));
        for bad in [
            Authority { body: "Council".parse().ok(), ..good.clone() },
            Authority { body: None, ..good.clone() },
            Authority { resolution: Some(Resolution::Noted), ..good.clone() },
            Authority { resolution: None, ..good.clone() },
            Authority { consulted: Vec::new(), ..good.clone() },
            Authority { kind: AuthorityKind::DelegatedDecision, ..good.clone() },
        ] {
            assert!(!row.accepts(&bad), "{bad:?}");
        }
        assert!(row.speaks_of(ChangeSubject::Target, ChangeClass::Material));
        assert!(!row.speaks_of(ChangeSubject::Baseline, ChangeClass::Material));
        assert!(!row.speaks_of(ChangeSubject::Target, ChangeClass::Clarifying));
    }
}
