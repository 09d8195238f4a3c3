//! The ledger against a real NATS: what is recorded, what is refused, and what is noticed.

mod batches;
mod clustered;
mod expecting;
mod following;
mod guarding;
mod judging;
mod lanes;
mod relying;
mod signing;
mod sole;
mod writing;

use piperoll::commands::objective::Add;
use piperoll::commands::{Decision, Ground, Rejection, Request, State};
use piperoll_events::ids::{FrameworkId, MeasureId, ObjectiveId};
use piperoll_events::measure::{CodeAssigned, code_assigned::Code};
use piperoll_events::objective::Added;
use piperoll_events::reason::{Reason, ReasonCode};
use piperoll_events::text::Words;
use piperoll_events::{EntityRef, Fact};

/// A request that always records: a code for a measure.
#[derive(Clone)]
pub(crate) struct Assign {
    pub(crate) measure: MeasureId,
    pub(crate) code: String,
}

impl Request for Assign {
    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, _: &State) -> Vec<EntityRef> {
        Vec::new()
    }

    fn decide(&self, _: &State, _: &Ground<'_>) -> Result<Decision, Rejection> {
        Ok(Decision::record(self.fact()))
    }

    fn canonical(&self) -> Vec<u8> {
        format!("test.assign {} {}", self.measure, self.code).into_bytes()
    }
}

impl Assign {
    pub(crate) fn new(measure: &str, code: &str) -> Self {
        Self { measure: MeasureId::derived(&[measure]), code: code.to_owned() }
    }

    fn fact(&self) -> Fact {
        let (scheme, code) = ("local".parse().unwrap(), self.code.parse().unwrap());
        CodeAssigned { code: Code { scheme, code, from: None }, reason: reason() }.into()
    }
}

/// A request that is refused when another objective stands there.
pub(crate) fn objective(id: &str, code: &str) -> Add {
    let title = Words { en: "Fair work".parse().unwrap(), cy: None };
    let framework = FrameworkId::derived(&["f"]);
    let fact = Added { framework, code: code.parse().unwrap(), title, reason: reason() };
    Add { objective: ObjectiveId::derived(&[id]), fact }
}

fn reason() -> Reason {
    Reason { code: ReasonCode::AmbitionRaised, text: None }
}
