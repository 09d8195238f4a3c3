//! Figures of a file against figures held: submitted, revised, withdrawn, declared, explained.
//!
//! **Invariant:** what a file does not speak of stands. Numbers are compared as numbers, so `1.0`
//! and `1` are one figure; a new oddity alone changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use piperoll_events::cell::{FigureStatus, Oddity};
use piperoll_events::ids::MeasureId;
use piperoll_events::reason::Reason;
use piperoll_events::submission::no_value_declared::NoValue;
use piperoll_events::submission::revised::ReportedRating;
use piperoll_events::text::{Label, Prose};
use piperoll_events::{Breakdown, Cell, Period, Quantity};

use super::compare::{Compared, LeftOut};
use super::held::{Content, Figures, Held};
use super::intent::Intent;
use super::numbers::agree;
use super::reading::{Figure, MeasureKey, ReadRow, Said, SnapshotPart, Statement};
use super::scope::Scope;
use crate::commands::submission::Cells;

type Key = (MeasureId, Option<Period>);

#[expect(clippy::derivable_impls, reason = "a draft's own need, kept beside it")]
impl<T> Default for Said<T> {
    fn default() -> Self {
        Self::Silent
    }
}

/// Whether a statement gives something, rather than taking away or saying nothing.
pub(super) fn gives(statement: &Statement) -> bool {
    match statement {
        Statement::Figure(it) => {
            [&it.value, &it.numerator, &it.denominator].iter().any(|said| said.value().is_some())
        }
        Statement::Target { target, .. } => target.is_some(),
        Statement::NoValue { .. } | Statement::Listed | Statement::Unit { .. } => true,
        Statement::Definition { now, .. } => now.value().is_some(),
    }
}

/// What one instant of a file says of figures, by measure and period.
pub(super) struct Drafts {
    order: Vec<Key>,
    same_digits: Option<u8>,
    by_key: BTreeMap<Key, Draft>,
}

#[derive(Default)]
struct Draft {
    line: u64,
    cells: BTreeMap<Breakdown, DraftCell>,
    rating: Said<Label>,
    words: Said<Prose>,
    words_line: u64,
    declared: Option<(u64, NoValue)>,
}

#[derive(Default)]
struct DraftCell {
    value: Said<Quantity>,
    numerator: Said<Quantity>,
    denominator: Said<Quantity>,
    status: Said<FigureStatus>,
    status_as_reported: Said<Label>,
    oddities: Vec<Oddity>,
}

impl Drafts {
    pub(super) fn of(
        rows: &[&ReadRow],
        ids: &BTreeMap<MeasureKey, MeasureId>,
        same_digits: Option<u8>,
    ) -> Self {
        let mut drafts = Self { order: Vec::new(), same_digits, by_key: BTreeMap::new() };
        for row in rows {
            let Some(id) = ids.get(&row.measure) else { continue };
            for statement in &row.statements {
                match statement {
                    Statement::Figure(it) => {
                        drafts.at((*id, Some(it.period)), row.line).hear(it, row.line);
                    }
                    Statement::NoValue { period, state } => {
                        drafts.at((*id, *period), row.line).declared = Some((row.line, *state));
                    }
                    Statement::Target { .. }
                    | Statement::Listed
                    | Statement::Unit { .. }
                    | Statement::Definition { .. } => {}
                }
            }
        }
        drafts
    }

    fn at(&mut self, key: Key, line: u64) -> &mut Draft {
        self.by_key.entry(key).or_insert_with(|| {
            self.order.push(key);
            Draft { line, ..Draft::default() }
        })
    }

