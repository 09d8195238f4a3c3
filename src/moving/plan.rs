//! Plans: which files a body moves in with, how each is read, and what the body states itself.
//!
//! **Invariant:** a plan's digest covers the plan, every mapping and every file, in order. A ledger
//! remembers it, so what was half moved in is never finished with something else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use piperoll_events::framework::Adopted;
use piperoll_events::ids::LedgerName;
use piperoll_events::ledger::created::{BodyKind, Reality};
use piperoll_events::measure::adopted::{FirstTarget, MeasureLevel, Subject, Treatment};
use piperoll_events::measure::baseline_set::Baseline;
use piperoll_events::rating::{RatingRule, Scale};
use piperoll_events::reason::{Authority, Reason, ReasonCode};
use piperoll_events::step::added::StepLevel;
use piperoll_events::text::{Label, Words};
use piperoll_events::{Definition, Polarity};
use serde::Deserialize;

use super::compare::Codes;
pub use super::load::{Loaded, LoadedFile, load, sha256};
use crate::instants;

/// Why a plan can't be followed; whoever wrote it acts next.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A file that the plan needs can't be read.
    #[error("`{path}` can't be read; correct the path, which is taken from `{base}`")]
    Unreadable {
        /// The path in full.
        path: PathBuf,
        /// The folder that relative paths start from.
        base: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The plan is not TOML, or has a key that plans don't have, or lacks one.
    #[error("`{path}` is not a plan: {what}")]
    Form {
        /// The plan.
        path: PathBuf,
        /// The place, the key, and what would be right.
        what: String,
    },
    /// A key holds what it can't hold.
    #[error("`{key}` is `{found}`; {right}")]
    Key {
        /// The key, with the table it stands in.
        key: String,
        /// What stands there.
        found: String,
        /// What would be right.
        right: &'static str,
    },
    /// A pattern that no file fits.
    #[error("`{pattern}` fits no file in `{folder}`")]
    NoFile {
        /// The file name's pattern.
        pattern: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
}

/// A plan as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The body and its record.
    pub ledger: LedgerPart,
    /// The framework that all measures of the plan belong to.
    pub framework: FrameworkPart,
    /// The objectives, in order.
    #[serde(default, rename = "objective")]
    pub objectives: Vec<GroupPart>,
    /// The steps, in order.
    #[serde(default, rename = "step")]
    pub steps: Vec<StepPart>,
    /// The areas of the scorecard, in order.
    #[serde(default, rename = "area")]
    pub areas: Vec<GroupPart>,
    /// The measures of which the plan says more than the files do.
    #[serde(default, rename = "measure")]
    pub measures: Vec<MeasurePart>,
    /// The files, in the order that settles ties; none: a body that begins with nothing.
    #[serde(default, rename = "file")]
    pub files: Vec<FilePart>,
}

/// `[ledger]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerPart {
    /// The word that subjects and addresses use.
    pub name: LedgerName,
    /// The body's name.
    pub title: Words,
    /// What kind of body.
    pub body_kind: BodyKind,
    /// Whether the body exists.
    pub reality: Reality,
}

/// `[framework]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameworkPart {
    /// What it is called.
    pub title: Words,
    /// The first day it applies to.
    pub from: NaiveDate,
    /// The last day, where one is set.
    pub until: Option<NaiveDate>,
    /// When the structure was known: an instant, or a day (its end, in London). Absent: the
    /// earliest instant of the files.
    pub known_at: Option<Instant>,
    /// The body's words for how it is doing.
    pub scale: Option<Scale>,
    /// When a figure has which level.
    pub rating_rule: Option<RatingRule>,
    /// Who decided.
    pub authority: Option<Authority>,
}

/// `[[objective]]` or `[[area]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupPart {
    /// The body's own code.
    pub code: Label,
    /// What it is called.
    pub title: Words,
}

/// `[[step]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepPart {
    /// The body's own code.
    pub code: Label,
    /// What it is called.
    pub title: Words,
    /// The code of the objective that it serves.
    pub objective: Option<Label>,
    /// Where it is done.
    pub level: StepLevel,
    /// The organisation or post that leads it.
    pub lead: Option<Label>,
}

