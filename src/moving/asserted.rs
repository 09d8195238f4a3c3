//! What a mapping asserts of measures because no file states it.
//!
//! **Invariant:** whatever of this enters a definition is listed there as asserted by the mapping,
//! so that an answer can say so.

use std::collections::BTreeMap;

use piperoll_events::Polarity;
use piperoll_events::definition::AssertedPart;
use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
use piperoll_events::text::Label;
use serde::Deserialize;

use super::reading::MeasureKey;

/// What a mapping states of a measure because no file does.
#[derive(Debug, Clone, PartialEq)]
pub struct Asserted {
    /// Which way is better.
    pub polarity: Option<Polarity>,
    /// What it is called.
    pub title: Option<Label>,
    /// The unit.
    pub unit: Option<Label>,
    /// What is done with its figures.
    pub treatment: Option<Treatment>,
    /// Who looks at it.
    pub level: Option<MeasureLevel>,
    /// Whether it is about a population or about a service.
    pub measures: Option<Subject>,
    /// The parts of the definition that rest on the mapping alone.
    pub parts: Vec<AssertedPart>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssertedSays {
    #[serde(default)]
    pub(super) polarity: By<PolarityWord>,
    #[serde(default)]
    pub(super) unit: By<Label>,
    #[serde(default)]
    pub(super) treatment: By<Treatment>,
    pub(super) level: Option<MeasureLevel>,
    pub(super) measures: Option<Subject>,
    #[serde(default)]
    pub(super) titles: BTreeMap<String, Label>,
}

/// One answer for most measures, others by code.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct By<T> {
    default: Option<T>,
    #[serde(default = "BTreeMap::new")]
    by_code: BTreeMap<String, T>,
}

impl<T> Default for By<T> {
    fn default() -> Self {
        Self { default: None, by_code: BTreeMap::new() }
    }
}

impl<T> By<T> {
    pub(super) fn find(&self, measure: &MeasureKey) -> Option<&T> {
        self.by_code.get(measure.as_str()).or(self.default.as_ref())
    }
}

/// A polarity as mappings write it: a word, or a band.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum PolarityWord {
    Word(PlainPolarity),
    Band(Polarity),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PlainPolarity {
    HigherIsBetter,
    LowerIsBetter,
    None,
}

impl PolarityWord {
    pub(super) fn polarity(&self) -> Polarity {
        match self {
            Self::Word(PlainPolarity::HigherIsBetter) => Polarity::HigherIsBetter {},
            Self::Word(PlainPolarity::LowerIsBetter) => Polarity::LowerIsBetter {},
            Self::Word(PlainPolarity::None) => Polarity::None {},
            Self::Band(polarity) => polarity.clone(),
        }
    }
}
