//! Say which stages figures pass from here on.

use std::collections::BTreeSet;

use piperoll_events::EntityRef;
use piperoll_events::decision_right::ChangeSubject;
use piperoll_events::framework::SignOffChainSet;
use piperoll_events::ids::FrameworkId;
use piperoll_events::sign_off::{SignOffChain, SigningMode};

use super::Framework;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Set the chain of sign-off, whole.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetSignOffChain {
    /// Of which framework.
    pub framework: FrameworkId,
    /// The chain, with its reason and authority.
    pub fact: SignOffChainSet,
}

impl Command for SetSignOffChain {
    const NAME: &'static str = "framework.set_sign_off_chain";
    type Entity = Framework;

    fn entity(&self) -> EntityRef {
        self.framework.into()
    }

    fn decide(&self, framework: &Framework, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        if framework.adopted.is_none() {
            return Err(Rejection::Missing("the framework"));
        }
        check(&self.fact.chain)?;
        if framework.chain.as_ref() == Some(&self.fact.chain) {
            return Ok(Decision::Unchanged);
        }
        let authority = self.fact.authority.as_ref();
        framework.lets(ground, ChangeSubject::SignOffChain, authority)?;
        Ok(Decision::record(self.fact.clone()))
    }
}

/// Every stage has a code of its own, covers something, and can be signed.
fn check(chain: &SignOffChain) -> Result<(), Rejection> {
    if chain.stages.is_empty() {
        return Err(Rejection::Malformed("a chain has a stage"));
    }
    let codes: BTreeSet<&str> = chain.stages.iter().map(|stage| stage.code.as_str()).collect();
    if codes.len() != chain.stages.len() {
        return Err(Rejection::Malformed("two stages have one code"));
    }
    for stage in &chain.stages {
        if stage.covers.is_empty() {
            return Err(Rejection::Malformed("a stage covers something"));
        }
        let most = match stage.mode {
            SigningMode::AtLeast { signatures } => usize::from(signatures.max(1)),
            SigningMode::One {} | SigningMode::All {} => 1,
        };
        if stage.signers.len() < most {
            return Err(Rejection::Malformed("a stage takes more signatures than it has signers"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted, approval, chain, right_set};
    use crate::commands::spec::given;
    use piperoll_events::reason::{Reason, ReasonCode};

    fn set(chain: SignOffChain) -> SetSignOffChain {
        let reason = Reason { code: ReasonCode::AmbitionRaised, text: None };
        let fact = SignOffChainSet { chain, reason, authority: None };
        SetSignOffChain { framework: FrameworkId::derived(&["x"]), fact }
    }

    #[test]
    fn a_chain_is_set_where_it_differs_and_by_whom_the_table_lets() {
        let mut first = set(chain());
        given([]).when(&first).then_refused("missing");
        given([adopted().into()]).when(&first).then_recorded(first.fact.clone());
        given([adopted().into(), first.fact.clone().into()]).when(&first).then_unchanged();
        let table = right_set(ChangeSubject::SignOffChain);
        let history = [adopted().into(), table.into()];
        given(history.clone()).when(&first).then_refused("authority_needed");
        first.fact.authority = Some(approval());
        given(history).when(&first).then_recorded(first.fact.clone());
    }

    #[test]
    fn a_chain_that_nobody_could_finish_is_refused() {
        let refused = |chain| given([adopted().into()]).when(&set(chain)).then_refused("malformed");
        refused(SignOffChain { stages: Vec::new() });
        let mut twice = chain();
        twice.stages.push(twice.stages[0].clone());
        refused(twice);
        let mut nobody = chain();
        nobody.stages[0].signers.clear();
        refused(nobody);
        let mut many = chain();
        many.stages[0].mode = SigningMode::AtLeast { signatures: 9 };
        refused(many);
        let mut nothing = chain();
        nothing.stages[0].covers.clear();
        refused(nothing);
    }
}
