//! The measures of a scorecard, under the objective or in the area where each stands.

use std::collections::{BTreeMap, BTreeSet};

use piperoll_projections::scorecard::{Line, Part, StructureKind};

use super::compared::Compared;
use crate::asking::answer::{Scored, code_of};
use crate::asking::made_under::MadeUnder;
use crate::web::frame::part;
use crate::web::lang::Written;
use crate::web::mark::Mark;
use crate::web::page::Visit;

/// Measures that stand together.
pub(super) struct Group<Row = self::Row> {
    /// Where: an objective or an area; none: nowhere.
    pub(super) title: Option<Written>,
    pub(super) rows: Vec<Row>,
}

/// One measure.
pub(super) struct Row {
    pub(super) code: String,
    pub(super) title: Written,
    pub(super) address: String,
    pub(super) period: String,
    pub(super) figure: String,
    pub(super) asserted: bool,
    pub(super) target: String,
    pub(super) mark: Mark,
    /// The publisher's own rating.
    pub(super) reported: Option<String>,
    /// Whether somebody states another rating than the rule's.
    pub(super) overridden: bool,
    pub(super) short: String,
    pub(super) long: String,
    /// Whether it read otherwise on the day compared with.
    pub(super) changed: bool,
}

/// The measures by where they stand: objectives by their codes, then areas, then nowhere.
pub(super) fn groups<'a>(
    visit: &Visit,
    lines: &'a [Scored<Line>],
    parts: &[Part],
) -> Vec<Group<&'a Scored<Line>>> {
    let order = |part: &Part| {
        let kind = match part.kind {
            StructureKind::Objective => 0_u8,
            StructureKind::Area => 1,
            _ => return None,
        };
        Some((kind, part.code.clone().unwrap_or_default(), part.id))
    };
    let places: BTreeMap<_, _> =
        parts.iter().filter_map(|part| Some((order(part)?, part))).collect();
    let mut groups: Vec<Group<&Scored<Line>>> = Vec::new();
    let mut placed: BTreeMap<_, Vec<&Scored<Line>>> = BTreeMap::new();
    let mut nowhere = Vec::new();
    for line in lines {
        let stands = |id| line.facts.measure.places.iter().any(|place| place.place == id);
        match places.keys().find(|(_, _, id)| stands(*id)) {
            Some(key) => placed.entry(key.clone()).or_default().push(line),
            None => nowhere.push(line),
        }
    }
    for (key, rows) in placed {
        let title = places.get(&key).map(|part| visit.lang.pick(&part.title));
        groups.push(Group { title, rows });
    }
    if !nowhere.is_empty() {
        groups.push(Group { title: None, rows: nowhere });
    }
    groups
}

/// So many of the rows, made only where they are shown.
pub(super) fn within<From>(
    groups: Vec<Group<From>>,
    mut skip: usize,
    mut take: usize,
    row: impl Fn(From) -> Row,
) -> Vec<Group> {
    let mut shown = Vec::new();
    for group in groups {
        let count = group.rows.len();
        let rows: Vec<Row> = group.rows.into_iter().skip(skip).take(take).map(&row).collect();
        skip = skip.saturating_sub(count);
        take = take.saturating_sub(rows.len());
        if !rows.is_empty() {
            shown.push(Group { title: group.title, rows });
        }
    }
    shown
}

/// The codes that lead to no one measure: borne by several, or taken by browsers for a way up.
pub(super) fn doubtful(lines: &[Scored<Line>]) -> BTreeSet<String> {
    let (mut seen, mut doubtful) = (BTreeSet::new(), BTreeSet::new());
    for code in lines.iter().map(|line| code_of(&line.facts.measure)) {
        if [".", ".."].contains(&code.as_str()) || !seen.insert(code.clone()) {
            doubtful.insert(code);
        }
    }
    doubtful
}

/// One measure as a row.
pub(super) fn row(
    visit: &Visit,
    line: &Scored<Line>,
    (kept, doubtful, made): (&str, &BTreeSet<String>, &MadeUnder),
    compared: Option<&Compared>,
) -> Row {
    let (lang, facts) = (visit.lang, &line.facts);
    let code = code_of(&facts.measure);
    let id = facts.measure.measure.to_string();
    let name = if doubtful.contains(&code) { &id } else { &code };
    Row {
        address: visit.address(&format!("/measures/{}{kept}", part(name))),
        title: lang.pick(&facts.measure.title),
        period: facts.period.map(|period| lang.period(period)).unwrap_or_default(),
        figure: lang.figure(line, made),
        asserted: facts.headline.as_ref().is_some_and(|headline| headline.asserted),
        target: lang.target(facts, made),
        mark: Mark::of(lang, &line.rating, facts.scale()),
        reported: facts.rating_as_reported.clone(),
        overridden: line.computed.is_some(),
        short: lang.direction(line.short_direction),
        long: lang.direction(line.long_direction),
        changed: compared.is_some_and(|compared| compared.touches(&facts.measure.measure)),
        code,
    }
}
