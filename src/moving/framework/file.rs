//! A framework as a file states it, section by section, in the words that plans use as well.
//!
//! **Invariant:** what is absent is not governed by the file and stays as it is: a section, an element,
//! a key of an element. Nothing is retired, withdrawn or taken away by leaving it out; the file says
//! so (`retired = "2026-04-01"`, `state = "withdrawn"`). A list that is present is whole.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use piperoll_events::framework::decision_right_set::RightState;
use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
use piperoll_events::measure::baseline_set::Baseline;
use piperoll_events::measure::code_assigned::Code;
use piperoll_events::rating::{RatingRule, Scale};
use piperoll_events::reason::{Authority, Reason};
use piperoll_events::sign_off::SignOffChain;
use piperoll_events::step::added::StepLevel;
use piperoll_events::target::TargetCase;
use piperoll_events::taxonomy::Taxonomy;
use piperoll_events::text::{Label, Words};
use piperoll_events::{DecisionRight, Definition, Quantity, Target, TargetKey};
use serde::{Deserialize, Serialize};

use super::super::plan::{PlacePart, local};

/// A file of a framework.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FrameworkFile {
    /// Why the file is applied, and on whose authority.
    pub amendment: AmendmentPart,
    /// The framework itself.
    pub framework: FrameworkPart,
    /// Top outcomes.
    pub objectives: Vec<GroupPart>,
    /// Planned actions.
    pub steps: Vec<StepPart>,
    /// Groups of the scorecard.
    pub areas: Vec<GroupPart>,
    /// The body's own lists.
    pub taxonomies: Vec<Taxonomy>,
    /// Measures.
    pub measures: Vec<MeasurePart>,
    /// Who may decide what.
    pub decision_rights: Vec<RightPart>,
    /// The stages that figures pass.
    pub sign_off_chain: Option<SignOffChain>,
}

/// `[amendment]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmendmentPart {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}

/// `[framework]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameworkPart {
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Words>,
    /// The first day it applies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// The last day, where one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The body's words for how it is doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// When a figure has which level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating_rule: Option<RatingRule>,
}

/// `[[objective]]` or `[[area]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupPart {
    /// The body's own code.
    pub code: Label,
    /// The code that it goes by until the file is applied, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Label>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Words>,
    /// The first day on which it is no longer part of the framework.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<NaiveDate>,
}

/// `[[step]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepPart {
    /// The body's own code.
    pub code: Label,
    /// The code that it goes by until the file is applied, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Label>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Words>,
    /// The code of the objective that it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Label>,
    /// Where it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<StepLevel>,
    /// The organisation or post that leads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Label>,
    /// The first day on which it is no longer part of the framework.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<NaiveDate>,
}

/// `[[measure]]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasurePart {
    /// What people call it.
    pub code: Label,
    /// Whose code it is.
    #[serde(default = "local", skip_serializing_if = "is_local")]
    pub scheme: Label,
    /// The code that it goes by until the file is applied, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Label>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Words>,
    /// What is done with its figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment: Option<Treatment>,
    /// Who looks at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<MeasureLevel>,
    /// Whether it is about a population or about a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measures: Option<Subject>,
    /// The definition, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Definition>,
    /// What a figure before is multiplied by, where the definition is the same thing in another unit
    /// or scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<Quantity>,
    /// Where it starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// What it aims at. Each is governed by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetPart>,
    /// Where it is shown: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<Vec<PlacePart>>,
    /// What it has to do with the body's lists: all of each list that is named.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<Label, Vec<Label>>,
    /// Codes of other schemes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Code>,
    /// The first day on which it is no longer measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<NaiveDate>,
}

/// A target of a measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetPart {
    /// Which.
    pub key: TargetKey,
    /// What is aimed at; absent where it is withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Whether anything is aimed at any more.
    #[serde(default, skip_serializing_if = "RightState::is_in_force")]
    pub state: RightState,
    /// The case made for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<TargetCase>,
}

/// `[[decision_right]]`: a row of the table, and whether it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightPart {
    /// The row.
    pub right: DecisionRight,
    /// Whether it counts.
    pub state: RightState,
}

fn is_local(scheme: &Label) -> bool {
    *scheme == local()
}

impl MeasurePart {
    /// A measure of which nothing is said but its code.
    #[must_use]
    pub fn of(scheme: Label, code: Label) -> Self {
        Self {
            code,
            scheme,
            was: None,
            title: None,
            treatment: None,
            level: None,
            measures: None,
            definition: None,
            factor: None,
            baseline: None,
            targets: Vec::new(),
            places: None,
            tags: BTreeMap::new(),
            codes: Vec::new(),
            retired: None,
        }
    }
}
