//! What facts are made of here: few names, clashing spans, figures of every awkward kind.

use piperoll_events::decision_right::{ChangeClass, ChangeSubject, DecisionRight};
use piperoll_events::definition::{Definition, Polarity};
use piperoll_events::ids::{AreaId, FrameworkId, MeasureId, ObjectiveId, StepId, TextKeyId};
use piperoll_events::measure::{baseline_set::Baseline, code_assigned::Code, placed::Place};
use piperoll_events::rating::{
    Compare, Ends, RatingRule, Scale, ScaleLevel, Shape, Tolerance, Track,
};
use piperoll_events::reason::{Authority, AuthorityKind, Reason, ReasonCode};
use piperoll_events::submission::{NoValueDeclared, no_value_declared::NoValue};
use piperoll_events::target::{Level, Point, Target, TargetShape};
use piperoll_events::text::{Digest, Label, SealedText, Words};
use piperoll_events::{Breakdown, Cell, Fact, Period, Quantity, breakdown::Tag};

use super::histories::Seed;

pub(super) const FRAMEWORKS: u8 = 2;
/// Who decides.
const DECIDERS: [&str; 2] = ["Cabinet", "Council"];
/// The same quarter twice, what contains it, and years pooled.
pub(crate) const PERIODS: [&str; 9] = [
    "FY2021-Q1",
    "2021-Q2",
    "FY2021-H1",
    "FY2021",
    "2021",
    "2010..2012",
    // What directions look back to.
    "FY2020-Q4",
    "FY2020",
    "2009..2011",
];

pub(crate) fn opens(fact: &Fact) -> bool {
    fact.event_type() == "piperoll.ledger.opened.v1"
}

/// Ledger and import events of a prologue carry no asserted instant.
pub(crate) fn asserts(fact: &Fact) -> bool {
    !fact.event_type().starts_with("piperoll.ledger.")
        && !fact.event_type().starts_with("piperoll.import.")
}

pub(crate) fn measure(n: u8) -> MeasureId {
    MeasureId::derived(&[&n.to_string()])
}

pub(crate) fn digest(n: u8) -> Digest {
    Digest::new([n; 32])
}

pub(super) fn framework(n: u8) -> FrameworkId {
    FrameworkId::derived(&[&(n % FRAMEWORKS).to_string()])
}

pub(super) fn period(n: u8) -> Period {
    PERIODS[usize::from(n) % PERIODS.len()].parse().unwrap()
}

pub(super) fn part(n: u8) -> Breakdown {
    let tag = |taxonomy: &str, code: &str| Tag { taxonomy: taxonomy.into(), code: code.into() };
    match n % 4 {
        0 => Breakdown::new(vec![tag("sex", "f")]).unwrap(),
        1 => Breakdown::new(vec![tag("sex", "m"), tag("age", "0_4")]).unwrap(),
        _ => Breakdown::HEADLINE,
    }
}

pub(super) fn number(n: u8) -> Quantity {
    // A nought, a negative one, trailing noughts, many digits.
    ["0", "-28", "97.40", "198956051.70000002", "0.001", "5695.149739475916"]
        .get(usize::from(n) % 12)
        .map_or_else(|| n.to_string(), |text| (*text).to_owned())
        .parse()
        .unwrap()
}

pub(super) fn cells(seed: Seed) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for n in 0..=seed[5] % 3 {
        let breakdown = part(seed[6].wrapping_add(n));
        if cells.iter().all(|cell| cell.breakdown != breakdown) {
            let mut cell = Cell::of(breakdown, number(seed[7].wrapping_mul(n + 1)));
            cell.numerator = seed[7].is_multiple_of(2).then(|| number(seed[7] / 2));
            cell.denominator = seed[7].is_multiple_of(4).then(|| number(seed[7] / 4));
            cell.status_as_reported = seed[7].is_multiple_of(3).then(|| label("Normal value"));
            cells.push(cell);
        }
    }
    cells
}

