//! Objectives, areas and steps of a file, compared with those that are agreed.
//!
//! **Invariant:** who goes by a code is that part, whatever `was` says; so a file applied again finds
//! what it renamed. A part that was retired comes back under another code only.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use piperoll_events::ids::{AreaId, FrameworkId, ObjectiveId, StepId};
use piperoll_events::text::{Label, Words};
use piperoll_events::{Fact, Reason, area, objective, step};
use uuid::Uuid;

use super::agreed::{Group, Planned};
use super::change::{Change, Field, Phase, differing, stated, word, words};
use super::compare::Comparing;
use super::file::{GroupPart, StepPart};

/// Who goes by which code.
#[derive(Default)]
pub(super) struct Index {
    live: BTreeMap<Label, Uuid>,
    /// Several may have gone by one code, one after the other.
    retired: BTreeMap<Label, Vec<(NaiveDate, Uuid)>>,
    ids: BTreeSet<Uuid>,
}

impl Index {
    pub(super) fn add(&mut self, code: &Label, id: Uuid, retired: Option<NaiveDate>) {
        match retired {
            Some(from) => self.retired.entry(code.clone()).or_default().push((from, id)),
            None => {
                self.live.insert(code.clone(), id);
            }
        }
    }

    /// An id that is taken, whatever it goes by.
    pub(super) fn take(&mut self, id: Uuid) {
        self.ids.insert(id);
    }

    /// Whom a code means: who was retired on the day that is stated, or else who goes by it, went by
    /// `was`, or went by it once.
    pub(super) fn seek(
        &self,
        code: &Label,
        was: Option<&Label>,
        retired: Option<NaiveDate>,
    ) -> Option<Uuid> {
        let live = |code: &Label| self.live.get(code).copied();
        let mut ended = self.retired.get(code).into_iter().flatten();
        let last = ended.clone().next_back().map(|(_, id)| *id);
        let then = ended.find(|(from, _)| Some(*from) == retired).map(|(_, id)| *id);
        then.or_else(|| live(code)).or_else(|| was.and_then(live)).or(last)
    }

    pub(super) fn is_taken(&self, id: Uuid) -> bool {
        self.ids.contains(&id)
    }

    /// Every code; where a part in use and a retired one share it, the one in use.
    fn codes(&self) -> BTreeMap<Label, Uuid> {
        let last = |ended: &Vec<(NaiveDate, Uuid)>| ended.last().map(|(_, id)| *id);
        let retired = self.retired.iter().filter_map(|(code, it)| Some((code, last(it)?)));
        let live = self.live.iter().map(|(code, id)| (code, *id));
        retired.chain(live).map(|(code, id)| (code.clone(), id)).collect()
    }
}

/// An objective or an area.
#[derive(Clone, Copy)]
enum Kind {
    Objective,
    Area,
}

impl Kind {
    const fn section(self) -> &'static str {
        match self {
            Self::Objective => "objective",
            Self::Area => "area",
        }
    }

    fn id(self, parts: &[&str]) -> Uuid {
        match self {
            Self::Objective => ObjectiveId::derived(parts).uuid(),
            Self::Area => AreaId::derived(parts).uuid(),
        }
    }

    fn entity(self, id: Uuid) -> piperoll_events::EntityRef {
        match self {
            Self::Objective => ObjectiveId::new(id).into(),
            Self::Area => AreaId::new(id).into(),
        }
    }

    fn added(self, framework: FrameworkId, (code, title): (Label, Words), reason: Reason) -> Fact {
        match self {
            Self::Objective => objective::Added { framework, code, title, reason }.into(),
            Self::Area => area::Added { framework, code, title, reason }.into(),
        }
    }

    fn revised(
        self,
        framework: FrameworkId,
        (code, title): (Label, Words),
        reason: Reason,
    ) -> Fact {
        match self {
            Self::Objective => objective::Revised { framework, code, title, reason }.into(),
            Self::Area => area::Revised { framework, code, title, reason }.into(),
        }
    }

    fn retired(self, from: NaiveDate, reason: Reason) -> Fact {
        match self {
            Self::Objective => objective::Retired { from, reason }.into(),
            Self::Area => area::Retired { from, reason }.into(),
        }
    }
}

