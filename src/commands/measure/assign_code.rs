//! Call a measure something else.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::CodeAssigned;

use super::Measure;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Assign the code.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignCode {
    /// To which measure.
    pub measure: MeasureId,
    /// The code and the reason.
    pub fact: CodeAssigned,
}

impl Command for AssignCode {
    const NAME: &'static str = "measure.assign_code";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn decide(&self, measure: &Measure, _: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.exists()?;
        if measure.codes.get(&self.fact.code.scheme) == Some(&self.fact.code.code) {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, reason};
    use crate::commands::spec::given;

    #[test]
    fn a_code_is_assigned_where_it_differs() {
        let mut fact = CodeAssigned { code: adopted().codes[0].clone(), reason: reason() };
        let measure = MeasureId::derived(&["x"]);
        let same = AssignCode { measure, fact: fact.clone() };
        given([adopted().into()]).when(&same).then_unchanged();
        fact.code.code = "FI6".parse().unwrap();
        let other = AssignCode { measure, fact: fact.clone() };
        given([]).when(&other).then_refused("missing");
        given([adopted().into()]).when(&other).then_recorded(fact);
    }
}
