//! What a ledger says: plain maps of what stands, filled by one event after the other.

use std::collections::BTreeMap;

use serde_json::Value;

/// Everything that stands at a position.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Scorecard {
    pub(crate) frameworks: BTreeMap<String, Framework>,
    /// Objectives, steps and areas: `objective/<id>`, with what was said of them last; and from when
    /// on they are no more.
    pub(crate) structure: BTreeMap<String, Value>,
    pub(crate) measures: BTreeMap<String, Measure>,
    /// By measure and period as written; an empty period is the measure as a whole.
    pub(crate) submissions: BTreeMap<(String, String), Submission>,
    pub(crate) opened_at: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Framework {
    pub(crate) adopted: Value,
    pub(crate) rule: Value,
    /// Where the rule that stands was said.
    pub(crate) rule_at: Option<u64>,
    /// The file that is being applied to it, by its digest.
    pub(crate) amending: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Measure {
    pub(crate) framework: String,
    pub(crate) title: Value,
    /// What is done with its figures: `targeted` and the like.
    pub(crate) treatment: String,
    /// By scheme.
    pub(crate) codes: BTreeMap<String, Value>,
    pub(crate) definition: Value,
    pub(crate) definition_at: u64,
    pub(crate) baseline: Option<Value>,
    /// What is aimed at, by span, breakdown and tier, with where it was said.
    pub(crate) targets: BTreeMap<TargetKey, (u64, Value)>,
    /// `objective/<id>` and the like, in the order they were said.
    pub(crate) places: Vec<String>,
}

pub(crate) type Breakdown = Vec<(String, String)>;

/// Span, breakdown and tier.
pub(crate) type TargetKey = (String, Breakdown, String);

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Submission {
    pub(crate) state: Standing,
    pub(crate) cells: BTreeMap<Breakdown, Cell>,
    pub(crate) rating_as_reported: Option<String>,
    /// Where the commentary that stands was said.
    pub(crate) commentary_at: Option<u64>,
    /// Where the figures, or their absence, were last said.
    pub(crate) said_at: u64,
    /// Where the content began.
    pub(crate) content_from: u64,
}

/// What stands of a submission.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    #[default]
    Withdrawn,
    Figures,
    /// It was declared that there is no value; the state's word.
    NoValue(String),
}

/// One figure and what stands beside it, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) value: Option<String>,
    pub(crate) numerator: Option<String>,
    pub(crate) denominator: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) status_as_reported: Option<String>,
}

impl Scorecard {
    /// Takes in one more event; `kind` is `measure.adopted` and the like.
    pub(crate) fn take_in(&mut self, position: u64, kind: &str, event: &Value) {
        let fact = &event["data"]["fact"];
        let subject = word(&event["subject"]);
        let id = subject.split('/').nth(1).unwrap_or_default().to_owned();
        match kind.split_once('.') {
            Some(("ledger", "opened")) => self.opened_at = Some(position),
            Some(("framework", what)) => self.framework(position, what, id, fact),
            Some(("objective" | "step" | "area", "retired")) => {
                self.structure.entry(subject).or_default()["retired"] = fact["from"].clone();
            }
            Some(("objective" | "step" | "area", _)) => {
                let ended = self.structure.get(&subject).map(|held| held["retired"].clone());
                let held = self.structure.entry(subject).or_default();
                *held = fact.clone();
                held["retired"] = ended.unwrap_or_default();
            }
            Some(("measure", what)) => {
                self.measures.entry(id).or_default().take_in(position, what, fact);
            }
            // What people say of a figure leaves it as it is.
            Some((
                "submission",
                "signed_off" | "sign_off_refused" | "sign_off_withdrawn" | "rating_overridden",
            )) => {}
            Some(("submission", what)) => self.submission(position, what, fact),
            _ => {}
        }
    }

    /// Measures that were declared to have no figures at all, with the state's word.
    pub(crate) fn absences(&self) -> BTreeMap<String, String> {
        let whole = self.submissions.iter().filter(|((_, period), _)| period.is_empty());
        let declared = whole.filter_map(|((measure, _), submission)| match &submission.state {
            Standing::NoValue(state) => Some((measure.clone(), state.clone())),
            _ => None,
        });
        declared.collect()
    }

    fn framework(&mut self, position: u64, what: &str, id: String, fact: &Value) {
        let framework = self.frameworks.entry(id).or_default();
        let rule = match what {
            "adopted" => {
                framework.adopted = fact.clone();
                &fact["rating_rule"]
            }
            "amendment_begun" => {
                framework.amending = some(&fact["file_digest"]);
                return;
            }
            "amended" | "amendment_given_up" => {
                framework.amending = None;
                return;
            }
            "revised" => {
                framework.adopted["title"] = fact["title"].clone();
                return;
            }
            "scale_set" => {
                framework.adopted["scale"] = fact["scale"].clone();
                (framework.rule, framework.rule_at) = (Value::Null, None);
                &fact["rating_rule"]
            }
            _ => &fact["rule"],
        };
        if !rule.is_null() {
            framework.rule = rule.clone();
            framework.rule_at = Some(position);
        }
    }

