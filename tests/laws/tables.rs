//! The scorecard's tables at a position, line by line, asked in the plainest SQL that there is: of
//! each key the last row that stands at or before it.

use std::collections::BTreeMap;

use piperoll_events::Position;
use piperoll_projections::scorecard::Key;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::ground::Kept;
use super::opinions::{Said, part};
use crate::naive::scorecard::{Breakdown, Cell};

const STATES: [&str; 6] = [
    "awaiting_source",
    "not_applicable",
    "not_collected",
    "discontinued",
    "suppressed_at_source",
    "withheld_pending_validation",
];
const TIERS: [&str; 3] = ["expected", "minimum", "stretch"];
const FIGURES: [&str; 3] = ["provisional", "final", "estimate"];
const KINDS: [&str; 4] = ["framework", "objective", "step", "area"];
const PLACES: [&str; 3] = ["objective", "step", "area"];

/// What the tables say at a position.
pub(crate) async fn said(kept: &Kept, at: Position) -> Said {
    let mut tables = Tables { kept, at: i64::try_from(at.0).unwrap(), said: Said::new() };
    tables.structure().await;
    tables.measures().await;
    tables.targets().await;
    tables.submissions().await;
    tables.said
}

struct Tables<'a> {
    kept: &'a Kept,
    at: i64,
    said: Said,
}