/// `[[measure]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasurePart {
    /// The code, in the spelling that the mapping makes of it.
    pub key: Label,
    /// What people call it; absent: the code that the file writes, or the key.
    pub code: Option<Label>,
    /// Whose code it is.
    #[serde(default = "local")]
    pub scheme: Label,
    /// What it is called; absent: as the file or the mapping says, or the code.
    pub title: Option<Words>,
    /// What is done with its figures; absent: as the mapping says.
    pub treatment: Option<Treatment>,
    /// Who looks at it.
    pub level: Option<MeasureLevel>,
    /// Whether it is about a population or about a service.
    pub measures: Option<Subject>,
    /// Which way is better, where the mapping's word for all measures does not hold for this one.
    pub polarity: Option<Polarity>,
    /// The definition, whole; absent: as the mapping asserts it.
    pub definition: Option<Definition>,
    /// Where it starts from.
    pub baseline: Option<Baseline>,
    /// What it aims at from the beginning.
    #[serde(default)]
    pub targets: Vec<FirstTarget>,
    /// Where it is shown.
    #[serde(default)]
    pub places: Vec<PlacePart>,
    /// When it was adopted; absent: with the structure.
    pub known_at: Option<Instant>,
}

/// A place in the framework, by code: `{ area = "HR" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlacePart {
    /// Under an objective.
    Objective(Label),
    /// Under a step.
    Step(Label),
    /// In an area.
    Area(Label),
}

/// `[[file]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilePart {
    /// The file, from the base folder; its name may hold `*`, and then stands for all that fit, by
    /// name.
    pub path: PathBuf,
    /// The mapping, from the plan's folder.
    pub mapping: PathBuf,
    /// What the mapping leaves open for each file: `this_quarter = "FY2014-Q1"`.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// When the file was known, where neither its rows nor its name say so.
    pub known_at: Option<Instant>,
    /// Whether the file's codes are what people call the measures at that instant.
    #[serde(default)]
    pub codes: Codes,
    /// What the file's definitions are.
    #[serde(default)]
    pub definitions: Definitions,
    /// The reason that the file's changes bear; absent: none is on record.
    pub reason: Option<Reason>,
}

/// What the definitions that a file states are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Definitions {
    /// Those of the instant at which the file was known.
    #[default]
    Then,
    /// Later ones. Undone with the changes that other files of the plan list, they are the
    /// definitions as they stood at first; the file itself is no news.
    Latest,
}

/// The scheme of codes that nobody else gives.
pub(super) fn local() -> Label {
    #[expect(clippy::unwrap_used, reason = "the word is a label; a test says so")]
    "local".parse().unwrap()
}

/// An instant as plans write it: RFC 3339, or a day, which means its end in London.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub DateTime<Utc>);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        instants::read(&text).map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is no instant: write \"2014-09-02T16:48:12+01:00\" or \"2014-08-10\""
            ))
        })
    }
}

/// Reads a plan and checks what its parts say of each other.
///
/// # Errors
/// Not a plan, or one that contradicts itself.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Plan, PlanError> {
    let form = |what: String| PlanError::Form { path: path.to_owned(), what };
    let text = std::str::from_utf8(bytes).map_err(|_| form("it is not UTF-8".to_owned()))?;
    let plan: Plan = toml::from_str(text).map_err(|error| form(error.to_string()))?;
    check(&plan)?;
    Ok(plan)
}

fn check(plan: &Plan) -> Result<(), PlanError> {
    let groups = |parts: &[GroupPart]| parts.iter().map(|p| p.code.clone()).collect::<Vec<_>>();
    let (objectives, areas) = (groups(&plan.objectives), groups(&plan.areas));
    let steps: Vec<Label> = plan.steps.iter().map(|part| part.code.clone()).collect();
    for (table, codes) in [("objective", &objectives), ("step", &steps), ("area", &areas)] {
        once(&format!("{table}.code"), codes)?;
    }
    let keys: Vec<Label> = plan.measures.iter().map(|measure| measure.key.clone()).collect();
    once("measure.key", &keys)?;
    let known = |at: String, code: &Label, among: &[Label], right| {
        if among.contains(code) { Ok(()) } else { Err(key(&at, code.as_str(), right)) }
    };
    for step in &plan.steps {
        if let Some(code) = &step.objective {
            let at = format!("step `{}`: objective", step.code);
            known(at, code, &objectives, "name the code of an [[objective]] of this plan")?;
        }
    }
    for (measure, place) in plan.measures.iter().flat_map(|m| m.places.iter().map(move |p| (m, p)))
    {
        let at = format!("measure `{}`: places", measure.key);
        let right = "name the code of an [[objective]], [[step]] or [[area]] of this plan";
        match place {
            PlacePart::Objective(code) => known(at, code, &objectives, right)?,
            PlacePart::Step(code) => known(at, code, &steps, right)?,
            PlacePart::Area(code) => known(at, code, &areas, right)?,
        }
    }
    check_rating(plan)?;
    match plan.framework.until {
        Some(until) if until < plan.framework.from => {
            Err(key("framework.until", &until.to_string(), "a day not before `from` is needed"))
        }
        _ => Ok(()),
    }
}

