//! Say what a measure means from here on.

use piperoll_events::EntityRef;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::DefinitionSet;

use super::{Measure, check_definition};
use crate::commands::{Command, Decision, Rejection};

/// Set the definition, whole.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SetDefinition {
    /// Of which measure.
    pub measure: MeasureId,
    /// The definition, with its reason and authority.
    pub fact: DefinitionSet,
}

impl Command for SetDefinition {
    const NAME: &'static str = "measure.set_definition";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn decide(&self, measure: &Measure) -> Result<Decision, Rejection> {
        measure.exists()?;
        check_definition(&self.fact.definition)?;
        if measure.definition.as_ref() == Some(&self.fact.definition) {
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
    use piperoll_events::{Definition, Polarity};

    #[test]
    fn a_definition_is_set_where_it_differs() {
        let mut set = SetDefinition {
            measure: MeasureId::derived(&["x"]),
            fact: DefinitionSet {
                definition: Definition::bare(Polarity::LowerIsBetter {}),
                reason: reason(),
                authority: None,
            },
        };
        given([]).when(&set).then_refused("missing");
        given([adopted().into()]).when(&set).then_recorded(set.fact.clone());
        given([adopted().into(), set.fact.clone().into()]).when(&set).then_unchanged();
        set.fact.definition.polarity =
            Polarity::Goldilocks { low: "2".parse().unwrap(), high: "1".parse().unwrap() };
        given([adopted().into()]).when(&set).then_refused("malformed");
    }
}
