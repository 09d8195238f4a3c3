//! A file compared with what is agreed: every change that it makes, and everything in it that can't be.
//!
//! **Invariant:** the same file over the same state gives the same changes, in the same order, under
//! the same keys. Nothing is changed that the file does not state.

use std::collections::{BTreeMap, BTreeSet};

use piperoll_events::framework::decision_right_set::RightState;
use piperoll_events::framework::{
    Adopted, DecisionRightSet, RatingRuleSet, Revised, ScaleSet, SignOffChainSet, TaxonomySet,
};
use piperoll_events::ids::{FrameworkId, LedgerId};
use piperoll_events::sign_off::SignOffChain;
use piperoll_events::taxonomy::Taxonomy;
use piperoll_events::text::{Digest, Label};
use piperoll_events::{Authority, Reason};
use uuid::Uuid;

use super::agreed::{Agreed, Whole};
use super::change::{Change, Field, Phase, differing, field, stated, word, words};
use super::file::{FrameworkFile, FrameworkPart, RightPart};
use super::read::{AllWrong, Wrong};

/// Why and by whose leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Why.
    pub reason: Reason,
    /// Who decided.
    pub authority: Option<Authority>,
}

/// What a file amends: the ledger, the framework, and the changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Amendment {
    /// The framework; one that is not there yet where the file adopts it.
    pub framework: FrameworkId,
    /// In the order in which they are recorded.
    pub changes: Vec<Change>,
}

/// Compares a file with what is agreed.
///
/// # Errors
/// All that names what is not there, lacks what is needed, or can't be changed.
pub fn compare(
    agreed: &Agreed,
    file: &FrameworkFile,
    (ledger, digest): (LedgerId, Digest),
    terms: &Terms,
) -> Result<Amendment, AllWrong> {
    let held = agreed.current();
    let title = file.framework.title.as_ref().map_or("", |title| title.en.as_str());
    let new = || FrameworkId::derived(&[&ledger.to_string(), title]);
    let framework = held.map_or_else(new, |(id, _)| id);
    let mut comparing = Comparing {
        agreed,
        file,
        ledger: ledger.to_string(),
        digest: digest.to_string(),
        framework,
        terms,
        known: Known::default(),
        claimed: BTreeSet::new(),
        changes: Vec::new(),
        wrong: Vec::new(),
    };
    match held {
        Some((_, whole)) => comparing.whole(whole),
        None => comparing.adopt(&file.framework),
    }
    let whole = held.map(|(_, whole)| whole);
    comparing.taxonomies(whole);
    comparing.structure();
    comparing.measures();
    comparing.table(whole);
    let Comparing { changes, wrong, .. } = comparing;
    if !wrong.is_empty() {
        return Err(AllWrong(wrong));
    }
    Ok(Amendment { framework, changes: in_order(changes) })
}

/// By phase, and within one the first change of every entity before the second of any: so that batches
/// are few.
fn in_order(changes: Vec<Change>) -> Vec<Change> {
    let mut seen: BTreeMap<(Phase, piperoll_events::EntityRef), u64> = BTreeMap::new();
    let mut placed: Vec<(Phase, u64, Change)> = changes
        .into_iter()
        .map(|change| {
            let round = seen.entry((change.phase, change.entity)).or_default();
            *round = round.saturating_add(1);
            (change.phase, *round, change)
        })
        .collect();
    placed.sort_by_key(|(phase, round, _)| (*phase, *round));
    placed.into_iter().map(|(_, _, change)| change).collect()
}

pub(super) struct Comparing<'a> {
    pub(super) agreed: &'a Agreed,
    pub(super) file: &'a FrameworkFile,
    pub(super) ledger: String,
    pub(super) digest: String,
    pub(super) framework: FrameworkId,
    pub(super) terms: &'a Terms,
    pub(super) known: Known,
    /// The parts that an element of the file has been found to be.
    pub(super) claimed: BTreeSet<Uuid>,
    pub(super) changes: Vec<Change>,
    pub(super) wrong: Vec<Wrong>,
}

