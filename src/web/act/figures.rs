//! What an act did to a figure: its cells, its words, its status and its signatures.

use piperoll_events::cell::Cell;
use piperoll_events::sign_off::SignedScope;
use piperoll_events::submission::{Revised, SignedOff, Submission, Submitted};
use piperoll_events::text::{Label, SealedText};
use piperoll_events::{Breakdown, Quantity};
use piperoll_projections::score::Rating;
use piperoll_projections::scorecard::CellLine;

use super::Telling;
use super::changed::{Row, Sides};
use super::people::People;
use crate::api::measures::{Commentary, opened};
use crate::api::problem::Problem;
use crate::web::lang::{Lang, Written};
use crate::web::mark::Mark;
use crate::web::shown::{parted, with_unit};

/// What changed of a figure.
///
/// # Errors
/// The vault.
pub(super) async fn rows(
    telling: &Telling<'_>,
    fact: &Submission,
    sides: &Sides,
    people: &People,
) -> Result<Vec<Row>, Problem> {
    let lang = telling.visit.lang;
    let stage = |stage: &Label| Row::first(lang, "stage", lang.english(stage.as_str()));
    let post = |post| Row::first(lang, "by-post", people.post(post));
    Ok(match fact {
        Submission::Submitted(it) => submitted(telling, it, sides).await?,
        Submission::Revised(it) => revised(lang, it, sides),
        Submission::Withdrawn(_) => taken_back(lang, sides),
        Submission::NoValueDeclared(it) => {
            let state = own(lang.word("state", &it.state).into_owned());
            let mut rows = taken_back(lang, sides);
            let figure = rows.iter_mut().find(|row| row.what.text == lang.say("figure"));
            match figure {
                Some(row) => row.after = Some(state),
                None => rows.insert(0, Row::first(lang, "figure", state)),
            }
            let expected = it.expected_on.map(|day| own(lang.day(day)));
            rows.extend(expected.map(|day| Row::first(lang, "expected-on", day)));
            rows
        }
        Submission::CommentaryWritten(it) => {
            let words = match &it.text {
                Some(text) => Some(words(telling, text).await?),
                None => None,
            };
            vec![Row::first(lang, "commentary", words)]
        }
        Submission::RatingOverridden(it) => {
            let level = |code: &Label| rated(lang, code, sides);
            vec![Row::of(lang, "rating", it.computed.as_ref().map(level), Some(level(&it.stated)))]
        }
        Submission::SignedOff(it) => signed(lang, it, sides, people),
        Submission::SignOffRefused(it) => vec![stage(&it.stage), post(it.post)],
        Submission::SignOffWithdrawn(it) => vec![stage(&it.stage), post(it.post)],
    })
}

fn own(text: String) -> Written {
    Written::own(text)
}

/// A level in the body's own words.
fn rated(lang: Lang, code: &Label, sides: &Sides) -> Written {
    let scale = sides.after.as_ref().and_then(|known| known.line.facts.scale());
    Mark::of(lang, &Rating::Level(code.clone()), scale).words
}

fn signed(lang: Lang, it: &SignedOff, sides: &Sides, people: &People) -> Vec<Row> {
    let scope: Vec<String> =
        it.scope.iter().map(|scope: &SignedScope| lang.word("scope", scope).into_owned()).collect();
    let mut rows = vec![
        Row::first(lang, "stage", lang.english(it.stage.as_str())),
        Row::first(lang, "covers-scope", own(scope.join(", "))),
        Row::first(lang, "by-post", people.post(it.post)),
    ];
    rows.extend(
        it.rating.as_ref().map(|code| Row::first(lang, "rating-shown", rated(lang, code, sides))),
    );
    rows.extend(
        it.statement
            .as_ref()
            .map(|text| Row::first(lang, "statement", lang.english(text.to_string()))),
    );
    rows
}