impl Tables<'_> {
    fn say(&mut self, key: String, line: String) {
        let before = self.said.insert(key, line);
        assert_eq!(before, None, "a line is said twice");
    }

    /// Of each `key` in `table` the last row at or before the position.
    async fn last(&self, columns: &str, table: &str, key: &str) -> Vec<Row> {
        let text = format!(
            "select distinct on ({key}) {columns} from @.{table} where position <= $1
             order by {key}, position desc"
        );
        self.kept.client.query(&self.kept.schema.sql(&text), &[&self.at]).await.unwrap()
    }

    async fn structure(&mut self) {
        let columns = "kind, id, valid_from::text";
        let ended = self.last(columns, "part_ending", "kind, id").await;
        let ended: BTreeMap<(i16, String), String> =
            ended.iter().map(|row| ((row.get(0), id(row, 1)), row.get(2))).collect();
        for row in self.last("kind, id, code, title::text", "structure", "kind, id").await {
            let kind = word(&KINDS, row.get(0));
            let (id, code) = (id(&row, 1), row.get::<_, Option<String>>(2).unwrap_or_default());
            let title = json(&row, 3).unwrap();
            if kind == "framework" {
                self.say(format!("framework/{id}/title"), title.to_string());
            } else {
                let ended = ended.get(&(row.get(0), id.clone())).map_or("open", String::as_str);
                self.say(format!("{kind}/{id}"), format!("{code} {title} {ended}"));
            }
        }
        let columns = "framework, state, encode(file_digest, 'hex')";
        for row in self.last(columns, "amendment", "framework").await {
            if row.get::<_, i16>(1) == 1 {
                self.say(format!("framework/{}/amending", id(&row, 0)), row.get(2));
            }
        }
        // A rule stands until another is set, or none.
        let text = "select distinct on (framework) framework, position, rule::text from @.rule
            where position <= $1 order by framework, position desc";
        let rows = self.kept.client.query(&self.kept.schema.sql(text), &[&self.at]).await.unwrap();
        for row in rows {
            let at: i64 = row.get(1);
            let Some(rule) = json(&row, 2) else { continue };
            self.say(format!("framework/{}/rule", id(&row, 0)), format!("{at} {rule}"));
        }
    }

    async fn measures(&mut self) {
        let titles = self.last("measure, title::text", "measure_text", "measure").await;
        let titles: BTreeMap<String, Value> =
            titles.iter().map(|row| (id(row, 0), json(row, 1).unwrap())).collect();
        for row in self.last("measure, framework", "measure", "measure").await {
            let measure = id(&row, 0);
            self.say(format!("measure/{measure}"), format!("{} {}", id(&row, 1), titles[&measure]));
        }
        let columns = "measure, position, definition::text";
        for row in self.last(columns, "definition_text", "measure").await {
            let (at, definition): (i64, _) = (row.get(1), json(&row, 2).unwrap());
            self.say(format!("measure/{}/definition", id(&row, 0)), format!("{at} {definition}"));
        }
        for row in self.last("measure, period, value::text", "baseline", "measure").await {
            let (period, value): (_, String) = (period(&row, 1), row.get(2));
            self.say(format!("measure/{}/baseline", id(&row, 0)), format!("{period} {value}"));
        }
        for row in self.last("measure, scheme, code", "code", "measure, scheme").await {
            let scheme: String = row.get(1);
            self.say(format!("measure/{}/code/{scheme}", id(&row, 0)), row.get(2));
        }
        let columns = "measure, kind, place, removed";
        for row in self.last(columns, "placement", "measure, kind, place").await {
            if row.get(3) {
                continue;
            }
            let kind = word(&PLACES, row.get(1));
            self.say(
                format!("measure/{}/place/{kind}/{}", id(&row, 0), id(&row, 2)),
                String::new(),
            );
        }
    }

    async fn targets(&mut self) {
        let parts = self.parts().await;
        let columns = "measure, span, breakdown, tier, position, happened, target::text";
        let key = "measure, span, breakdown, tier";
        for row in self.last(columns, "target_text", key).await {
            if row.get::<_, i16>(5) == 3 {
                continue;
            }
            let (span, tier) = (period(&row, 1), word(&TIERS, row.get(3)));
            let part = part(&parts[&row.get::<_, Uuid>(2)]);
            let key = format!("measure/{}/target/{span}/{part}/{tier}", id(&row, 0));
            let (at, target): (i64, _) = (row.get(4), json(&row, 6).unwrap());
            self.say(key, format!("{at} {target}"));
        }
    }

    async fn submissions(&mut self) {
        let columns = "measure, period, position, content_from, state, no_value, value::text,
                       numerator::text, denominator::text, status";
        let notes = self.notes().await;
        let mut standing = BTreeMap::new();
        for row in self.last(columns, "submission", "period, measure").await {
            let (measure, period): (Uuid, _) = (row.get(0), period(&row, 1));
            let key = format!("submission/{}/{period}", measure.simple());
            let (at, since): (i64, i64) = (row.get(2), row.get(3));
            match row.get::<_, i16>(4) {
                3 => self.say(key, "withdrawn".to_owned()),
                2 => {
                    let state = word(&STATES, row.get(5));
                    self.say(key, format!("{state} since {since}"));
                    if period.is_empty() {
                        self.say(format!("absent/{}", measure.simple()), state);
                    }
                }
                state => {
                    self.say(key.clone(), format!("figures since {since}"));
                    if state == 1 {
                        let note = notes.get(&(measure, period.clone(), Uuid::nil(), at)).cloned();
                        self.say(format!("{key}/cell/"), cell(&row, 6, note));
                    }
                    standing.insert((measure, period), since);
                }
            }
        }
        self.cells(&standing, &notes).await;
        self.words(&standing).await;
    }

    async fn cells(&mut self, standing: &Standing, notes: &Notes) {
        let parts = self.parts().await;
        let columns = "measure, period, breakdown, position, content_from, removed, value::text,
                       numerator::text, denominator::text, status";
        for row in self.last(columns, "cell", "measure, period, breakdown").await {
            let (measure, period, breakdown): (Uuid, _, Uuid) =
                (row.get(0), period(&row, 1), row.get(2));
            let (at, since): (i64, i64) = (row.get(3), row.get(4));
            let removed: bool = row.get(5);
            let key = (measure, period.clone());
            if !removed && standing.get(&key) == Some(&since) {
                let note = notes.get(&(measure, period.clone(), breakdown, at)).cloned();
                let key = format!("submission/{}/{period}/cell/", measure.simple());
                self.say(format!("{key}{}", part(&parts[&breakdown])), cell(&row, 6, note));
            }
        }
    }

    async fn words(&mut self, standing: &Standing) {
        for (table, what) in [("reported_rating", "rating"), ("commentary", "text::text")] {
            let columns = format!("measure, period, position, content_from, {what}");
            for row in self.last(&columns, table, "measure, period").await {
                let (measure, period): (Uuid, _) = (row.get(0), period(&row, 1));
                let key = format!("submission/{}/{period}", measure.simple());
                let (at, since): (i64, i64) = (row.get(2), row.get(3));
                let said: Option<String> = row.get(4);
                let Some(said) = said.filter(|_| standing.get(&(measure, period)) == Some(&since))
                else {
                    continue;
                };
                if table == "commentary" {
                    self.say(format!("{key}/commentary"), at.to_string());
                } else {
                    self.say(format!("{key}/rating"), said);
                }
            }
        }
    }

    /// What stood beside cells, by the position that said it.
    async fn notes(&self) -> Notes {
        let text = "select measure, period, breakdown, position, status_as_reported
                    from @.cell_note where position <= $1";
        let rows = self.kept.client.query(&self.kept.schema.sql(text), &[&self.at]).await.unwrap();
        let noted = rows.iter().filter_map(|row| {
            Some((
                (row.get(0), period(row, 1), row.get(2), row.get(3)),
                row.get::<_, Option<String>>(4)?,
            ))
        });
        noted.collect()
    }

    async fn parts(&self) -> BTreeMap<Uuid, Breakdown> {
        let mut parts: BTreeMap<Uuid, Breakdown> = [(Uuid::nil(), Vec::new())].into();
        for row in self.last("breakdown, tags::text", "breakdown", "breakdown").await {
            let tags = json(&row, 1).unwrap();
            let word = |tag: &Value, name: &str| tag[name].as_str().unwrap().to_owned();
            let tags = tags.as_array().unwrap().iter();
            let tags = tags.map(|tag| (word(tag, "taxonomy"), word(tag, "code"))).collect();
            parts.insert(row.get(0), tags);
        }
        parts
    }
}

/// Where the content that stands began, by measure and period.
type Standing = BTreeMap<(Uuid, String), i64>;
type Notes = BTreeMap<(Uuid, String, Uuid, i64), String>;

fn cell(row: &Row, from: usize, status_as_reported: Option<String>) -> String {
    let cell = Cell {
        value: row.get(from),
        numerator: row.get(from + 1),
        denominator: row.get(from + 2),
        status: row.get::<_, Option<i16>>(from + 3).map(|n| word(&FIGURES, Some(n))),
        status_as_reported,
    };
    format!("{cell:?}")
}

fn word(words: &[&str], number: Option<i16>) -> String {
    words[usize::try_from(number.unwrap()).unwrap() - 1].to_owned()
}

fn id(row: &Row, column: usize) -> String {
    row.get::<_, Uuid>(column).simple().to_string()
}

/// A period as people write it; nothing for the measure as a whole.
fn period(row: &Row, column: usize) -> String {
    Key::kept(row.get(column)).period().map(|period| period.to_string()).unwrap_or_default()
}

fn json(row: &Row, column: usize) -> Option<Value> {
    serde_json::from_str(row.get::<_, Option<&str>>(column)?).ok()
}
