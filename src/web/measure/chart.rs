//! A series as a small picture: its figures as a line, its targets as steps, drawn by hand in SVG.
//!
//! **Invariant:** the picture tells nothing that the table below it doesn't; it bears a title and a
//! description, and labels its first and last figure directly.

use std::fmt;

use askama::filters::{Html, HtmlSafe, escape};
use piperoll_events::Quantity;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::over_time::Point;
use crate::web::lang::Lang;
use crate::web::shown::with_unit;

/// The field that figures lie in, within a picture of 400 by 210; a quarter is left for names.
const LEFT: f64 = 20.0;
const RIGHT: f64 = 300.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 170.0;
/// More than this is no small picture.
const MOST: usize = 120;

/// A picture. Displayed, it is SVG.
pub(super) struct Chart {
    title: String,
    description: String,
    ends: [String; 2],
    marks: Vec<Place>,
    aims: Vec<Place>,
    /// The first and the last figure, at their places.
    labels: Vec<(Place, String)>,
    /// Where figures stop being one line.
    breaks: Vec<f64>,
    /// What such a place is called.
    broken: String,
    /// The last target, at its place.
    aimed: Option<(Place, String)>,
}

/// The place of a figure or of a target; where a period has none, the line breaks.
#[derive(Clone, Copy)]
struct Place {
    n: usize,
    /// Whether it goes on the line of the place before.
    joins: bool,
    x: f64,
    y: f64,
}

impl Chart {
    /// The picture of a series; none where there is too little to see.
    pub(super) fn of(lang: Lang, code: &str, points: &[Point]) -> Option<Self> {
        let shown = drawn(points)?;
        let numbers = shown.iter().flat_map(|point| [point.value, point.aim]).flatten();
        let numbers: Vec<Decimal> = numbers.map(Quantity::decimal).collect();
        let range = (numbers.iter().min()?.to_f64()?, numbers.iter().max()?.to_f64()?);
        let marks = places(&shown, range, |point| point.value);
        let aims = places(&shown, range, |point| point.aim);
        if marks.len() < 2 {
            return None;
        }
        let (first, last) = (shown.first()?, shown.last()?);
        let told = [
            ("from", first.told.as_str()),
            ("to", &last.told),
            ("first", &first.figure),
            ("last", &last.figure),
        ];
        // Without their unit, which stands in the table: there is little room.
        let named = |place: &Place| Some((*place, bare(shown.get(place.n)?.value?)));
        let aimed = |place: &Place| {
            let target = bare(shown.get(place.n)?.aim?);
            Some((*place, lang.say_with("chart-target", &[("target", &target)])))
        };
        Some(Self {
            title: lang.say_with("chart-title", &[("measure", code)]),
            description: described(lang, &told, &shown),
            breaks: breaks(&shown),
            broken: lang.say("chart-break").into_owned(),
            ends: [first.told.clone(), last.told.clone()],
            labels: [marks.first(), marks.last()].into_iter().flatten().filter_map(named).collect(),
            aimed: aims.last().and_then(aimed),
            marks,
            aims,
        })
    }
}

