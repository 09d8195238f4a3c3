//! Files that are wrong or odd, and rehearsals: what is said, and that nothing is recorded.

use super::{Body, RETURN};
use crate::support::program::{Ran, Servers, block_on};
use crate::support::raw;

#[track_caller]
fn no_stream_was_made(servers: &Servers, body: &Body) {
    let length =
        block_on(async { raw::length(&raw::client(servers, "owner").await, &body.ledger).await });
    assert_eq!(length, None, "there is a stream");
}

/// A line of a table: these words in this order.
#[track_caller]
fn says(ran: &Ran, words: &[&str]) {
    let said = format!("{}{}", ran.out, ran.err);
    let holds = |line: &str| {
        let mut rest = line;
        words.iter().all(|word| match rest.split_once(word) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    };
    assert!(said.lines().any(holds), "{words:?} do not stand in a line of: {said}");
}

#[test]
fn a_wrong_file_is_shown_with_line_column_value_and_what_would_be_right() {
    let servers = Servers::shared();
    let row = "NM03,Homelessness prevented for six months or more,Q1 2021/22,61.7,%";
    let with = |from: &str, to: &str| row.replace(from, to);
    let twice = format!("{row},65,Red,final,\n{row}");
    let cases = [
        (row, with("61.7", "sixty"), vec!["12", "Value", "sixty", "not a number", "write digits"]),
        (row, with("Q1 2021", "Q7 2021"), vec!["12", "Period", "Q7 2021/22", "not a period", "Q4"]),
        (row, twice, vec!["13", "NM03", "FY2021-Q1 stands on line 12 already", "keep one of"]),
        (
            "Period,Value,Unit",
            "Period,Figure,Unit".to_owned(),
            vec!["1", "Figure", "the mapping does not say what this column is", "ignore"],
        ),
    ];
    for (from, to, words) in cases {
        let body = Body::new();
        body.edit(RETURN, from, &to);
        let ran = servers.run(&["move-in", &body.plan()]);
        ran.refused_with("is not recorded");
        says(&ran, &["line", "column", "value", "what is wrong", "what would be right"]);
        says(&ran, &words);
        no_stream_was_made(&servers, &body);
    }
}

#[test]
fn an_odd_figure_needs_to_be_let_through() {
    let servers = Servers::shared();
    let body = Body::new();
    body.edit(RETURN, "Q4 2021/22,64.4,%", "Q4 2021/22,644,%");
    let ran = servers.run(&["move-in", &body.plan()]);
    ran.refused_with("--allow-odd");
    assert_eq!(ran.code, Some(1));
    says(&ran, &["15", "FY2021-Q4", "644", "above one hundred", "check it with its source"]);
    no_stream_was_made(&servers, &body);
    servers.fine(&["move-in", &body.plan(), "--allow-odd"]);
    let question = ["--known-at", "2022-08-12", "submission", "NM03", "FY2021-Q4"];
    let answer = servers.json(&body.asked(&question));
    assert_eq!(answer["line"]["headline"]["value"], "644");
    let oddities = answer["submission"]["cells"][0]["oddities"].to_string();
    assert!(oddities.contains("over_hundred_percent"), "{answer}");
}

#[test]
fn a_dry_run_shows_what_would_be_recorded_and_records_nothing() {
    let servers = Servers::shared();
    let body = Body::new();
    let said = servers.fine(&["move-in", &body.plan(), "--dry-run"]);
    assert!(said.contains("rows read") && said.contains("nothing was recorded"), "{said}");
    no_stream_was_made(&servers, &body);
}

#[test]
fn a_plan_is_found_from_the_folder_that_it_lies_in() {
    let servers = Servers::shared();
    let body = Body::new();
    let mut command = servers.piperoll(&["move-in", "plan.toml", "--dry-run"]);
    let output = command.current_dir(body.file(".")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