    /// Whether what a figure's statement speaks of is something else than what is held.
    pub(super) fn moved(&self, held: &Held, id: MeasureId, statement: &Statement) -> bool {
        let Statement::Figure(it) = statement else { return false };
        let Some(draft) = self.by_key.get(&(id, Some(it.period))) else { return false };
        let figures = held.figures(id, it.period);
        if figures.is_none() && !draft.gives() {
            return false;
        }
        let before = figures.and_then(|figures| figures.cells.find(&it.breakdown));
        let after = draft
            .cells
            .get(&it.breakdown)
            .map(|cell| cell.onto(&it.breakdown, before, self.same_digits));
        let (before, after) = (before.filter(|c| !c.is_empty()), after.filter(|c| !c.is_empty()));
        let (rating, words) =
            figures.map_or((None, None), |f| (f.rating.as_ref(), f.words.as_ref()));
        differs(&it.value, before.map(|c| c.value), after.as_ref().map(|c| c.value))
            || differs(
                &it.numerator,
                before.map(|c| c.numerator),
                after.as_ref().map(|c| c.numerator),
            )
            || differs(
                &it.denominator,
                before.map(|c| c.denominator),
                after.as_ref().map(|c| c.denominator),
            )
            || differs(&it.status, before.map(|c| c.status), after.as_ref().map(|c| c.status))
            || differs(
                &it.status_as_reported,
                before.map(|c| &c.status_as_reported),
                after.as_ref().map(|c| &c.status_as_reported),
            )
            || (!it.rating_as_reported.is_silent()
                && onto(&draft.rating, rating).as_ref() != rating)
            || (!it.commentary.is_silent() && onto(&draft.words, words).as_ref() != words)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "small copies and references")]
fn differs<T, U: PartialEq>(said: &Said<T>, before: Option<U>, after: Option<U>) -> bool {
    !said.is_silent() && before != after
}

impl Draft {
    fn hear(&mut self, it: &Figure, line: u64) {
        let cell = self.cells.entry(it.breakdown.clone()).or_default();
        hear(&mut cell.value, &it.value);
        hear(&mut cell.numerator, &it.numerator);
        hear(&mut cell.denominator, &it.denominator);
        hear(&mut cell.status, &it.status);
        hear(&mut cell.status_as_reported, &it.status_as_reported);
        for oddity in &it.oddities {
            if !cell.oddities.contains(oddity) {
                cell.oddities.push(*oddity);
            }
        }
        hear(&mut self.rating, &it.rating_as_reported);
        if it.commentary.value().is_some() || self.words_line == 0 {
            self.words_line = line;
        }
        hear(&mut self.words, &it.commentary);
    }

    fn gives(&self) -> bool {
        let figures = |c: &DraftCell| [c.value, c.numerator, c.denominator];
        self.cells.values().flat_map(figures).any(|said| said.value().is_some())
    }
}

/// A value outweighs "there is none" of the same instant: one row may take a figure from an old
/// code and another give it to the new one.
fn hear<T: Clone>(held: &mut Said<T>, said: &Said<T>) {
    match said {
        Said::Silent => {}
        Said::Nothing if held.value().is_some() => {}
        Said::Nothing | Said::Value(_) => held.clone_from(said),
    }
}

fn onto<T: Clone>(said: &Said<T>, held: Option<&T>) -> Option<T> {
    match said {
        Said::Silent => held.cloned(),
        Said::Nothing => None,
        Said::Value(value) => Some(value.clone()),
    }
}

impl DraftCell {
    fn onto(&self, breakdown: &Breakdown, held: Option<&Cell>, same_digits: Option<u8>) -> Cell {
        let figure = |said: &Said<Quantity>, held: Option<&Quantity>| match (onto(said, held), held)
        {
            (Some(now), Some(held)) if agree(now, *held, same_digits) => Some(*held),
            (now, _) => now,
        };
        let cell = Cell {
            breakdown: breakdown.clone(),
            value: figure(&self.value, held.and_then(|c| c.value.as_ref())),
            numerator: figure(&self.numerator, held.and_then(|c| c.numerator.as_ref())),
            denominator: figure(&self.denominator, held.and_then(|c| c.denominator.as_ref())),
            status: onto(&self.status, held.and_then(|c| c.status.as_ref())),
            status_as_reported: onto(
                &self.status_as_reported,
                held.and_then(|c| c.status_as_reported.as_ref()),
            ),
            oddities: self.oddities.clone(),
        };
        match held {
            Some(held) if same(held, &cell) => held.clone(),
            _ => cell,
        }
    }
}

fn same(a: &Cell, b: &Cell) -> bool {
    let said = |c: &Cell| (c.value, c.numerator, c.denominator, c.status);
    said(a) == said(b) && a.status_as_reported == b.status_as_reported
}

