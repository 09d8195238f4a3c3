//! The words that the tables keep as small numbers.

use piperoll_events::decision_right::{ChangeClass, ChangeSubject};
use piperoll_events::measure::duty_ended::Duty;
use piperoll_events::post::created::PostKind;
use piperoll_events::post::held::Basis;
use schemars::JsonSchema;
use serde::Serialize;

use crate::runtime::numbered::numbered;

/// What happened to somebody's hold on a post, or to a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Began {
    /// It began.
    Began,
    /// It ended.
    Ended,
}

/// What a post said of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    /// It signed.
    SignedOff,
    /// It refused to.
    Refused,
    /// It took its signature back.
    Withdrawn,
}

numbered! {
    Began { Began = 1, Ended = 2 }
    Signing { SignedOff = 1, Refused = 2, Withdrawn = 3 }
    Duty { Accountable = 1, Steward = 2, Contributor = 3 }
    PostKind { Officer = 1, Member = 2, BodySeat = 3 }
    Basis { Substantive = 1, Acting = 2 }
    ChangeSubject {
        Target = 1, Baseline = 2, Definition = 3, Treatment = 4, Retirement = 5, RatingRule = 6,
        DecisionRight = 7, SignOffChain = 8,
    }
    ChangeClass { Editorial = 1, Clarifying = 2, Material = 3 }
}
