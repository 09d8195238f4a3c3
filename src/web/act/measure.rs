//! What an act did to a measure: its targets, its definition, its places and duties.

use chrono::NaiveDate;
use piperoll_events::measure::adopted::Adopted;
use piperoll_events::measure::baseline_set::Baseline;
use piperoll_events::measure::code_assigned::Code;
use piperoll_events::measure::duty_ended::Duty;
use piperoll_events::measure::placed::Place;
use piperoll_events::measure::{DefinitionSet, DutyEnded, Measure, Reclassified};
use piperoll_events::text::Label;
use piperoll_events::{Definition, Polarity, Target, TargetKey};

use super::Telling;
use super::changed::{Parts, Row, Sides, differing};
use super::people::People;
use crate::api::problem::Problem;
use crate::asking::answer::code_of;
use crate::asking::moment::When;
use crate::web::lang::{Lang, Written};
use crate::web::shown::with_unit;

/// What changed of a measure.
///
/// # Errors
/// Postgres.
pub(super) async fn rows(
    telling: &Telling<'_>,
    fact: &Measure,
    sides: &Sides,
    people: &People,
) -> Result<Vec<Row>, Problem> {
    let lang = telling.visit.lang;
    let aimed = |key, old, new| vec![target(lang, key, old, new, sides)];
    Ok(match fact {
        Measure::Adopted(it) => adopted(lang, it),
        Measure::DefinitionSet(it) => redefined(lang, it, sides),
        Measure::BaselineSet(it) => vec![baseline(lang, it.baseline, sides)],
        Measure::BaselineProposed(it) => {
            let source = it.source.iter().map(|it| lang.english(it.as_str()));
            let source = source.map(|it| Row::first(lang, "definition-source", it));
            [baseline(lang, it.baseline, sides)].into_iter().chain(source).collect()
        }
        Measure::TargetSet(it) => aimed(&it.key, None, Some(&it.target)),
        Measure::TargetChanged(it) => aimed(&it.key, Some(&it.old), Some(&it.new)),
        Measure::TargetCorrected(it) => aimed(&it.key, Some(&it.old), Some(&it.new)),
        Measure::TargetWithdrawn(it) => aimed(&it.key, Some(&it.old), None),
        Measure::Placed(it) => vec![Row::first(lang, "place", placed(telling, it.place).await?)],
        Measure::Removed(it) => {
            vec![Row::of(lang, "place", Some(placed(telling, it.place).await?), None)]
        }
        Measure::Reclassified(it) => reclassified(lang, it),
        Measure::Retired(it) => vec![day(lang, "until-day", it.from)],
        Measure::Replaced(it) => {
            let by = telling.desk.measure_of(&it.by.to_string(), When::At(telling.at)).await;
            let by = by.map(|(_, line)| format!("{} {}", code_of(&line), line.title.en));
            let by = by.unwrap_or_else(|_| it.by.to_string());
            vec![
                Row::first(lang, "replaced-by", lang.english(by)),
                Row::first(lang, "comparing", own(lang.comparability(it.comparability))),
                day(lang, "from-day", it.from),
            ]
        }
        Measure::AccountableAssigned(it) => {
            duty(lang, Duty::Accountable, people.post(it.post), it.from)
        }
        Measure::StewardAssigned(it) => duty(lang, Duty::Steward, people.post(it.post), it.from),
        Measure::ContributorAssigned(it) => {
            duty(lang, Duty::Contributor, lang.english(it.organisation.as_str()), it.from)
        }
        Measure::DutyEnded(it) => duty_ended(lang, it, people),
        Measure::CodeAssigned(it) => {
            let code = Row::first(lang, "code", coded(lang, &it.code));
            let from = it.code.from.map(|from| day(lang, "from-day", from));
            [code].into_iter().chain(from).collect()
        }
        Measure::Retitled(it) => {
            vec![Row::of(lang, "title", Some(lang.pick(&it.old)), Some(lang.pick(&it.new)))]
        }
        Measure::Tagged(it) => {
            let codes: Vec<&str> = it.codes.iter().map(Label::as_str).collect();
            let after = (!codes.is_empty()).then(|| lang.english(codes.join(", ")));
            vec![Row { what: lang.english(it.taxonomy.as_str()), before: None, after }]
        }
    })
}

fn day(lang: Lang, key: &str, day: NaiveDate) -> Row {
    Row::first(lang, key, own(lang.day(day)))
}

fn coded(lang: Lang, code: &Code) -> Written {
    lang.english(format!("{} ({})", code.code, code.scheme))
}

fn duty(lang: Lang, duty: Duty, who: Written, from: NaiveDate) -> Vec<Row> {
    let what = own(lang.word("duty", &duty).into_owned());
    vec![Row { what, before: None, after: Some(who) }, day(lang, "from-day", from)]
}

fn duty_ended(lang: Lang, it: &DutyEnded, people: &People) -> Vec<Row> {
    let organisation = it.organisation.as_ref().map(|it| lang.english(it.as_str()));
    let before = it.post.map(|post| people.post(post)).or(organisation);
    let what = own(lang.word("duty", &it.duty).into_owned());
    vec![Row { what, before, after: None }, day(lang, "until-day", it.on)]
}

fn own(text: String) -> Written {
    Written::own(text)
}