async fn words(telling: &Telling<'_>, sealed: &SealedText) -> Result<Written, Problem> {
    let lang = telling.visit.lang;
    Ok(match opened(&telling.visit.call, sealed).await? {
        Commentary::Open { text } => lang.english(text),
        Commentary::Erased {} => own(lang.say("words-erased").into_owned()),
        Commentary::Withheld {} => own(lang.say("words-withheld").into_owned()),
    })
}

async fn submitted(
    telling: &Telling<'_>,
    it: &Submitted,
    sides: &Sides,
) -> Result<Vec<Row>, Problem> {
    let lang = telling.visit.lang;
    let mut rows: Vec<Row> = it.cells.iter().map(|cell| row(lang, cell, sides)).collect();
    rows.extend(
        it.rating_as_reported
            .as_ref()
            .map(|label| Row::first(lang, "rating-reported", lang.english(label.as_str()))),
    );
    if let Some(text) = &it.commentary {
        rows.push(Row::first(lang, "commentary", words(telling, text).await?));
    }
    Ok(rows)
}

fn revised(lang: Lang, it: &Revised, sides: &Sides) -> Vec<Row> {
    let mut rows: Vec<Row> = it.changed.iter().map(|cell| row(lang, cell, sides)).collect();
    let gone = |breakdown: &Breakdown| Row {
        what: named(lang, breakdown),
        before: held(lang, breakdown, sides),
        after: None,
    };
    rows.extend(it.removed.iter().map(gone));
    rows.extend(it.rating_as_reported.as_ref().map(|reported| {
        let now = reported.now.as_ref().map(|label| lang.english(label.as_str()));
        Row::first(lang, "rating-reported", now)
    }));
    rows
}

/// Everything that stood, and stands no longer.
fn taken_back(lang: Lang, sides: &Sides) -> Vec<Row> {
    let cells = cells(sides).iter();
    let gone = |cell: &CellLine| Row {
        what: named(lang, &cell.breakdown),
        before: held(lang, &cell.breakdown, sides),
        after: None,
    };
    cells.map(gone).collect()
}

fn cells(sides: &Sides) -> &[CellLine] {
    let submission = sides.before.as_ref().and_then(|known| known.submission.as_ref());
    submission.map_or(&[], |submission| submission.cells.as_slice())
}

fn row(lang: Lang, cell: &Cell, sides: &Sides) -> Row {
    let parts = (cell.value, cell.numerator, cell.denominator);
    let mut told = figure(lang, parts, sides.unit());
    if let Some(status) = cell.status {
        told = format!("{told} ({})", lang.word("figure-status", &status));
    }
    Row {
        what: named(lang, &cell.breakdown),
        before: held(lang, &cell.breakdown, sides),
        after: Some(own(told)),
    }
}

/// What stood for a part of the population, in the unit of its time.
fn held(lang: Lang, breakdown: &Breakdown, sides: &Sides) -> Option<Written> {
    let cell = cells(sides).iter().find(|cell| cell.breakdown == *breakdown)?;
    let told = figure(lang, (cell.value, cell.numerator, cell.denominator), sides.unit_before());
    let status = cell.status.map(|status| lang.word("figure-status", &status));
    Some(own(match status {
        Some(status) => format!("{told} ({status})"),
        None => told,
    }))
}

fn named(lang: Lang, breakdown: &Breakdown) -> Written {
    if breakdown.is_headline() {
        return own(lang.say("figure").into_owned());
    }
    lang.english(parted(breakdown))
}

/// A figure as it was recorded, with what it was worked out from.
fn figure(
    lang: Lang,
    (value, numerator, denominator): (Option<Quantity>, Option<Quantity>, Option<Quantity>),
    unit: Option<&str>,
) -> String {
    let value =
        value.map_or_else(|| lang.say("no-figure").into_owned(), |value| with_unit(value, unit));
    let Some((over, under)) = numerator.zip(denominator) else { return value };
    let (over, under) = (with_unit(over, None), with_unit(under, None));
    let told = [("figure", value.as_str()), ("numerator", &over), ("denominator", &under)];
    lang.say_with("figure-out-of", &told)
}