fn check_rating(plan: &Plan) -> Result<(), PlanError> {
    let Some(rule) = &plan.framework.rating_rule else { return Ok(()) };
    let levels = plan.framework.scale.iter().flat_map(|scale| &scale.levels);
    let codes: Vec<&Label> = levels.map(|level| &level.code).collect();
    for code in [Some(&rule.met), rule.near.as_ref(), Some(&rule.missed)].into_iter().flatten() {
        if !codes.contains(&code) {
            let right = "name the code of a level of framework.scale";
            return Err(key("framework.rating_rule", code.as_str(), right));
        }
    }
    Ok(())
}

fn once(at: &str, codes: &[Label]) -> Result<(), PlanError> {
    for (n, code) in codes.iter().enumerate() {
        if codes.iter().take(n).any(|other| other == code) {
            return Err(key(at, code.as_str(), "it stands twice; once is right"));
        }
    }
    Ok(())
}

pub(super) fn key(key: &str, found: &str, right: &'static str) -> PlanError {
    PlanError::Key { key: key.to_owned(), found: found.to_owned(), right }
}

/// History from files bears no reason, unless somebody gives one.
#[must_use]
pub const fn none_recorded() -> Reason {
    Reason { code: ReasonCode::NoneRecorded, text: None }
}

impl FrameworkPart {
    /// The framework's first event.
    #[must_use]
    pub fn adopted(&self) -> Adopted {
        Adopted {
            title: self.title.clone(),
            from: self.from,
            until: self.until,
            scale: self.scale.clone(),
            rating_rule: self.rating_rule.clone(),
            reason: none_recorded(),
            authority: self.authority.clone(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::moving) const PLAN: &str = r#"
        [ledger]
        name = "northmoor"
        title = { en = "Northmoor" }
        body_kind = "council"
        reality = "illustrative"
        [framework]
        title = { en = "Plan" }
        from = "2020-04-01"
        known_at = "2020-06-30"
        [[objective]]
        code = "1"
        title = { en = "Homes" }
        [[measure]]
        key = "A"
        places = [{ objective = "1" }]
        [[file]]
        path = "*.csv"
        mapping = "m.toml"
    "#;

    fn refused(from: &str, to: &str) -> String {
        let plan = PLAN.replace(from, to);
        assert_ne!(plan, PLAN, "`{from}` is not in the plan");
        parse(Path::new("p.toml"), plan.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_plan_is_read_and_a_day_means_its_end_in_london() {
        let plan = parse(Path::new("p.toml"), PLAN.as_bytes()).unwrap();
        let known_at = plan.framework.known_at.unwrap().0;
        assert_eq!(known_at.to_rfc3339(), "2020-06-30T22:59:59.999999+00:00");
        assert_eq!(local().as_str(), "local");
    }

    #[test]
    fn what_a_plan_can_not_say_is_refused_with_the_key_and_what_would_be_right() {
        assert!(refused("reality", "realness").contains("unknown field `realness`"));
        assert!(refused("objective = \"1\"", "objective = \"2\"").contains("measure `A`: places"));
        assert!(refused("2020-06-30", "June").contains("write \"2014-09-02T16:48:12+01:00\""));
        assert!(refused("\"northmoor\"", "\"api\"").contains("reserved"));
        let twice = "[[objective]]\ncode = \"1\"\ntitle = { en = \"x\" }\n[[measure]]";
        assert!(refused("[[measure]]", twice).contains("`objective.code` is `1`; it stands twice"));
    }
}
