//! The second opinion and the scorecard's own answers: what a reader of a page would be told.

use std::collections::BTreeMap;

use piperoll_events::Position;
use piperoll_projections::READ_MODELS;
use piperoll_projections::runtime::pool;
use piperoll_projections::score::{Figure, Rating, rate};
use piperoll_projections::scorecard::{Filter, Headline, Reader};

use super::ground::{Ground, Kept};
use super::histories::{Forgery, History};
use super::makers::PERIODS;
use super::over_histories;
use crate::naive::Reading;
use crate::naive::period::days;
use crate::naive::rating::rating;
use crate::naive::scorecard::{Breakdown, Standing};

#[test]
fn the_second_opinion_rates_every_headline_as_the_scorecard_does() {
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        let (reading, kept, reader) = both(ground, &history, &sizes).await;
        for at in [history.head().0 / 3, history.head().0 / 2, history.head().0] {
            let naive = reading.at(at);
            for period in PERIODS {
                let lines = reader
                    .scorecard(Position(at), Some(period.parse().unwrap()), &Filter::default())
                    .await
                    .unwrap();
                let told: BTreeMap<String, String> = lines
                    .iter()
                    .map(|line| {
                        let figure =
                            line.headline.as_ref().map_or(Figure::Missing, Headline::figure);
                        let target = line.target.as_ref().and_then(|target| target.level);
                        let rule = line.rule.as_ref().and_then(|rule| rule.rule.as_ref());
                        let rated = rate(figure, target, &line.terms().unwrap(), rule);
                        (line.measure.measure.to_string(), word(&rated))
                    })
                    .collect();
                let second: BTreeMap<String, String> = naive
                    .measures
                    .keys()
                    .map(|id| (id.clone(), rating(&naive, id, period, &Breakdown::new())))
                    .collect();
                assert_eq!(told, second, "{period} as at {at}");
            }
        }
        ground.give(kept);
    });
}

/// Periods with the one just before and the one a year earlier, put down by hand.
const LOOKED_BACK: [(&str, &str, &str); 4] = [
    ("FY2021-Q1", "FY2020-Q4", "FY2020-Q1"),
    ("FY2021", "FY2020", "FY2020"),
    ("2010..2012", "2009..2011", "2009..2011"),
    ("2021", "2020", "2020"),
];

#[test]
fn directions_look_back_to_the_figures_that_the_second_opinion_has() {
    let looked_back = std::sync::atomic::AtomicUsize::new(0);
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        let (reading, kept, reader) = both(ground, &history, &sizes).await;
        for at in [history.head().0 / 2, history.head().0] {
            let naive = reading.at(at);
            let figure = |measure: &str, period: &str| {
                let submission = naive.submissions.get(&(measure.to_owned(), period.to_owned()))?;
                submission.cells.get(&Breakdown::new())?.value.clone()
            };
            for (period, previous, year_earlier) in LOOKED_BACK {
                let asked = Some(period.parse().unwrap());
                let lines = reader.scorecard(Position(at), asked, &Filter::default()).await;
                for line in lines.unwrap() {
                    let measure = line.measure.measure.to_string();
                    let told = [line.previous, line.year_earlier]
                        .map(|found| found.and_then(|found| found.value).map(|v| v.to_string()));
                    let second = [figure(&measure, previous), figure(&measure, year_earlier)];
                    assert_eq!(told, second, "{measure} {period} as at {at}");
                    let found = told.iter().flatten().count();
                    looked_back.fetch_add(found, std::sync::atomic::Ordering::Relaxed);
                }
            }
        }
        ground.give(kept);
    });
    let found = looked_back.into_inner();
    assert!(found > 0, "no history had an earlier figure, which proves nothing");
}

#[test]
fn without_a_period_each_measure_is_shown_at_the_latest_that_stands() {
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        let (reading, kept, reader) = both(ground, &history, &sizes).await;
        for at in [history.head().0 / 2, history.head().0] {
            let naive = reading.at(at);
            let lines = reader.scorecard(Position(at), None, &Filter::default()).await.unwrap();
            for line in lines {
                let measure = line.measure.measure.to_string();
                let stands = naive.submissions.iter().filter(|((of, period), submission)| {
                    *of == measure && !period.is_empty() && submission.state != Standing::Withdrawn
                });
                // What ends last comes last; of two that end together, what begins later.
                let latest = stands.filter_map(|((_, period), _)| days(period));
                let latest = latest.max_by_key(|(starts, ends)| (*ends, *starts));
                let told = line.headline.is_some().then_some(line.period).flatten();
                assert_eq!(told.map(piperoll_events::Period::days), latest, "{measure} as at {at}");
            }
        }
        ground.give(kept);
    });
}

#[test]
fn every_cell_of_the_ledger_is_told_as_the_second_opinion_has_it() {
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        let (reading, kept, reader) = both(ground, &history, &sizes).await;
        for at in [history.head().0 / 2, history.head().0] {
            let mut told = BTreeMap::new();
            let take = |cell: piperoll_projections::scorecard::LedgerCell| {
                let key =
                    (cell.measure.to_string(), cell.period.to_string(), cell.breakdown.to_string());
                let parts = [cell.value, cell.numerator, cell.denominator];
                let parts = parts.map(|part| part.map(|part| part.to_string()));
                assert!(told.insert(key, parts).is_none(), "a cell is told twice");
            };
            reader.all_cells(Position(at), take).await.unwrap();
            let naive = reading.at(at);
            let mut second = BTreeMap::new();
            for ((measure, period), submission) in &naive.submissions {
                for (part, cell) in &submission.cells {
                    let key = (measure.clone(), period.clone(), super::opinions::part(part));
                    let parts = [&cell.value, &cell.numerator, &cell.denominator];
                    second.insert(key, parts.map(Clone::clone));
                }
            }
            assert_eq!(told, second, "as at {at}");
        }
        ground.give(kept);
    });
}

/// A history read by the second opinion, and kept in tables with who reads them.
async fn both(ground: &Ground, history: &History, sizes: &[usize]) -> (Reading, Kept, Reader) {
    let kept = ground.take(history.ledger, READ_MODELS[0]).await;
    kept.follow(history.batches(0, sizes)).await.unwrap();
    let reader = Reader::new(pool(&kept.url, 1).unwrap(), kept.schema.clone());
    (Reading::of(history.bodies()), kept, reader)
}

fn word(rating: &Rating) -> String {
    let said = serde_json::to_value(rating).unwrap();
    said["level"].as_str().or(said["rating"].as_str()).unwrap().to_owned()
}