pub(super) fn target(n: u8) -> Target {
    let level = Level { at: number(n), to: n.is_multiple_of(5).then(|| number(n / 2)) };
    match n % 3 {
        0 => {
            Target { shape: TargetShape::Point, level: Some(level), ..Target::standing(number(n)) }
        }
        1 => Target {
            shape: TargetShape::Profile,
            level: None,
            points: vec![Point { period: period(0), level }],
            words: Some(label("step by step")),
        },
        _ => Target::standing(number(n)),
    }
}

pub(super) fn definition(n: u8) -> Definition {
    let polarity = match n % 4 {
        0 => Polarity::HigherIsBetter {},
        1 => Polarity::LowerIsBetter {},
        2 => Polarity::Goldilocks { low: number(n), high: number(n) },
        _ => Polarity::None {},
    };
    let mut definition = Definition::bare(polarity);
    definition.decimals = n.is_multiple_of(2).then_some(n % 7);
    definition.unit = n.is_multiple_of(3).then(|| label("%"));
    definition
}

pub(super) fn rule(n: u8) -> RatingRule {
    RatingRule {
        met: label("green"),
        near: n.is_multiple_of(2).then(|| label("amber")),
        missed: label("red"),
        tolerance: n.is_multiple_of(2).then(|| Tolerance { rate: None, absolute: Some(number(n)) }),
        compare: if n.is_multiple_of(3) { Compare::Published } else { Compare::Exact },
        ends: if n.is_multiple_of(5) { Ends::Exclusive } else { Ends::Inclusive },
    }
}

/// The levels that rules here give.
pub(super) fn scale() -> Scale {
    let level = |code: &str, track| ScaleLevel {
        code: label(code),
        words: words(code),
        shape: Shape::Circle,
        colour: label("#00703c"),
        track,
    };
    let levels = [("green", Track::On), ("amber", Track::AtRisk), ("red", Track::Off)];
    Scale { levels: levels.map(|(code, track)| level(code, track)).into() }
}

pub(super) fn place(n: u8) -> Place {
    match n % 3 {
        0 => Place::Objective(ObjectiveId::derived(&["0"])),
        1 => Place::Step(StepId::derived(&["0"])),
        _ => Place::Area(AreaId::derived(&["0"])),
    }
}

pub(super) fn baseline(seed: Seed) -> Baseline {
    Baseline { period: period(seed[3]), value: number(seed[4]) }
}

pub(super) fn code(n: u8) -> Code {
    Code { scheme: label("local"), code: label(&format!("M{n}")), from: None }
}

pub(super) fn no_value(measure: MeasureId, period: Option<Period>) -> NoValueDeclared {
    NoValueDeclared {
        measure,
        period,
        state: NoValue::AwaitingSource,
        expected_on: None,
        reason: None,
    }
}

pub(super) fn sealed() -> SealedText {
    SealedText {
        key_id: TextKeyId::derived(&["laws"]),
        nonce: "A".repeat(16),
        ciphertext: "aGVsbG8=".to_owned(),
        commitment: digest(5),
    }
}

pub(super) fn reason() -> Reason {
    Reason { code: ReasonCode::NoneRecorded, text: None }
}

pub(super) fn label(text: &str) -> Label {
    text.parse().unwrap()
}

pub(super) fn words(text: &str) -> Words {
    Words { en: label(text), cy: None }
}

/// Nobody, or a body.
pub(super) fn authority(n: u8) -> Option<Authority> {
    let by = DECIDERS.get(usize::from(n) % 3)?;
    Some(Authority { body: by.parse().ok(), ..Authority::of(AuthorityKind::BodyDecision) })
}

pub(crate) fn right(seed: Seed) -> DecisionRight {
    DecisionRight {
        code: label(["targets", "rules"][usize::from(seed[5]) % 2]),
        subject: [ChangeSubject::Target, ChangeSubject::RatingRule][usize::from(seed[6]) % 2],
        class: ChangeClass::Material,
        kind: AuthorityKind::BodyDecision,
        by: label(DECIDERS[usize::from(seed[7]) % 2]),
        resolutions: Vec::new(),
        call_in_days: None,
        consult: Vec::new(),
    }
}
