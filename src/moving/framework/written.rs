//! What is agreed, written as a file.
//!
//! **Invariant:** read again and compared with the same state, the file changes nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::NaiveDate;
use piperoll_events::framework::decision_right_set::RightState;
use piperoll_events::ids::{FrameworkId, MeasureId};
use piperoll_events::measure::placed::Place;
use piperoll_events::text::Label;
use serde::Serialize;
use toml::{Table, Value};

use super::super::plan::{PlacePart, local};
use super::agreed::{Agreed, Group, Measured};
use super::file::{FrameworkFile, GroupPart, MeasurePart, RightPart, StepPart, TargetPart};

/// How many measures, in use or retired on one day, bear a code of a scheme.
type Shared<'a> = BTreeMap<(&'a Label, &'a Label, Option<NaiveDate>), usize>;

impl Agreed {
    /// All that is agreed of the framework in force, as a file states it: each part in the order in
    /// which it joined. Empty where no framework was adopted.
    #[must_use]
    pub fn file(&self) -> FrameworkFile {
        let Some((id, whole)) = self.current() else { return FrameworkFile::default() };
        let steps = ordered(self.steps.values().filter(|it| it.framework == id), |it| it.since);
        let measures = self.measures.iter().filter(|(_, it)| it.framework == id);
        let mut shared = Shared::new();
        for (code, it) in measures.clone().flat_map(|(_, it)| it.codes.iter().map(move |c| (c, it)))
        {
            let bears = shared.entry((&code.scheme, &code.code, it.retired)).or_default();
            *bears = bears.saturating_add(1);
        }
        FrameworkFile {
            framework: whole.part.clone(),
            objectives: groups(id, &self.objectives),
            steps: steps
                .map(|it| StepPart {
                    code: it.code.clone(),
                    was: None,
                    title: Some(it.title.clone()),
                    objective: it.objective.and_then(|id| self.objectives.get(&id)).map(code),
                    level: Some(it.level),
                    lead: it.lead.clone(),
                    retired: it.retired,
                })
                .collect(),
            areas: groups(id, &self.areas),
            taxonomies: whole.taxonomies.clone(),
            measures: ordered(measures, |(_, it)| it.since)
                .map(|(id, it)| self.measure_part(*id, it, &shared))
                .collect(),
            decision_rights: whole
                .rights
                .iter()
                .map(|right| RightPart { right: right.clone(), state: RightState::InForce })
                .collect(),
            sign_off_chain: whole.chain.clone(),
            ..FrameworkFile::default()
        }
    }

    fn measure_part(&self, id: MeasureId, held: &Measured, shared: &Shared<'_>) -> MeasurePart {
        let (scheme, code) = Self::called(id, held, shared);
        let others = held.codes.iter().filter(|it| it.scheme != scheme);
        MeasurePart {
            title: Some(held.title.clone()),
            treatment: Some(held.treatment),
            level: Some(held.level),
            measures: Some(held.measures),
            definition: Some(held.definition.clone()),
            baseline: held.baseline,
            targets: held
                .targets
                .iter()
                .map(|(key, target)| TargetPart {
                    key: key.clone(),
                    target: Some(target.clone()),
                    state: RightState::InForce,
                    case: None,
                })
                .collect(),
            places: Some(held.places.iter().filter_map(|it| self.place_part(*it)).collect()),
            tags: held.tags.clone(),
            codes: others.cloned().collect(),
            retired: held.retired,
            ..MeasurePart::of(scheme, code)
        }
    }

    /// The code that a file calls a measure by, and whose code that is; its id where it has none, or
    /// another measure in use goes by the same.
    fn called(id: MeasureId, held: &Measured, shared: &Shared<'_>) -> (Label, Label) {
        let own = held.codes.iter().find(|it| it.scheme == local()).or(held.codes.first());
        let by_id = || id.to_string().parse().unwrap_or_else(|_| local());
        let Some(own) = own else { return (local(), by_id()) };
        let bears = shared.get(&(&own.scheme, &own.code, held.retired)).copied().unwrap_or(0);
        let code = if bears > 1 { by_id() } else { own.code.clone() };
        (own.scheme.clone(), code)
    }

