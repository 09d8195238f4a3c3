//! The duties towards a measure that stand: which posts answer for it, and who contributes.

use std::collections::HashMap;

use chrono::NaiveDate;
use piperoll_events::ids::PostId;
use piperoll_events::measure::duty_ended::Duty;
use piperoll_events::measure::{
    AccountableAssigned, ContributorAssigned, DutyEnded, StewardAssigned,
};
use piperoll_events::text::Label;

/// Who has which duty. Several may have the same one; each has it once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Bearer {
    duty: Duty,
    post: Option<PostId>,
    organisation: Option<Label>,
}

impl Bearer {
    /// The post, where it is one's.
    pub(super) const fn post(&self) -> Option<PostId> {
        self.post
    }
}

impl From<&AccountableAssigned> for Bearer {
    fn from(fact: &AccountableAssigned) -> Self {
        Self { duty: Duty::Accountable, post: Some(fact.post), organisation: None }
    }
}

impl From<&StewardAssigned> for Bearer {
    fn from(fact: &StewardAssigned) -> Self {
        Self { duty: Duty::Steward, post: Some(fact.post), organisation: None }
    }
}

impl From<&ContributorAssigned> for Bearer {
    fn from(fact: &ContributorAssigned) -> Self {
        let organisation = Some(fact.organisation.clone());
        Self { duty: Duty::Contributor, post: fact.post, organisation }
    }
}

impl From<&DutyEnded> for Bearer {
    fn from(fact: &DutyEnded) -> Self {
        let organisation = fact.organisation.clone();
        Self { duty: fact.duty, post: fact.post, organisation }
    }
}

/// The duties that stand, with the first day of each.
#[derive(Debug, Clone, Default)]
pub(super) struct Duties(HashMap<Bearer, NaiveDate>);

impl Duties {
    /// Since when they have the duty, where they do.
    pub(super) fn since(&self, bearer: &Bearer) -> Option<NaiveDate> {
        self.0.get(bearer).copied()
    }

    /// Whether a post has a duty.
    pub(super) fn has(&self, duty: Duty, post: PostId) -> bool {
        self.0.keys().any(|bearer| bearer.duty == duty && bearer.post == Some(post))
    }

    pub(super) fn assign(&mut self, bearer: impl Into<Bearer>, from: NaiveDate) {
        self.0.insert(bearer.into(), from);
    }

    pub(super) fn end(&mut self, bearer: impl Into<Bearer>) {
        self.0.remove(&bearer.into());
    }
}