fn target(
    lang: Lang,
    key: &TargetKey,
    old: Option<&Target>,
    new: Option<&Target>,
    sides: &Sides,
) -> Row {
    let aim = |target: Option<&Target>, unit: Option<&str>| own(lang.aim(target, unit));
    let named = format!("{}: {}", lang.say("target"), lang.key(key));
    Row {
        what: own(named),
        before: Some(aim(old, sides.unit_before().or_else(|| sides.unit()))),
        after: Some(aim(new, sides.unit())),
    }
}

fn adopted(lang: Lang, it: &Adopted) -> Vec<Row> {
    let mut rows = vec![
        Row::first(lang, "title", lang.pick(&it.title)),
        Row::first(lang, "treatment", own(lang.word("treatment", &it.treatment).into_owned())),
        Row::first(lang, "looked-at", own(lang.word("looked-at", &it.level).into_owned())),
        Row::first(lang, "subject", own(lang.word("subject", &it.measures).into_owned())),
    ];
    let unit = it.definition.unit.as_ref().map(Label::as_str);
    rows.extend(it.codes.iter().map(|code| Row::first(lang, "code", coded(lang, code))));
    rows.extend(definition(lang, None, Some(&it.definition)));
    rows.extend(
        it.baseline
            .map(|baseline| Row::first(lang, "baseline", own(baselined(lang, baseline, unit)))),
    );
    rows.extend(it.targets.iter().map(|first| Row {
        what: own(format!("{}: {}", lang.say("target"), lang.key(&first.key))),
        before: None,
        after: Some(own(lang.aim(Some(&first.target), unit))),
    }));
    rows
}

fn baselined(lang: Lang, baseline: Baseline, unit: Option<&str>) -> String {
    format!("{} ({})", with_unit(baseline.value, unit), lang.period(baseline.period))
}

fn baseline(lang: Lang, new: Baseline, sides: &Sides) -> Row {
    let old = sides.before.as_ref().and_then(|known| known.line.facts.baseline.as_ref());
    let old = old.map(|old| own(baselined(lang, old.baseline, sides.unit_before())));
    Row::of(lang, "baseline", old, Some(own(baselined(lang, new, sides.unit()))))
}

fn redefined(lang: Lang, it: &DefinitionSet, sides: &Sides) -> Vec<Row> {
    let old = sides.before.as_ref().and_then(|known| known.definition.as_ref());
    let mut rows = definition(lang, old, Some(&it.definition));
    rows.extend(it.change.as_ref().map(|change| {
        Row::first(lang, "comparing", own(lang.comparability(change.comparability)))
    }));
    rows
}

/// The parts of a definition that differ.
fn definition(lang: Lang, old: Option<&Definition>, new: Option<&Definition>) -> Vec<Row> {
    let parts = |it: &Definition| -> Parts {
        let label = |text: Option<String>| text.map(|text| lang.english(text));
        let types: Vec<String> = it
            .period_types
            .iter()
            .map(|kind| lang.word("period-type", kind).into_owned())
            .collect();
        vec![
            ("unit", label(it.unit.as_ref().map(ToString::to_string))),
            ("definition-decimals", it.decimals.map(|it| own(it.to_string()))),
            ("definition-polarity", Some(own(way(lang, &it.polarity)))),
            ("definition-formula", label(it.formula.as_ref().map(ToString::to_string))),
            ("definition-numerator", label(it.numerator.as_ref().map(ToString::to_string))),
            ("definition-denominator", label(it.denominator.as_ref().map(ToString::to_string))),
            ("definition-scale", it.scale.map(|it| own(with_unit(it, None)))),
            ("definition-source", label(it.source.as_ref().map(ToString::to_string))),
            ("definition-periods", (!types.is_empty()).then(|| own(types.join(", ")))),
            (
                "definition-aggregation",
                it.aggregation.map(|it| own(lang.word("aggregation", &it).into_owned())),
            ),
            ("definition-prices", it.price_base.map(|it| own(lang.period(it)))),
            ("from-day", it.effective_from.map(|it| own(lang.day(it)))),
        ]
    };
    differing(lang, old.map(parts), new.map(parts).unwrap_or_default())
}

fn way(lang: Lang, polarity: &Polarity) -> String {
    let band = |low, high| lang.say_with("from-to", &[("from", low), ("to", high)]);
    match polarity {
        Polarity::HigherIsBetter {} => lang.say("better-higher").into_owned(),
        Polarity::LowerIsBetter {} => lang.say("better-lower").into_owned(),
        Polarity::Goldilocks { low, high } => {
            let band = band(&with_unit(*low, None), &with_unit(*high, None));
            format!("{}: {band}", lang.say("better-between"))
        }
        Polarity::None {} => lang.say("better-neither").into_owned(),
    }
}

fn reclassified(lang: Lang, it: &Reclassified) -> Vec<Row> {
    let treatment = it.treatment.map(|new| {
        let said = |it| own(lang.word("treatment", &it).into_owned());
        Row::of(lang, "treatment", it.old_treatment.map(said), Some(said(new)))
    });
    let level = it.level.map(|new| {
        let said = |it| own(lang.word("looked-at", &it).into_owned());
        Row::of(lang, "looked-at", it.old_level.map(said), Some(said(new)))
    });
    treatment.into_iter().chain(level).collect()
}

async fn placed(telling: &Telling<'_>, place: Place) -> Result<Written, Problem> {
    let id = match place {
        Place::Objective(id) => id.uuid(),
        Place::Step(id) => id.uuid(),
        Place::Area(id) => id.uuid(),
    };
    let found = telling.part_called(id).await?;
    Ok(found.unwrap_or_else(|| own(id.to_string())))
}