    pub(super) fn place_part(&self, place: Place) -> Option<PlacePart> {
        Some(match place {
            Place::Objective(id) => PlacePart::Objective(self.objectives.get(&id)?.code.clone()),
            Place::Step(id) => PlacePart::Step(self.steps.get(&id)?.code.clone()),
            Place::Area(id) => PlacePart::Area(self.areas.get(&id)?.code.clone()),
        })
    }
}

fn code(group: &Group) -> Label {
    group.code.clone()
}

fn ordered<T, K: Ord>(
    items: impl Iterator<Item = T>,
    since: impl Fn(&T) -> K,
) -> impl Iterator<Item = T> {
    let mut items: Vec<T> = items.collect();
    items.sort_by_key(since);
    items.into_iter()
}

fn groups<I>(framework: FrameworkId, held: &BTreeMap<I, Group>) -> Vec<GroupPart> {
    let of = held.values().filter(|it| it.framework == framework);
    let part = |it: &Group| GroupPart {
        code: it.code.clone(),
        was: None,
        title: Some(it.title.clone()),
        retired: it.retired,
    };
    ordered(of, |it| it.since).map(part).collect()
}

/// Keys in the order in which people read them; others come after.
const ORDER: &[&str] = &[
    "en",
    "cy",
    "code",
    "scheme",
    "was",
    "title",
    "words",
    "from",
    "until",
    "objective",
    "subject",
    "class",
    "kind",
    "by",
    "treatment",
    "level",
    "measures",
    "lead",
    "retired",
    "state",
    "reason",
    "authority",
    "scale",
    "rating_rule",
    "terms",
    "stages",
    "places",
    "tags",
    "codes",
    "definition",
    "factor",
    "baseline",
    "targets",
    "key",
    "target",
    "resolutions",
    "consult",
];

impl FrameworkFile {
    /// The file as TOML, one element a table and one key a line.
    ///
    /// # Errors
    /// A value that TOML can't hold, which is our fault.
    pub fn write(&self) -> Result<String, toml::ser::Error> {
        let mut out = String::new();
        one(&mut out, "amendment", &self.amendment)?;
        one(&mut out, "framework", &self.framework)?;
        each(&mut out, "objective", &self.objectives)?;
        each(&mut out, "step", &self.steps)?;
        each(&mut out, "area", &self.areas)?;
        each(&mut out, "taxonomy", &self.taxonomies)?;
        each(&mut out, "measure", &self.measures)?;
        for RightPart { right, state } in &self.decision_rights {
            let mut table = Table::try_from(right)?;
            if !state.is_in_force() {
                table.insert("state".to_owned(), Value::try_from(state)?);
            }
            section(&mut out, "[[decision_right]]", &table);
        }
        if let Some(chain) = &self.sign_off_chain {
            one(&mut out, "sign_off_chain", chain)?;
        }
        Ok(out)
    }
}

fn one(out: &mut String, name: &str, part: &impl Serialize) -> Result<(), toml::ser::Error> {
    let table = Table::try_from(part)?;
    if !table.is_empty() {
        section(out, &format!("[{name}]"), &table);
    }
    Ok(())
}

fn each(out: &mut String, name: &str, parts: &[impl Serialize]) -> Result<(), toml::ser::Error> {
    for part in parts {
        section(out, &format!("[[{name}]]"), &Table::try_from(part)?);
    }
    Ok(())
}

fn section(out: &mut String, heading: &str, table: &Table) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(heading);
    out.push('\n');
    for (key, value) in in_order(table) {
        // Writing to a text can't fail.
        writeln!(out, "{} = {}", bare(key), shown(value)).ok();
    }
}

/// A value on one line; a list of tables has a line for each.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) if items.iter().any(Value::is_table) => {
            let lines: Vec<String> = items.iter().map(|it| format!("  {},", shown(it))).collect();
            format!("[\n{}\n]", lines.join("\n"))
        }
        Value::Table(table) => {
            let keys =
                in_order(table).map(|(key, value)| format!("{} = {}", bare(key), shown(value)));
            format!("{{ {} }}", keys.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn in_order(table: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let place = |key: &str| ORDER.iter().position(|it| *it == key).unwrap_or(ORDER.len());
    ordered(table.iter(), move |(key, _)| (place(key), (*key).clone()))
}

/// A key as TOML has it: in quotes where it holds more than letters, digits, `_` and `-`.
fn bare(key: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    if !key.is_empty() && key.chars().all(plain) {
        key.to_owned()
    } else {
        Value::String(key.to_owned()).to_string()
    }
}