/// Everything that the figures of a file, and its silence, ask for.
pub(super) fn compare(
    held: &Held,
    drafts: &Drafts,
    scope: &Scope,
    reason: &Reason,
    found: &mut Compared,
) {
    let same_digits = drafts.same_digits;
    let given = BTreeSet::new();
    let mut settling = Settling { held, scope, reason, found, same_digits, given };
    for (id, period) in &drafts.order {
        let Some(draft) = drafts.by_key.get(&(*id, *period)) else { continue };
        if let Some(period) = period {
            settling.period(*id, *period, draft);
        }
    }
    for (id, period) in &drafts.order {
        let draft = drafts.by_key.get(&(*id, *period));
        if let (None, Some((line, state))) = (period, draft.and_then(|draft| draft.declared)) {
            settling.whole(*id, line, state);
        }
    }
    if scope.speaks_of(SnapshotPart::Figures) {
        settling.silence(drafts);
    }
}

struct Settling<'a> {
    held: &'a Held,
    scope: &'a Scope,
    reason: &'a Reason,
    found: &'a mut Compared,
    same_digits: Option<u8>,
    /// Measures that got figures where there were none.
    given: BTreeSet<MeasureId>,
}

impl Settling<'_> {
    fn period(&mut self, id: MeasureId, period: Period, draft: &Draft) {
        let held = self.held.figures(id, period);
        let none = Figures::default();
        let before = held.unwrap_or(&none);
        let mut after = before.cells.clone();
        for (breakdown, cell) in &draft.cells {
            let cell = cell.onto(breakdown, before.cells.find(breakdown), self.same_digits);
            if cell.is_empty() {
                after.remove(breakdown);
            } else {
                after.put(cell);
            }
        }
        if self.scope.speaks_of(SnapshotPart::Figures) {
            after
                .retain(|b| draft.cells.contains_key(b) || !self.scope.covers(id, Some(period), b));
        }
        match draft.declared {
            Some((line, _)) if draft.gives() => {
                self.leave_out(line, "a declaration that there is no figure, beside a figure");
            }
            Some(_) => after = Cells::default(),
            None => {}
        }
        let rating = onto(&draft.rating, before.rating.as_ref());
        let words = onto(&draft.words, before.words.as_ref());
        let now = Figures { cells: after, rating, words };
        // A rating, or words, may outlive the figure: they stand until the file drops them too.
        let bare = now.cells.is_empty() && (draft.declared.is_some() || now.says_nothing_else());
        match (held.is_some(), now.cells.is_empty()) {
            (false, true) => self.still_none(id, period, draft),
            (false, false) => self.submit(id, period, draft, now),
            (true, true) if bare => {
                self.withdraw(Some(draft.line), id, Some(period));
                self.declare(id, Some(period), draft.declared);
            }
            (true, _) => self.revise(id, period, draft, before, now),
        }
    }

    fn still_none(&mut self, id: MeasureId, period: Period, draft: &Draft) {
        if draft.words.value().is_some() {
            self.leave_out(draft.words_line, "words without a figure to explain");
        }
        if draft.rating.value().is_some() {
            self.leave_out(draft.line, "a rating without a figure");
        }
        let stands = self.held.content(id, Some(period));
        match (stands, draft.declared) {
            (Some(Content::Declared(held)), Some((_, state))) if *held == state => {}
            (_, Some(declared)) => self.declare(id, Some(period), Some(declared)),
            (Some(_), None)
                if self.scope.speaks_of(SnapshotPart::Figures)
                    && self.scope.covers(id, Some(period), &Breakdown::HEADLINE) =>
            {
                self.withdraw(Some(draft.line), id, Some(period));
            }
            (_, None) => {}
        }
    }

    fn submit(&mut self, id: MeasureId, period: Period, draft: &Draft, now: Figures) {
        // Figures have come: the word that the measure has none at all no longer holds.
        let declared = matches!(self.held.content(id, None), Some(Content::Declared(_)));
        if self.given.insert(id) && declared {
            self.withdraw(Some(draft.line), id, None);
        }
        let intent = Intent::Submit {
            measure: id,
            period,
            cells: now.cells.into_iter().collect(),
            rating: now.rating,
            words: now.words,
        };
        self.found.want(Some(draft.line), intent);
    }

    fn revise(
        &mut self,
        id: MeasureId,
        period: Period,
        draft: &Draft,
        before: &Figures,
        now: Figures,
    ) {
        let breakdowns = before.cells.iter().map(|cell| &cell.breakdown);
        let gone = breakdowns.filter(|b| !now.cells.has(b));
        let removed: Vec<Breakdown> = gone.cloned().collect();
        let new = |cell: &Cell| before.cells.find(&cell.breakdown) != Some(cell);
        let changed: Vec<Cell> = now.cells.into_iter().filter(new).collect();
        let rating = (now.rating != before.rating).then_some(ReportedRating { now: now.rating });
        if !changed.is_empty() || !removed.is_empty() || rating.is_some() {
            let more = u64::try_from(removed.len()).unwrap_or(u64::MAX);
            self.found.withdrawn = self.found.withdrawn.saturating_add(more);
            let reason = self.reason.clone();
            let measure = id;
            let intent = Intent::Revise { measure, period, changed, removed, rating, reason };
            self.found.want(Some(draft.line), intent);
        }
        if now.words != before.words {
            let intent = Intent::Explain { measure: id, period, words: now.words };
            self.found.want(Some(draft.words_line), intent);
        }
    }

    /// The measure as a whole is said to have no figure.
    fn whole(&mut self, id: MeasureId, line: u64, state: NoValue) {
        let held = self.held.content(id, None) == Some(&Content::Declared(state));
        if self.given.contains(&id) {
            // What stood is withdrawn already; a list of changes may name it once more as gone.
            if !held {
                self.leave_out(line, "a declaration that there is no figure, beside a figure");
            }
            return;
        }
        if self.held.content(id, None) != Some(&Content::Declared(state)) {
            self.declare(id, None, Some((line, state)));
        }
    }

    /// What a snapshot would hold, and does not, is held no more.
    fn silence(&mut self, drafts: &Drafts) {
        for id in self.scope.measures() {
            for (period, content) in self.held.of_measure(id) {
                if drafts.by_key.contains_key(&(id, period)) {
                    continue;
                }
                match (content, period) {
                    (Content::Figures(before), Some(period)) => self.silent(id, period, before),
                    (Content::Declared(_), period) => {
                        let covered = self.scope.covers(id, period, &Breakdown::HEADLINE);
                        if covered && !(period.is_none() && self.given.contains(&id)) {
                            self.withdraw(None, id, period);
                        }
                    }
                    (Content::Figures(_), None) => {}
                }
            }
        }
    }

    fn silent(&mut self, id: MeasureId, period: Period, before: &Figures) {
        let breakdowns = before.cells.iter().map(|cell| &cell.breakdown);
        let gone = breakdowns.filter(|b| self.scope.covers(id, Some(period), b));
        let removed: Vec<Breakdown> = gone.cloned().collect();
        if removed.len() == before.cells.len() {
            return self.withdraw(None, id, Some(period));
        }
        if !removed.is_empty() {
            let more = u64::try_from(removed.len()).unwrap_or(u64::MAX);
            self.found.withdrawn = self.found.withdrawn.saturating_add(more);
            let (changed, rating, reason) = (Vec::new(), None, self.reason.clone());
            let measure = id;
            let intent = Intent::Revise { measure, period, changed, removed, rating, reason };
            self.found.want(None, intent);
        }
    }

    fn withdraw(&mut self, row: Option<u64>, id: MeasureId, period: Option<Period>) {
        let cells = period.and_then(|period| self.held.figures(id, period));
        let more = cells.map_or(0, |figures| u64::try_from(figures.cells.len()).unwrap_or(0));
        self.found.withdrawn = self.found.withdrawn.saturating_add(more);
        self.found.want(row, Intent::Withdraw { measure: id, period, reason: self.reason.clone() });
    }

    fn declare(&mut self, id: MeasureId, period: Option<Period>, declared: Option<(u64, NoValue)>) {
        if let Some((line, state)) = declared {
            self.found.want(Some(line), Intent::Declare { measure: id, period, state });
        }
    }

    fn leave_out(&mut self, line: u64, what: &'static str) {
        self.found.left_out.push(LeftOut { line, what });
    }
}