/// What codes stand for once the file is applied.
#[derive(Default)]
pub(super) struct Known {
    pub(super) objectives: BTreeMap<Label, Uuid>,
    pub(super) steps: BTreeMap<Label, Uuid>,
    pub(super) areas: BTreeMap<Label, Uuid>,
    /// The terms of each taxonomy.
    pub(super) terms: BTreeMap<Label, BTreeSet<Label>>,
}

impl Comparing<'_> {
    pub(super) fn authority(&self) -> Option<Authority> {
        self.terms.authority.clone()
    }

    pub(super) fn reason(&self) -> Reason {
        self.terms.reason.clone()
    }

    pub(super) fn wrong(
        &mut self,
        key: String,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) {
        self.wrong.push(Wrong::new(key, wrong, right));
    }

    /// What is needed and missing.
    pub(super) fn missing(&mut self, key: &str, what: &str, right: &str) {
        self.wrong(format!("{key}: {what}"), "it is missing, and there is none yet", right);
    }

    fn change(
        &mut self,
        at: (Phase, &'static str, &str),
        fact: impl Into<piperoll_events::Fact>,
        fields: Vec<Field>,
    ) {
        let change = Change::new(at, self.framework, at.2, fact, fields);
        self.changes.push(change);
    }

    /// There is no framework yet.
    fn adopt(&mut self, part: &FrameworkPart) {
        let (Some(title), Some(from)) = (&part.title, part.from) else {
            let right = "no framework is adopted: state its title and its first day";
            self.missing("framework", "title, from", right);
            return;
        };
        let fact = Adopted {
            title: title.clone(),
            from,
            until: part.until,
            scale: part.scale.clone(),
            rating_rule: part.rating_rule.clone(),
            reason: self.reason(),
            authority: self.authority(),
        };
        let fields = differing(None::<&FrameworkPart>, Some(part));
        self.change((Phase::Whole, "framework", ""), fact, fields);
    }

    /// The framework itself: its name and its days, its scale and its rule.
    fn whole(&mut self, whole: &Whole) {
        let (held, part) = (&whole.part, &self.file.framework);
        let day = ToString::to_string;
        let fields: Vec<Field> = [
            stated("title", held.title.as_ref(), part.title.as_ref(), words),
            stated("from", held.from.as_ref(), part.from.as_ref(), day),
            stated("until", held.until.as_ref(), part.until.as_ref(), day),
        ]
        .into_iter()
        .flatten()
        .collect();
        let title = part.title.clone().or_else(|| held.title.clone());
        let from = part.from.or(held.from);
        if let (Some(title), Some(from), false) = (title, from, fields.is_empty()) {
            let until = part.until.or(held.until);
            let (reason, authority) = (self.reason(), self.authority());
            let fact = Revised { title, from, until, reason, authority };
            self.change((Phase::Whole, "framework", ""), fact, fields);
        }
        let rule = part.rating_rule.clone().or_else(|| held.rating_rule.clone());
        let (reason, authority) = (self.reason(), self.authority());
        let at = |what| (Phase::Whole, "framework", what);
        let ruled = part.rating_rule.is_some() && part.rating_rule != held.rating_rule;
        let rules = || differing(held.rating_rule.as_ref(), rule.as_ref());
        match &part.scale {
            Some(scale) if held.scale.as_ref() != Some(scale) => {
                let mut fields = levels(held.scale.as_ref(), scale);
                if ruled {
                    fields.extend(rules());
                }
                let scale = scale.clone();
                let fact = ScaleSet { scale, rating_rule: rule.clone(), reason, authority };
                self.change(at("scale"), fact, fields);
            }
            _ => {
                if let (Some(new), true) = (&rule, ruled) {
                    let fact = RatingRuleSet { rule: new.clone(), reason, authority };
                    let fields = rules();
                    self.change(at("rating_rule"), fact, fields);
                }
            }
        }
    }

    fn taxonomies(&mut self, whole: Option<&Whole>) {
        let held = whole.map_or(&[][..], |whole| whole.taxonomies.as_slice());
        let codes = |it: &Taxonomy| it.terms.iter().map(|term| term.code.clone()).collect();
        for taxonomy in held.iter().chain(&self.file.taxonomies) {
            self.known.terms.insert(taxonomy.code.clone(), codes(taxonomy));
        }
        for taxonomy in &self.file.taxonomies {
            let old = held.iter().find(|it| it.code == taxonomy.code);
            if old == Some(taxonomy) {
                continue;
            }
            let fields = terms(old, taxonomy);
            let fact = TaxonomySet { taxonomy: taxonomy.clone(), reason: self.reason() };
            self.change((Phase::Whole, "taxonomy", taxonomy.code.as_str()), fact, fields);
        }
    }

    /// Who signs, and last who may decide.
    fn table(&mut self, whole: Option<&Whole>) {
        let held = whole.and_then(|whole| whole.chain.as_ref());
        if let Some(chain) = &self.file.sign_off_chain
            && held != Some(chain)
        {
            let (reason, authority) = (self.reason(), self.authority());
            let fact = SignOffChainSet { chain: chain.clone(), reason, authority };
            let fields = stages(held, chain);
            self.change((Phase::Table, "sign_off_chain", ""), fact, fields);
        }
        for RightPart { right, state } in &self.file.decision_rights {
            let rights = whole.map_or(&[][..], |whole| whole.rights.as_slice());
            let old = rights.iter().find(|it| it.code == right.code);
            let new = Some(right).filter(|_| *state == RightState::InForce);
            if old == new || (old.is_none() && new.is_none()) {
                continue;
            }
            let fields = differing(old, new);
            let (reason, authority) = (self.reason(), self.authority());
            let (right, state) = (right.clone(), *state);
            let code = right.code.clone();
            let fact = DecisionRightSet { right, state, reason, authority };
            self.change((Phase::Table, "decision_right", code.as_str()), fact, fields);
        }
    }
}