/// What the picture shows, for whoever does not see it.
fn described(lang: Lang, told: &[(&'static str, &str)], shown: &[&Point]) -> String {
    let description = lang.say_with("chart-description", told);
    let broken = shown.iter().skip(1).filter(|point| point.broken.is_some());
    let periods: Vec<&str> = broken.map(|point| point.told.as_str()).collect();
    if periods.is_empty() {
        return description;
    }
    let broken = lang.say_with("chart-broken", &[("periods", &periods.join("; "))]);
    format!("{description} {broken}")
}

/// Where the line breaks from left to right: halfway to the figure that does not go on it.
fn breaks(shown: &[&Point]) -> Vec<f64> {
    let broken = shown.iter().enumerate().skip(1).filter(|(_, point)| point.broken.is_some());
    let halfway = |(n, _): (usize, &&Point)| {
        let (before, here) = (across(n.checked_sub(1)?, shown.len())?, across(n, shown.len())?);
        Some(f64::midpoint(before, here))
    };
    broken.filter_map(halfway).collect()
}

/// Where a value of each point stands; a point without one has no place.
fn places(
    points: &[&Point],
    range: (f64, f64),
    value: fn(&Point) -> Option<Quantity>,
) -> Vec<Place> {
    let place = |(n, point): (usize, &&Point)| {
        let value = value(point)?.decimal().to_f64()?;
        let joins = n > 0 && point.broken.is_none();
        Some(Place { n, joins, x: across(n, points.len())?, y: up(value, range) })
    };
    points.iter().enumerate().filter_map(place).collect()
}

/// The last points of the last one's kind of period: years and quarters make no one line.
fn drawn(points: &[Point]) -> Option<Vec<&Point>> {
    let kind = points.last()?.period.period_type();
    let same: Vec<&Point> =
        points.iter().filter(|point| point.period.period_type() == kind).collect();
    let skipped = same.len().saturating_sub(MOST);
    Some(same.into_iter().skip(skipped).collect())
}

fn bare(value: Quantity) -> String {
    with_unit(value, None)
}

/// Where the `n`th of so many stands from left to right.
fn across(n: usize, count: usize) -> Option<f64> {
    let (n, last) = (u16::try_from(n).ok()?, u16::try_from(count.checked_sub(1)?).ok()?);
    Some(LEFT + (RIGHT - LEFT) * f64::from(n) / f64::from(last.max(1)))
}

/// How high a value stands between the least and the greatest.
fn up(value: f64, (low, high): (f64, f64)) -> f64 {
    let share = if high > low { (value - low) / (high - low) } else { 0.5 };
    BOTTOM - (BOTTOM - TOP) * share
}

/// A path through places, broken where a period is missing.
struct Through<'a>(&'a [Place]);

impl fmt::Display for Through<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before: Option<usize> = None;
        for place in self.0 {
            let next = before.and_then(|n| n.checked_add(1)) == Some(place.n);
            let joined = next && place.joins;
            let letter = if joined { 'L' } else { 'M' };
            write!(f, "{letter}{:.1} {:.1}", place.x, place.y)?;
            before = Some(place.n);
        }
        Ok(())
    }
}

impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| escape(text, Html).map(|it| it.to_string()).map_err(|_| fmt::Error);
        let [from, to] = &self.ends;
        write!(
            f,
            r#"<svg viewBox="0 0 400 210" role="img" aria-labelledby="chart-title chart-desc"><title id="chart-title">{}</title><desc id="chart-desc">{}</desc><line class="piperoll-chart__axis" x1="{LEFT}" x2="{RIGHT}" y1="184" y2="184"/><text x="{LEFT}" y="202">{}</text><text x="{RIGHT}" y="202" text-anchor="end">{}</text>"#,
            text(&self.title)?,
            text(&self.description)?,
            text(from)?,
            text(to)?,
        )?;
        for x in &self.breaks {
            write!(
                f,
                r#"<line class="piperoll-chart__break" x1="{x:.1}" x2="{x:.1}" y1="22" y2="184"/><text class="piperoll-chart__name--break" x="{x:.1}" y="14" text-anchor="middle">{}</text>"#,
                text(&self.broken)?,
            )?;
        }
        if !self.aims.is_empty() {
            write!(f, r#"<path class="piperoll-chart__target" d="{}"/>"#, Through(&self.aims))?;
        }
        write!(f, r#"<path class="piperoll-chart__line" d="{}"/>"#, Through(&self.marks))?;
        for mark in &self.marks {
            let (x, y) = (mark.x, mark.y);
            write!(
                f,
                r#"<circle class="piperoll-chart__point" cx="{x:.1}" cy="{y:.1}" r="3.5"/>"#
            )?;
        }
        // Two names at one height would lie on each other.
        let ends = self.labels.last().map(|(place, _)| place.y);
        if let Some((place, target)) = &self.aimed {
            let close = ends.filter(|end| (end - place.y).abs() < 14.0);
            let y =
                close.map_or(place.y, |end| if place.y < end { end - 14.0 } else { end + 14.0 });
            let target = text(target)?;
            write!(
                f,
                r#"<text class="piperoll-chart__name--target" x="308" y="{y:.1}">{target}</text>"#
            )?;
        }
        for (n, (place, figure)) in self.labels.iter().enumerate() {
            let (x, y) = if n == 0 { (place.x, place.y - 8.0) } else { (308.0, place.y) };
            let figure = text(figure)?;
            write!(
                f,
                r#"<text class="piperoll-chart__name--line" x="{x:.1}" y="{y:.1}">{figure}</text>"#
            )?;
        }
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Chart {}