impl Comparing<'_> {
    /// Objectives and areas, then the steps that serve them.
    pub(super) fn structure(&mut self) {
        let (agreed, file) = (self.agreed, self.file);
        let objectives = agreed.objectives.iter().map(|(id, it)| (id.uuid(), it)).collect();
        self.known.objectives = self.groups(Kind::Objective, &file.objectives, &objectives);
        let areas = agreed.areas.iter().map(|(id, it)| (id.uuid(), it)).collect();
        self.known.areas = self.groups(Kind::Area, &file.areas, &areas);
        self.steps();
    }

    fn groups(
        &mut self,
        kind: Kind,
        parts: &[GroupPart],
        held: &BTreeMap<Uuid, &Group>,
    ) -> BTreeMap<Label, Uuid> {
        let mut index = Index::default();
        for (id, group) in held {
            index.take(*id);
            if group.framework == self.framework {
                index.add(&group.code, *id, group.retired);
            }
        }
        let mut codes = index.codes();
        for part in parts {
            let sought = index.seek(&part.code, part.was.as_ref(), part.retired);
            let joins = || self.fresh(&index, &part.code, |parts| kind.id(parts));
            let id = sought.unwrap_or_else(joins);
            let group = held.get(&id).copied();
            let key = format!("{} `{}`", kind.section(), part.code);
            if self.claim(&key, id) {
                stands_for(&mut codes, (&part.code, id), group.map(|it| &it.code), part.retired);
                self.group(kind, part, id, group);
            }
        }
        codes
    }

    /// The id of a part that joins.
    pub(super) fn fresh(&self, index: &Index, code: &Label, id: impl Fn(&[&str]) -> Uuid) -> Uuid {
        let first = id(&[&self.ledger, code.as_str()]);
        // Somebody who went by that code once has this id.
        if index.is_taken(first) || self.claimed.contains(&first) {
            return id(&[&self.ledger, code.as_str(), &self.digest]);
        }
        first
    }

    /// Whether nothing else in the file is the same part.
    pub(super) fn claim(&mut self, key: &str, id: Uuid) -> bool {
        let first = self.claimed.insert(id);
        if !first {
            let right = "rename in a file of its own, one after the other";
            self.wrong(format!("{key}: was"), "another element of the file is this one", right);
        }
        first
    }

    fn group(&mut self, kind: Kind, part: &GroupPart, id: Uuid, held: Option<&Group>) {
        let key = format!("{} `{}`", kind.section(), part.code);
        if !self.may_stand(&key, part.retired, held.and_then(|it| it.retired)) {
            return;
        }
        let title = part.title.clone().or_else(|| held.map(|it| it.title.clone()));
        let Some(title) = title else {
            return self.missing(&key, "title", "what it is called: title = { en = \"…\" }");
        };
        let named = (part.code.clone(), title.clone());
        let at = (Phase::Groups, kind.section(), part.code.as_str());
        let entity = kind.entity(id);
        let fields: Vec<Field> = [
            held.and_then(|it| {
                stated("code", Some(&it.code), Some(&part.code), ToString::to_string)
            }),
            stated("title", held.map(|it| &it.title), Some(&title), words),
        ]
        .into_iter()
        .flatten()
        .collect();
        let fact = match held {
            None => Some(kind.added(self.framework, named, self.reason())),
            Some(_) if fields.is_empty() => None,
            Some(_) => Some(kind.revised(self.framework, named, self.reason())),
        };
        self.changes.extend(fact.map(|fact| Change::new(at, entity, "", fact, fields)));
        if let Some(from) = part.retired.filter(|_| held.is_none_or(|it| it.retired.is_none())) {
            let fields = retired(from);
            let fact = kind.retired(from, self.reason());
            self.changes.push(Change::new(at, entity, "", fact, fields));
        }
    }

    /// Whether what a file says of retirement can be so.
    pub(super) fn may_stand(
        &mut self,
        key: &str,
        stated: Option<NaiveDate>,
        held: Option<NaiveDate>,
    ) -> bool {
        let Some(was) = held else { return true };
        match stated {
            Some(from) if from == was => true,
            Some(_) => {
                let right = format!("retired = \"{was}\"");
                self.wrong(
                    format!("{key}: retired"),
                    format!("it was retired from {was} on"),
                    right,
                );
                false
            }
            None => {
                let right = format!("retired = \"{was}\", or another code for another part");
                self.wrong(format!("{key}: code"), format!("it was retired from {was} on"), right);
                false
            }
        }
    }

    fn steps(&mut self) {
        let (agreed, file) = (self.agreed, self.file);
        let mut index = Index::default();
        for (id, step) in &agreed.steps {
            index.take(id.uuid());
            if step.framework == self.framework {
                index.add(&step.code, id.uuid(), step.retired);
            }
        }
        let mut codes = index.codes();
        for part in &file.steps {
            let joins = || {
                let id = |parts: &[&str]| StepId::derived(parts).uuid();
                self.fresh(&index, &part.code, id)
            };
            let sought = index.seek(&part.code, part.was.as_ref(), part.retired);
            let id = sought.unwrap_or_else(joins);
            let held = agreed.steps.get(&StepId::new(id));
            if self.claim(&format!("step `{}`", part.code), id) {
                stands_for(&mut codes, (&part.code, id), held.map(|it| &it.code), part.retired);
                self.step(part, StepId::new(id), held);
            }
        }
        self.known.steps = codes;
    }

    fn step(&mut self, part: &StepPart, id: StepId, held: Option<&Planned>) {
        let key = format!("step `{}`", part.code);
        if !self.may_stand(&key, part.retired, held.and_then(|it| it.retired)) {
            return;
        }
        let Some(fact) = self.step_as_stated(&key, part, held) else { return };
        let at = (Phase::Steps, "step", part.code.as_str());
        let old = held.map(|it| self.shown(it));
        let new = Shown {
            code: &fact.code,
            title: words(&fact.title),
            objective: part.objective.clone().or_else(|| old.as_ref()?.objective.clone()),
            level: word(&fact.level),
            lead: fact.lead.as_ref(),
        };
        let mut fields = differing(old.as_ref(), Some(&new));
        // One that joins is named by its code already.
        fields.retain(|field| held.is_some() || field.name != "code");
        let fact: Option<Fact> = match held {
            None => Some(
                step::Added {
                    framework: fact.framework,
                    objective: fact.objective,
                    code: fact.code,
                    title: fact.title,
                    level: fact.level,
                    lead: fact.lead,
                    reason: fact.reason,
                }
                .into(),
            ),
            Some(_) if fields.is_empty() => None,
            Some(_) => Some(fact.into()),
        };
        self.changes.extend(fact.map(|fact| Change::new(at, id, "", fact, fields)));
        if let Some(from) = part.retired.filter(|_| held.is_none_or(|it| it.retired.is_none())) {
            let fact = step::Retired { from, reason: self.reason() };
            self.changes.push(Change::new(at, id, "", fact, retired(from)));
        }
    }

    /// The step as it would stand.
    fn step_as_stated(
        &mut self,
        key: &str,
        part: &StepPart,
        held: Option<&Planned>,
    ) -> Option<step::Revised> {
        let title = part.title.clone().or_else(|| held.map(|it| it.title.clone()));
        let level = part.level.or_else(|| held.map(|it| it.level));
        if title.is_none() {
            self.missing(key, "title", "what it is called: title = { en = \"…\" }");
        }
        if level.is_none() {
            self.missing(key, "level", "where it is done: \"regional\" or \"local\"");
        }
        let before = held.and_then(|it| it.objective);
        let same = before.and_then(|id| self.agreed.objectives.get(&id)).map(|it| &it.code);
        let objective = match &part.objective {
            None => before,
            Some(code) if same == Some(code) => before,
            Some(code) => {
                let Some(id) = self.known.objectives.get(code) else {
                    let (wrong, right) =
                        (format!("there is no objective `{code}`"), "the code of an [[objective]]");
                    self.wrong(format!("{key}: objective"), wrong, right);
                    return None;
                };
                Some(ObjectiveId::new(*id))
            }
        };
        Some(step::Revised {
            framework: self.framework,
            objective,
            code: part.code.clone(),
            title: title?,
            level: level?,
            lead: part.lead.clone().or_else(|| held.and_then(|it| it.lead.clone())),
            reason: self.reason(),
        })
    }

    fn shown<'s>(&'s self, held: &'s Planned) -> Shown<'s> {
        let objective = held.objective.and_then(|id| self.agreed.objectives.get(&id));
        Shown {
            code: &held.code,
            title: words(&held.title),
            objective: objective.map(|it| it.code.clone()),
            level: word(&held.level),
            lead: held.lead.as_ref(),
        }
    }
}

/// What a code stands for once the file is applied; one that is retired gives way to one in use.
fn stands_for(
    codes: &mut BTreeMap<Label, Uuid>,
    (code, id): (&Label, Uuid),
    before: Option<&Label>,
    retired: Option<NaiveDate>,
) {
    if retired.is_some() {
        codes.entry(code.clone()).or_insert(id);
        return;
    }
    if let Some(before) = before {
        codes.remove(before);
    }
    codes.insert(code.clone(), id);
}

/// A step as people read it.
#[derive(serde::Serialize)]
struct Shown<'a> {
    code: &'a Label,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    objective: Option<Label>,
    level: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<&'a Label>,
}

/// That something ends.
pub(super) fn retired(from: NaiveDate) -> Vec<Field> {
    vec![Field { name: "retired".to_owned(), old: None, new: Some(from.to_string()) }]
}
