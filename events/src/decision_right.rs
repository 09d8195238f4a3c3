//! Decision rights: who may decide which change, as a framework's own table says.
//!
//! **Invariant:** a change that no row speaks of needs a reason and no more. Where rows speak of it,
//! an authority that none of them accepts is refused, and the rows are named.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::{Authority, AuthorityKind, Resolution};
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

#[cfg(test)]
mod tests {
    use super::*;

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
