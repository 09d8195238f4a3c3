//! A plain rating: figure against target, by the rule as it stands in an event.
//!
//! The figure misses its target by how far it lies on the wrong side. Not at all is `met`; up to the
//! greater of the two margins is `near`; more is `missed`.

use std::cmp::Reverse;

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

use super::period;
use super::scorecard::{Breakdown, Measure, Scorecard, Standing};

/// The rating of one cell: a level's code, or the name of the reason why there is none.
pub(crate) fn rating(at: &Scorecard, measure: &str, of: &str, part: &Breakdown) -> String {
    let Some(held) = at.measures.get(measure) else {
        return "no_figure".to_owned();
    };
    if held.treatment != "targeted" {
        return "tracker".to_owned();
    }
    let submission = at.submissions.get(&(measure.to_owned(), of.to_owned()));
    let cell = submission
        .filter(|s| s.state == Standing::Figures)
        .and_then(|s| s.cells.get(part))
        .and_then(|cell| decimal(cell.value.as_deref()));
    let Some(figure) = cell else {
        return "no_figure".to_owned();
    };
    let Some((low, high)) = aimed_at(held, of, part) else {
        return "no_target".to_owned();
    };
    let rule = at.frameworks.get(&held.framework).map_or(&Value::Null, |f| &f.rule);
    if rule.is_null() {
        return "no_rule".to_owned();
    }
    let figure = match (rule["compare"].as_str(), held.definition["decimals"].as_u64()) {
        (Some("published"), Some(decimals)) => figure.round_dp_with_strategy(
            u32::try_from(decimals).unwrap_or(12),
            RoundingStrategy::MidpointAwayFromZero,
        ),
        _ => figure,
    };
    match miss(&held.definition["polarity"], figure, low, high) {
        Some((by, from)) => level(rule, by, from),
        None => "not_comparable".to_owned(),
    }
}

/// How far on the wrong side, and of which end; none where neither way is better. A single value
/// inside the definition's own band stands for the band.
fn miss(
    polarity: &Value,
    figure: Decimal,
    low: Decimal,
    high: Decimal,
) -> Option<(Decimal, Decimal)> {
    let end = |name: &str, or| decimal(polarity[name].as_str()).unwrap_or(or);
    let (from, to) = (end("low", low), end("high", high));
    let (low, high) =
        if low == high && from <= low && low <= to { (from, to) } else { (low, high) };
    let below = ((low - figure).max(Decimal::ZERO), low);
    let above = ((figure - high).max(Decimal::ZERO), high);
    match polarity["kind"].as_str() {
        Some("higher_is_better") => Some(below),
        Some("lower_is_better") => Some(above),
        Some("goldilocks") => Some(if above.0 > below.0 { above } else { below }),
        _ => None,
    }
}

fn level(rule: &Value, missed_by: Decimal, target: Decimal) -> String {
    let code = |name: &str| rule[name].as_str().unwrap_or_default().to_owned();
    if missed_by.is_zero() {
        return code("met");
    }
    let rate = decimal(rule["tolerance"]["rate"].as_str()).map(|rate| rate * target.abs());
    let absolute = decimal(rule["tolerance"]["absolute"].as_str());
    let margin = rate.max(absolute).unwrap_or_default();
    let inside = match rule["ends"].as_str() {
        Some("inclusive") => missed_by <= margin,
        _ => missed_by < margin,
    };
    if inside && !rule["near"].is_null() { code("near") } else { code("missed") }
}

/// The ends of what is aimed at. What names the period comes before what spans it, the narrower
/// span before the wider, the later one before the earlier.
fn aimed_at(measure: &Measure, of: &str, part: &Breakdown) -> Option<(Decimal, Decimal)> {
    let mut candidates = Vec::new();
    for ((span, breakdown, tier), (at, target)) in &measure.targets {
        if tier != "expected" || breakdown != part {
            continue;
        }
        let (from, to) = period::days(span)?;
        let points = target["points"].as_array().map_or(&[][..], Vec::as_slice);
        let point = points.iter().find(|point| point["period"].as_str() == Some(of));
        let level = match (point, target["shape"].as_str()) {
            (Some(point), _) => &point["level"],
            (None, Some("standing")) if period::within(of, span) => &target["level"],
            (None, Some("point" | "long_term")) if span == of => &target["level"],
            _ => continue,
        };
        let named = point.is_some() || span == of;
        candidates.push((!named, span != of, (to - from).num_days(), Reverse(*at), level));
    }
    candidates.sort_by_key(|(named, own, days, at, _)| (*named, *own, *days, *at));
    let (.., level) = candidates.first()?;
    let low = decimal(level["at"].as_str())?;
    Some((low, decimal(level["to"].as_str()).unwrap_or(low)))
}

fn decimal(text: Option<&str>) -> Option<Decimal> {
    Decimal::from_str_exact(text?).ok()
}

#[test]
fn a_figure_is_met_near_or_missed_on_the_side_that_matters() {
    let rule = serde_json::json!({
        "met": "g", "near": "a", "missed": "r", "ends": "inclusive",
        "tolerance": {"rate": "0.05", "absolute": "1"},
    });
    let d = |text: &str| text.parse::<Decimal>().unwrap();
    let polarity = |kind: &str| serde_json::json!({"kind": kind});
    let say = |kind: &str, figure: &str, target: &str| {
        let (by, from) = miss(&polarity(kind), d(figure), d(target), d(target)).unwrap();
        level(&rule, by, from)
    };
    assert_eq!(say("higher_is_better", "100", "100"), "g");
    assert_eq!(say("higher_is_better", "95", "100"), "a");
    assert_eq!(say("higher_is_better", "94.9", "100"), "r");
    assert_eq!(say("higher_is_better", "-28", "0"), "r");
    assert_eq!(say("higher_is_better", "-1", "0"), "a");
    assert_eq!(say("lower_is_better", "101", "100"), "a");
    assert_eq!(say("goldilocks", "106", "100"), "r");
    assert_eq!(miss(&polarity("none"), d("1"), d("1"), d("1")), None);
    let band = serde_json::json!({"kind": "goldilocks", "low": "90", "high": "110"});
    assert_eq!(miss(&band, d("95"), d("100"), d("100")), Some((d("0"), d("90"))));
}
