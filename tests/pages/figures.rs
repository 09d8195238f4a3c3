//! What a measure's page makes of its figures: units of their time, breaks, breakdowns, long reasons.

use serde_json::{Value, json};

use super::page;
use crate::routes::{MOST, Served};

/// Somebody who enters figures of one measure and looks at its page.
struct Desk {
    served: Served,
    token: String,
    measure: String,
}

impl Desk {
    fn of(code: &str) -> Self {
        let served = Served::new();
        let token = served.token("Rhys Calder", MOST);
        let found = served.get(&token, &served.at(&format!("/measures/{code}"))).fine();
        let measure = found["line"]["measure"]["measure"].as_str().unwrap().to_owned();
        Self { served, token, measure }
    }

    /// An act on the measure; where it stands.
    #[track_caller]
    fn acts(&self, path: &str, body: &Value) -> u64 {
        let length = self.served.length();
        let path = self.served.at(&format!("/measures/{}/{path}", self.measure));
        let key = format!("act-{length}");
        let acted = self.served.post(&self.token, &path, (&key, Some(length)), body).accepted();
        acted["position"].as_u64().unwrap()
    }

    /// The page, once it shows what stands at a position, without its markup.
    fn reads(&self, language: &str, query: &str, upto: u64) -> String {
        let seen = format!("/measures/{}?min_position={upto}", self.measure);
        self.served.get(&self.token, &self.served.at(&seen)).fine();
        let prefix = if language == "cy" { "/cy" } else { "" };
        let (ledger, measure) = (&self.served.body.ledger, &self.measure);
        let path = format!("{prefix}/{ledger}/measures/{measure}{query}");
        let text = page(&self.served.get(&self.token, &path), 200, language);
        assert!(text.len() < 100_000, "{path} has {} bytes", text.len());
        text
    }
}

/// What a page says, without its markup.
fn plain(text: &str) -> String {
    let words: Vec<&str> =
        text.split('<').filter_map(|piece| Some(piece.split_once('>')?.1)).collect();
    let text = words.join(" ").replace("&#39;", "'").replace("&#38;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn holds(text: &str, words: &[&str]) {
    let text = plain(text);
    for word in words {
        assert!(text.contains(word), "no `{word}` in: {text}");
    }
}

fn reason() -> Value {
    json!({ "code": "unit_or_scale", "text": "Told as a share from here on." })
}

#[test]
fn a_figure_keeps_the_unit_it_was_told_in_and_the_line_breaks_where_the_unit_does() {
    let desk = Desk::of("NM03");
    let before = desk.reads("en", "", 0);
    holds(&before, &["66.4%"]);
    assert!(!before.contains("piperoll-chart__break"), "{before}");
    let definition = json!({ "unit": "of one", "polarity": { "kind": "higher_is_better" },
        "decimals": 3 });
    let defined = json!({ "factor": "0.01",
        "fact": { "definition": definition, "reason": reason() } });
    let redefined = desk.acts("set-definition", &defined);
    // Nothing was told anew: what stood stands, in the unit of its time.
    let same = desk.reads("en", "", redefined);
    holds(&same, &["66.4%", "Unit: of one"]);
    assert!(!plain(&same).contains("66.400 of one"), "{same}");
    let submit = json!({ "cells": [{ "value": "0.67125" }] });
    let told = desk.acts("submissions/FY2023-Q4/submit", &submit);
    for (language, compares, exactly) in [
        ("en", "The period before compares once multiplied by 0.01", "(exactly 0.67125 of one)"),
        (
            "cy",
            "Gellir cymharu'r cyfnod blaenorol ar ôl ei luosi â 0.01",
            "(yn union: 0.67125 of one)",
        ),
    ] {
        let after = desk.reads(language, "?period=FY2023-Q4", told);
        holds(&after, &["66.4%", "0.671 of one", compares, exactly]);
        assert_eq!(after.matches("piperoll-chart__break").count(), 1, "{after}");
    }
    let ledger = &desk.served.body.ledger;
    let board = desk.served.get(&desk.token, &format!("/{ledger}/scorecard"));
    holds(&page(&board, 200, "en"), &["0.671 of one"]);
    let board = format!("/{ledger}/scorecard?position={redefined}");
    holds(&page(&desk.served.get(&desk.token, &board), 200, "en"), &["66.4%"]);
    // The page of the act says what it changed from what to what.
    let act = desk.served.get(&desk.token, &format!("/{ledger}/acts/{redefined}"));
    holds(
        &page(&act, 200, "en"),
        &["Definition changed", "Unit % of one", "once multiplied by 0.01"],
    );
}

#[test]
fn the_parts_of_a_population_stand_in_a_table_and_their_absence_in_words() {
    let desk = Desk::of("NM03");
    holds(&desk.reads("en", "", 0), &["Nothing is recorded for parts of the population"]);
    holds(
        &desk.reads("cy", "", 0),
        &["Nid oes dim wedi'i gofnodi ar gyfer rhannau o'r boblogaeth"],
    );
    let part = |code: &str| json!([{ "taxonomy": "age_group", "code": code }]);
    let cells = json!([
        { "value": "67.1", "status": "provisional" },
        { "breakdown": part("under_25"), "value": "51.2", "status": "provisional" },
        { "breakdown": part("25_and_over"), "status_as_reported": "c", "numerator": "3" },
    ]);
    let at = desk.acts("submissions/FY2023-Q4/submit", &json!({ "cells": cells }));
    let page = desk.reads("en", "?period=FY2023-Q4", at);
    holds(
        &page,
        &["Parts of the population", "age group: under 25 51.2% provisional", "no figure c"],
    );
    let withheld = json!({ "state": "withheld_pending_validation" });
    let at = desk.acts("submissions/FY2024-Q1/declare-no-value", &withheld);
    holds(
        &desk.reads("en", "?period=FY2024-Q1", at),
        &["No part of the population has a figure: kept back until checked."],
    );
}

#[test]
fn a_page_with_many_long_reasons_keeps_within_its_size_and_leads_to_every_word() {
    let desk = Desk::of("NM03");
    let long = |n: u64| format!("Reason {n}: {}end {n}.", "counted again. ".repeat(264));
    assert!(long(41).len() > 3_950 && long(41).len() < 4_050);
    let mut upto = 0;
    let of = |verb: &str| format!("submissions/FY2023-Q4/{verb}");
    desk.acts(&of("submit"), &json!({ "cells": [{ "value": "50" }] }));
    for n in 1..=41 {
        let reason = json!({ "code": "late_data", "text": long(n) });
        let changed = json!([{ "value": format!("50.{n}") }]);
        let revise = json!({ "changed": changed, "removed": [], "reason": reason });
        upto = desk.acts(&of("revise"), &revise);
    }
    for language in ["en", "cy"] {
        let whole = desk.reads(language, "?period=FY2023-Q4", upto);
        println!("41 versions with 4,000 letters each: {} bytes ({language})", whole.len());
        holds(&whole, &["Reason 41: counted", "end 41.", "Reason 2: counted"]);
        assert!(!plain(&whole).contains("end 2."), "{whole}");
    }
    // What has no room is told on the page as at its event, and so are earlier versions.
    let (ledger, measure) = (&desk.served.body.ledger, &desk.measure);
    let second = upto - 39;
    let query = format!("?position={second}&period=FY2023-Q4");
    let link = format!("/{ledger}/measures/{measure}{}#versions", query.replace('&', "&#38;"));
    assert!(desk.reads("en", "?period=FY2023-Q4", upto).contains(&link), "no {link}");
    holds(&desk.reads("en", &query, upto), &["end 2.", "Reason 1: counted"]);
}