    fn submission(&mut self, position: u64, what: &str, fact: &Value) {
        let key = (word(&fact["measure"]), word(&fact["period"]));
        let submission = self.submissions.entry(key).or_default();
        match what {
            "submitted" => {
                *submission = Submission {
                    state: Standing::Figures,
                    rating_as_reported: some(&fact["rating_as_reported"]),
                    commentary_at: fact.get("commentary").map(|_| position),
                    said_at: position,
                    content_from: position,
                    cells: BTreeMap::new(),
                };
                submission.hold(&fact["cells"]);
            }
            "revised" => {
                submission.hold(&fact["changed"]);
                for gone in list(&fact["removed"]) {
                    submission.cells.remove(&breakdown(gone));
                }
                if let Some(rating) = fact.get("rating_as_reported") {
                    submission.rating_as_reported = some(&rating["now"]);
                }
                submission.said_at = position;
            }
            "commentary_written" => {
                submission.commentary_at = fact.get("text").map(|_| position);
            }
            "withdrawn" => {
                *submission = Submission { said_at: position, ..Submission::default() };
            }
            "no_value_declared" => {
                *submission = Submission {
                    state: Standing::NoValue(word(&fact["state"])),
                    said_at: position,
                    content_from: position,
                    ..Submission::default()
                };
            }
            _ => {}
        }
    }
}

impl Measure {
    fn take_in(&mut self, position: u64, what: &str, fact: &Value) {
        match what {
            "adopted" => {
                self.framework = word(&fact["framework"]);
                self.title = fact["title"].clone();
                self.treatment = word(&fact["treatment"]);
                self.define(position, &fact["definition"]);
                self.baseline = fact.get("baseline").cloned();
                for code in list(&fact["codes"]) {
                    self.codes.insert(word(&code["scheme"]), code.clone());
                }
                for first in list(&fact["targets"]) {
                    self.targets.insert(target(&first["key"]), (position, first["target"].clone()));
                }
                for place in list(&fact["places"]) {
                    self.place(place);
                }
            }
            "definition_set" => self.define(position, &fact["definition"]),
            "baseline_set" => self.baseline = Some(fact["baseline"].clone()),
            "target_set" => {
                self.targets.insert(target(&fact["key"]), (position, fact["target"].clone()));
            }
            "target_changed" | "target_corrected" => {
                self.targets.insert(target(&fact["key"]), (position, fact["new"].clone()));
            }
            "target_withdrawn" => {
                self.targets.remove(&target(&fact["key"]));
            }
            "reclassified" => {
                if let Some(treatment) = some(&fact["treatment"]) {
                    self.treatment = treatment;
                }
            }
            "placed" => self.place(&fact["place"]),
            "removed" => {
                for (kind, id) in fact["place"].as_object().into_iter().flatten() {
                    self.places.retain(|place| *place != format!("{kind}/{}", word(id)));
                }
            }
            "retitled" => self.title = fact["new"].clone(),
            "code_assigned" => {
                self.codes.insert(word(&fact["code"]["scheme"]), fact["code"].clone());
            }
            _ => {}
        }
    }

    fn define(&mut self, position: u64, definition: &Value) {
        self.definition = definition.clone();
        self.definition_at = position;
    }

    fn place(&mut self, place: &Value) {
        for (kind, id) in place.as_object().into_iter().flatten() {
            let place = format!("{kind}/{}", word(id));
            if !self.places.contains(&place) {
                self.places.push(place);
            }
        }
    }
}

impl Submission {
    fn hold(&mut self, cells: &Value) {
        for cell in list(cells) {
            self.cells.insert(
                breakdown(&cell["breakdown"]),
                Cell {
                    value: some(&cell["value"]),
                    numerator: some(&cell["numerator"]),
                    denominator: some(&cell["denominator"]),
                    status: some(&cell["status"]),
                    status_as_reported: some(&cell["status_as_reported"]),
                },
            );
        }
    }
}

fn target(key: &Value) -> TargetKey {
    let tier = some(&key["tier"]).unwrap_or_else(|| "expected".to_owned());
    (word(&key["period"]), breakdown(&key["breakdown"]), tier)
}

fn breakdown(tags: &Value) -> Breakdown {
    list(tags).iter().map(|tag| (word(&tag["taxonomy"]), word(&tag["code"]))).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn some(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn word(value: &Value) -> String {
    some(value).unwrap_or_default()
}
