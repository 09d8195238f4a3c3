//! Bring a framework into force.

use piperoll_events::EntityRef;
use piperoll_events::framework::Adopted;
use piperoll_events::ids::FrameworkId;

use super::{Framework, check_rule};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Adopt the framework.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adopt {
    /// Which.
    pub framework: FrameworkId,
    /// What is agreed.
    pub fact: Adopted,
}

impl Command for Adopt {
    const NAME: &'static str = "framework.adopt";
    type Entity = Framework;

    fn entity(&self) -> EntityRef {
        self.framework.into()
    }

    fn decide(&self, framework: &Framework, _: &Ground<'_>) -> Result<Decision, Rejection> {
        match &framework.adopted {
            Some(held) if *held == self.fact => return Ok(Decision::Unchanged),
            Some(_) => return Err(Rejection::Exists("the framework")),
            None => {}
        }
        if self.fact.until.is_some_and(|until| until < self.fact.from) {
            return Err(Rejection::Malformed("the framework ends before it begins"));
        }
        if let Some(rule) = &self.fact.rating_rule {
            check_rule(rule, self.fact.scale.as_ref())?;
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::adopted;
    use crate::commands::spec::given;

    fn adopt(change: impl FnOnce(&mut Adopted)) -> Adopt {
        let mut fact = adopted();
        change(&mut fact);
        Adopt { framework: FrameworkId::derived(&["x"]), fact }
    }

    #[test]
    fn a_framework_is_adopted_once() {
        given([]).when(&adopt(|_| ())).then_recorded(adopted());
        given([adopted().into()]).when(&adopt(|_| ())).then_unchanged();
        let other = adopt(|fact| fact.until = fact.from.succ_opt());
        given([adopted().into()]).when(&other).then_refused("exists");
    }

    #[test]
    fn a_framework_that_contradicts_itself_is_refused() {
        given([]).when(&adopt(|f| f.until = f.from.pred_opt())).then_refused("malformed");
        given([]).when(&adopt(|f| f.scale = None)).then_refused("malformed");
        let stray = adopt(|fact| {
            if let Some(rule) = &mut fact.rating_rule {
                rule.met = "gold".parse().unwrap();
            }
        });
        given([]).when(&stray).then_refused("malformed");
    }
}
