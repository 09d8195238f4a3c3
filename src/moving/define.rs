//! Definitions from files: how what a list says of a measure becomes, or undoes, its definition.
//!
//! **Invariant:** a part that nobody speaks of stands as it stood. A goldilocks polarity always has
//! its point: without one the measure counts as having no better way.

use piperoll_events::measure::Adopted;
use piperoll_events::text::{Label, Prose};
use piperoll_events::{Definition, Polarity, Quantity};

use super::reading::{DefinitionPart, Said, Statement};

/// The parts of one measure's definition that a file speaks of at one instant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parts(Vec<(DefinitionPart, Option<Prose>)>);

impl Parts {
    /// Takes in what a statement says of the definition, if it does; a later word replaces an
    /// earlier one.
    pub fn hear(&mut self, statement: &Statement) {
        match statement {
            Statement::Unit { unit } => {
                self.set(DefinitionPart::Unit, unit.as_str().parse().ok());
            }
            Statement::Definition { part, now, .. } => self.said(*part, now),
            _ => {}
        }
    }

    /// Takes in what stood before a change, so that applying the parts undoes it.
    pub fn undo(&mut self, statement: &Statement) {
        if let Statement::Definition { part, before, .. } = statement {
            self.said(*part, before);
        }
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.0.is_empty()
    }

    /// The title, if it is said and fits.
    #[must_use]
    pub fn title(&self) -> Option<Label> {
        self.find(DefinitionPart::Title).flatten().map(label)
    }

    /// The definition with the parts in place.
    #[must_use]
    pub fn applied_to(&self, definition: &Definition) -> Definition {
        let mut now = definition.clone();
        for (part, said) in &self.0 {
            let short = || said.as_ref().map(label);
            match part {
                DefinitionPart::Unit => now.unit = short(),
                DefinitionPart::Formula => now.formula.clone_from(said),
                DefinitionPart::Numerator => now.numerator = short(),
                DefinitionPart::Denominator => now.denominator = short(),
                DefinitionPart::Source => now.source = short(),
                DefinitionPart::Title | DefinitionPart::Polarity | DefinitionPart::Midpoint => {}
            }
        }
        now.polarity = self.polarity(&definition.polarity);
        now
    }

    /// The first event of a measure with the parts in place.
    #[must_use]
    pub fn adopted(&self, mut measure: Adopted) -> Adopted {
        measure.definition = self.applied_to(&measure.definition);
        if let Some(title) = self.title() {
            measure.title.en = title;
        }
        measure
    }

    fn polarity(&self, held: &Polarity) -> Polarity {
        let point = match self.find(DefinitionPart::Midpoint) {
            Some(said) => said.and_then(|text| text.as_str().parse::<Quantity>().ok()),
            None => match held {
                Polarity::Goldilocks { low, .. } => Some(*low),
                _ => None,
            },
        };
        let band = |point: Option<Quantity>| match point {
            Some(point) => Polarity::Goldilocks { low: point, high: point },
            None => Polarity::None {},
        };
        let word = self.find(DefinitionPart::Polarity);
        match (word.flatten().map(Prose::as_str), held) {
            (Some("higher_is_better"), _) => Polarity::HigherIsBetter {},
            (Some("lower_is_better"), _) => Polarity::LowerIsBetter {},
            (Some("goldilocks"), _) => band(point),
            (Some(_), _) => Polarity::None {},
            (None, _) if word.is_some() => Polarity::None {},
            (None, Polarity::Goldilocks { low, .. }) if point != Some(*low) => band(point),
            (None, _) => held.clone(),
        }
    }

    #[expect(clippy::option_option, reason = "unsaid, said to be none, and said")]
    fn find(&self, part: DefinitionPart) -> Option<Option<&Prose>> {
        self.0.iter().find(|(of, _)| *of == part).map(|(_, said)| said.as_ref())
    }

    fn said(&mut self, part: DefinitionPart, said: &Said<Prose>) {
        match said {
            Said::Silent => {}
            Said::Nothing => self.set(part, None),
            Said::Value(text) => self.set(part, Some(text.clone())),
        }
    }

    fn set(&mut self, part: DefinitionPart, said: Option<Prose>) {
        self.0.retain(|(of, _)| *of != part);
        self.0.push((part, said));
    }
}

/// The text on one line, cut where it is longer than a label may be.
fn label(text: &Prose) -> Label {
    let line: Vec<&str> = text.as_str().split_whitespace().collect();
    let line = line.join(" ");
    let cut: String = line.chars().take(Label::MOST.saturating_sub(1)).chain(['…']).collect();
    #[expect(clippy::unwrap_used, reason = "a prose text on one line and short is a label")]
    line.parse().or_else(|_| cut.parse()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(part: DefinitionPart, before: &str, now: &str) -> Statement {
        let said = |text: &str| match text {
            "" => Said::Nothing,
            text => Said::Value(text.parse().unwrap()),
        };
        Statement::Definition { part, now: said(now), before: said(before) }
    }

    fn goldilocks() -> [Statement; 2] {
        [
            said(DefinitionPart::Polarity, "lower_is_better", "goldilocks"),
            said(DefinitionPart::Midpoint, "", "1.0"),
        ]
    }

    #[test]
    fn a_measure_becomes_goldilocks_with_its_point_and_is_undone_to_what_it_was() {
        let point = "1.0".parse().unwrap();
        let band = Definition::bare(Polarity::Goldilocks { low: point, high: point });
        let lower = Definition::bare(Polarity::LowerIsBetter {});
        let (mut forth, mut back) = (Parts::default(), Parts::default());
        for statement in goldilocks() {
            forth.hear(&statement);
            back.undo(&statement);
        }
        assert_eq!(forth.applied_to(&lower), band);
        assert_eq!(back.applied_to(&band), lower);
    }

    #[test]
    fn a_moved_point_leaves_the_polarity_and_a_lost_one_leaves_no_better_way() {
        let at = |text: &str| {
            let point: Quantity = text.parse().unwrap();
            Definition::bare(Polarity::Goldilocks { low: point, high: point })
        };
        let mut parts = Parts::default();
        parts.hear(&said(DefinitionPart::Midpoint, "0.5", "0.0"));
        assert_eq!(parts.applied_to(&at("0.5")), at("0"));
        parts.hear(&said(DefinitionPart::Midpoint, "0.0", ""));
        assert_eq!(parts.applied_to(&at("0.5")).polarity, Polarity::None {});
    }

    #[test]
    fn silence_changes_nothing_and_a_long_source_is_cut_to_a_line() {
        let held = Definition::bare(Polarity::HigherIsBetter {});
        assert_eq!(Parts::default().applied_to(&held), held);
        let mut parts = Parts::default();
        parts.hear(&said(DefinitionPart::Source, "", &"two\nwords ".repeat(200)));
        let source = parts.applied_to(&held).source.unwrap();
        assert_eq!(source.as_str().chars().count(), Label::MOST);
        assert!(source.as_str().starts_with("two words two words"));
    }
}