fn levels(
    old: Option<&piperoll_events::rating::Scale>,
    new: &piperoll_events::rating::Scale,
) -> Vec<Field> {
    let of = |scale: &piperoll_events::rating::Scale| -> Vec<(Label, String)> {
        scale.levels.iter().map(|it| (it.code.clone(), word(it))).collect()
    };
    named("level", &old.map(of).unwrap_or_default(), &of(new))
}

fn terms(old: Option<&Taxonomy>, new: &Taxonomy) -> Vec<Field> {
    let of = |it: &Taxonomy| -> Vec<(Label, String)> {
        it.terms.iter().map(|term| (term.code.clone(), words(&term.title))).collect()
    };
    let title = field("title", old.map(|it| words(&it.title)), Some(words(&new.title)));
    let terms = named("term", &old.map(of).unwrap_or_default(), &of(new));
    title.into_iter().chain(terms).collect()
}

fn stages(old: Option<&SignOffChain>, new: &SignOffChain) -> Vec<Field> {
    let of = |it: &SignOffChain| -> Vec<(Label, String)> {
        it.stages.iter().map(|stage| (stage.code.clone(), word(stage))).collect()
    };
    named("stage", &old.map(of).unwrap_or_default(), &of(new))
}

/// The items of two lists that differ, by their codes; where only the order differs, the order.
fn named(what: &str, old: &[(Label, String)], new: &[(Label, String)]) -> Vec<Field> {
    let of = |items: &[(Label, String)], code: &Label| {
        items.iter().find(|(it, _)| it == code).map(|(_, text)| text.clone())
    };
    let codes: BTreeSet<&Label> = old.iter().chain(new).map(|(code, _)| code).collect();
    let differ = |code: &Label| field(&format!("{what} {code}"), of(old, code), of(new, code));
    let fields: Vec<Field> = codes.into_iter().filter_map(differ).collect();
    if fields.is_empty() && old != new {
        let order = |items: &[(Label, String)]| {
            items.iter().map(|(code, _)| code.to_string()).collect::<Vec<_>>().join(", ")
        };
        return field("order", Some(order(old)), Some(order(new))).into_iter().collect();
    }
    fields
}
