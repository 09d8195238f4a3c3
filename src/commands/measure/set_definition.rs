//! Say what a measure means from here on.

use piperoll_events::comparability::change;
use piperoll_events::ids::MeasureId;
use piperoll_events::measure::DefinitionSet;
use piperoll_events::{EntityRef, Quantity};

use super::{Measure, check_definition};
use crate::commands::{Command, Decision, Ground, Rejection};

/// Set the definition, whole.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetDefinition {
    /// Of which measure.
    pub measure: MeasureId,
    /// The definition, with its reason and authority. What it does to figures is worked out here.
    pub fact: DefinitionSet,
    /// What a figure before is multiplied by, where it is the same thing in another unit or scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factor: Option<Quantity>,
}

impl Command for SetDefinition {
    const NAME: &'static str = "measure.set_definition";
    type Entity = Measure;

    fn entity(&self) -> EntityRef {
        self.measure.into()
    }

    fn relies_on(&self, measure: &Measure) -> Vec<EntityRef> {
        measure.framework()
    }

    fn decide(&self, measure: &Measure, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        measure.is_in_use()?;
        let new = &self.fact.definition;
        check_definition(new)?;
        if self.factor.is_some_and(|factor| factor <= Quantity::ZERO) {
            return Err(Rejection::Malformed("a link factor is greater than nought"));
        }
        let change = match &measure.definition {
            Some(held) if held == new => return Ok(Decision::Unchanged),
            Some(held) => Some(change(held, new, self.factor)),
            None => None,
        };
        if self.fact.change.is_some() && self.fact.change != change {
            return Err(Rejection::Malformed(
                "what a definition changes is worked out: leave `change` out, and state a factor as `factor`",
            ));
        }
        measure.decided(ground, DefinitionSet { change, ..self.fact.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::measure::examples::{adopted, reason};
    use crate::commands::spec::given;
    use piperoll_events::comparability::{Comparability, DefinitionChange};
    use piperoll_events::decision_right::ChangeClass;
    use piperoll_events::{Definition, Polarity};

    fn set(definition: Definition, factor: Option<&str>) -> SetDefinition {
        let fact = DefinitionSet { definition, reason: reason(), authority: None, change: None };
        let factor = factor.map(|factor| factor.parse().unwrap());
        SetDefinition { measure: MeasureId::derived(&["x"]), fact, factor }
    }

    fn with(comparability: Comparability, of: &SetDefinition) -> DefinitionSet {
        let change = Some(DefinitionChange { class: ChangeClass::Material, comparability });
        DefinitionSet { change, ..of.fact.clone() }
    }

    #[test]
    fn a_definition_is_set_where_it_differs() {
        let lower = set(Definition::bare(Polarity::LowerIsBetter {}), None);
        given([]).when(&lower).then_refused("missing");
        let recorded = with(Comparability::Same {}, &lower);
        given([adopted().into()]).when(&lower).then_recorded(recorded.clone());
        given([adopted().into(), recorded.into()]).when(&lower).then_unchanged();
        let low = "2".parse().unwrap();
        let band = Polarity::Goldilocks { low, high: "1".parse().unwrap() };
        let backwards = set(Definition::bare(band), None);
        given([adopted().into()]).when(&backwards).then_refused("malformed");
    }

    #[test]
    fn what_a_change_does_to_figures_is_worked_out_and_a_stated_factor_links_them() {
        let mut linked = set(Definition::bare(Polarity::HigherIsBetter {}), Some("0.01"));
        linked.fact.definition.scale = "1".parse().ok();
        let factor = "0.01".parse().unwrap();
        let said = with(Comparability::SameAfterFactor { factor }, &linked);
        given([adopted().into()]).when(&linked).then_recorded(said);
        linked.factor = None;
        let broken = with(Comparability::Broken {}, &linked);
        given([adopted().into()]).when(&linked).then_recorded(broken.clone());
        // Who says it too may, as long as it is so.
        linked.fact.change.clone_from(&broken.change);
        given([adopted().into()]).when(&linked).then_recorded(broken);
        linked.fact.change = with(Comparability::Same {}, &linked).change;
        given([adopted().into()]).when(&linked).then_refused("malformed");
        linked.fact.change = None;
        linked.factor = "0".parse().ok();
        given([adopted().into()]).when(&linked).then_refused("malformed");
    }
}
