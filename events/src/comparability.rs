//! What a changed definition does to figures: how deep the change goes, and whether figures before
//! and after can be compared.
//!
//! **Invariant:** both follow from the two definitions and a factor somebody states; nobody types
//! them. Saying what was left open is clarifying, saying otherwise is material.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision_right::ChangeClass;
use crate::definition::Definition;
use crate::quantity::Quantity;

/// What a changed definition does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinitionChange {
    /// How deep it goes.
    pub class: ChangeClass,
    /// Whether figures before and after can be compared.
    pub comparability: Comparability,
}

/// Whether figures under two definitions can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Comparability {
    /// As they are.
    Same {},
    /// Once a figure before is multiplied by this.
    SameAfterFactor {
        /// What a figure under the old definition is multiplied by.
        factor: Quantity,
    },
    /// They can't.
    Broken {},
}

/// What it means for figures that `new` takes the place of `old`. `factor`: what a figure before is
/// multiplied by, where somebody states that it is the same thing in another unit or scale.
#[must_use]
pub fn change(old: &Definition, new: &Definition, factor: Option<Quantity>) -> DefinitionChange {
    DefinitionChange {
        class: class(old, new),
        comparability: match factor {
            Some(factor) => Comparability::SameAfterFactor { factor },
            None if breaks(old, new) => Comparability::Broken {},
            None => Comparability::Same {},
        },
    }
}

fn class(old: &Definition, new: &Definition) -> ChangeClass {
    let texts = [
        said(old.unit.as_ref(), new.unit.as_ref()),
        said(old.formula.as_ref(), new.formula.as_ref()),
        said(old.numerator.as_ref(), new.numerator.as_ref()),
        said(old.denominator.as_ref(), new.denominator.as_ref()),
        said(old.source.as_ref(), new.source.as_ref()),
        said(old.price_base.as_ref(), new.price_base.as_ref()),
        said(old.aggregation.as_ref(), new.aggregation.as_ref()),
    ];
    let moves = old.polarity != new.polarity
        || old.decimals != new.decimals
        || old.scale != new.scale
        || old.period_types != new.period_types;
    if moves || texts.contains(&Said::Otherwise) {
        ChangeClass::Material
    } else if texts.contains(&Said::First) || old.effective_from != new.effective_from {
        ChangeClass::Clarifying
    } else {
        ChangeClass::Editorial
    }
}

/// Figures of another unit, scale, count or prices are figures of something else. Another polarity
/// or rounding leaves them what they are.
fn breaks(old: &Definition, new: &Definition) -> bool {
    old.scale != new.scale
        || [
            said(old.unit.as_ref(), new.unit.as_ref()),
            said(old.formula.as_ref(), new.formula.as_ref()),
            said(old.numerator.as_ref(), new.numerator.as_ref()),
            said(old.denominator.as_ref(), new.denominator.as_ref()),
            said(old.price_base.as_ref(), new.price_base.as_ref()),
            said(old.aggregation.as_ref(), new.aggregation.as_ref()),
        ]
        .contains(&Said::Otherwise)
}

#[derive(PartialEq, Eq)]
enum Said {
    Same,
    /// It was left open before.
    First,
    Otherwise,
}

fn said<T: PartialEq>(old: Option<&T>, new: Option<&T>) -> Said {
    match (old, new) {
        (old, new) if old == new => Said::Same,
        (None, Some(_)) => Said::First,
        _ => Said::Otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Polarity;

    fn definition(unit: Option<&str>, decimals: Option<u8>) -> Definition {
        Definition {
            unit: unit.map(|unit| unit.parse().unwrap()),
            decimals,
            ..Definition::bare(Polarity::HigherIsBetter {})
        }
    }

    #[test]
    fn the_class_follows_from_what_is_touched() {
        let old = definition(Some("%"), Some(1));
        let of = |new: &Definition| change(&old, new, None).class;
        assert_eq!(of(&old), ChangeClass::Editorial);
        let source = Definition { source: "Housing system".parse().ok(), ..old.clone() };
        assert_eq!(of(&source), ChangeClass::Clarifying, "it was left open");
        let other = Definition { source: "Survey".parse().ok(), ..old.clone() };
        assert_eq!(change(&source, &other, None).class, ChangeClass::Material);
        assert_eq!(of(&definition(Some("%"), Some(0))), ChangeClass::Material, "rounding");
        let lower = Definition { polarity: Polarity::LowerIsBetter {}, ..old.clone() };
        assert_eq!(of(&lower), ChangeClass::Material);
    }

    #[test]
    fn another_unit_breaks_unless_a_factor_is_stated_and_another_polarity_does_not() {
        let old = definition(Some("%"), None);
        let new = definition(Some("rate"), None);
        assert_eq!(change(&old, &new, None).comparability, Comparability::Broken {});
        let factor: Quantity = "0.01".parse().unwrap();
        let linked = change(&old, &new, Some(factor)).comparability;
        assert_eq!(linked, Comparability::SameAfterFactor { factor });
        let lower = Definition { polarity: Polarity::LowerIsBetter {}, ..old.clone() };
        assert_eq!(change(&old, &lower, None).comparability, Comparability::Same {});
        assert_eq!(
            change(&definition(None, None), &old, None).comparability,
            Comparability::Same {}
        );
    }
}
