//! The demo's stories as answers: a series restated, a measure dropped while it was off track, in both
//! bodies, and what looks like them beside them.

use serde_json::{Value, json};

use crate::support::program::Servers;

fn ask(servers: &Servers, ledger: &str, what: &[&str]) -> Value {
    servers.json(&[&["ask", "--ledger", ledger, "--json"][..], what].concat())
}

/// Some members of every row.
fn told(answer: &Value, members: &[&str]) -> Vec<Vec<Value>> {
    let rows = answer["rows"].as_array().unwrap().iter();
    let member =
        |row: &Value, path: &str| path.split('.').fold(row.clone(), |it, at| it[at].clone());
    rows.map(|row| members.iter().map(|path| member(row, path)).collect()).collect()
}

pub(super) fn the_other_stories_are_found(servers: &Servers) {
    a_series_was_restated(servers);
    a_rating_was_stated_otherwise(servers);
    counts_give_their_figure_or_not(servers);
    measures_were_dropped(servers);
    a_partnership_has_the_same_stories(servers);
    wrong_questions_say_what_to_do(servers);
    the_same_is_told_over_http(servers);
}

/// Every role in one process; each question over HTTP in the same bytes of JSON as on the command line.
fn the_same_is_told_over_http(servers: &Servers) {
    let both = ["--ledger", "northmoor", "--ledger", "severnside"];
    let all = ["all", "--listen", "127.0.0.1:0"];
    let (program, heard) = servers.start_and_hear(&[&all[..], &both].concat());
    let address = heard.strip_prefix("listening on ").unwrap().to_owned();
    let token = ["token", "--name", "Gwen Marsh", "--role", "internal_auditor"];
    let token = servers.fine(&[&token[..], &both].concat()).trim().to_owned();
    let over_http = |ledger: &str, path: &str| -> Value {
        let request = ureq::get(format!("{address}/api/v1/ledgers/{ledger}{path}"))
            .header("authorization", format!("Bearer {token}"));
        let mut answer = request.call().unwrap_or_else(|error| panic!("{path}: {error}"));
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    };
    let (a, b) = ("2024-06-01", "2090-01-01");
    let span = ["--from", a, "--to", b];
    let ends = ["--a", a, "--b", b];
    for (ledger, asked, path) in [
        ("northmoor", [&["changes"][..], &span].concat(), format!("/changes?from={a}&to={b}")),
        (
            "northmoor",
            [&["turned-green"][..], &ends].concat(),
            format!("/questions/turned-green?a={a}&b={b}"),
        ),
        (
            "northmoor",
            [&["targets-made-easier"][..], &span].concat(),
            format!("/questions/targets-made-easier?from={a}&to={b}"),
        ),
        (
            "severnside",
            [&["measures-dropped", "--silent"][..], &span].concat(),
            format!("/questions/measures-dropped?from={a}&to={b}&include=silent"),
        ),
        (
            "severnside",
            vec!["signed-by", "WB1", "2022"],
            "/questions/signed-by?measure=WB1&period=2022".to_owned(),
        ),
        (
            "severnside",
            vec!["baseline-moved", "WB5", "2022"],
            "/questions/baseline-moved?measure=WB5&period=2022".to_owned(),
        ),
        (
            "northmoor",
            vec!["comparable", "NM04", "FY2022-Q3", "FY2023-Q3"],
            "/questions/comparable?measure=NM04&a_period=FY2022-Q3&b_period=FY2023-Q3".to_owned(),
        ),
    ] {
        assert_eq!(over_http(ledger, &path), ask(servers, ledger, &asked), "{path}");
    }
    let (code, said) = {
        program.terminate();
        program.end(std::time::Duration::from_secs(20))
    };
    assert_eq!(code, Some(0), "{said}");
}

fn a_series_was_restated(servers: &Servers) {
    let span = ["--a", "2024-06-01", "--b", "2090-01-01"];
    let turned = ask(servers, "northmoor", &[&["turned-green"][..], &span].concat());
    let members = ["code", "period", "cause", "a.value", "b.value", "a.rating.level"];
    let row = json!(["NM04", "FY2023-Q3", "restated", "76.9", "86.3", "red"]);
    assert_eq!(json!(told(&turned, &members)), json!([row]));
    assert_eq!(turned["rows"][0]["because"][0]["reason"]["code"], "definition_change");
    // Three quarters were told anew; two of them were rated the same before.
    let differs = |code, period| {
        let question = ["figure-differs", code, period];
        ask(servers, "northmoor", &[&question[..], &span].concat())
    };
    let third = differs("NM04", "FY2023-Q3");
    assert_eq!(told(&third, &["cause", "same_exact"]), [[json!("redefined"), json!(false)]]);
    let kinds: Vec<_> =
        third["rows"][0]["steps"].as_array().unwrap().iter().map(|it| &it["kind"]).collect();
    assert_eq!(kinds, ["definition", "figure"]);
    // A near miss: a figure put right is no restatement, and one that nobody touched does not differ.
    let revised = differs("NM09", "FY2023-Q3");
    assert_eq!(told(&revised, &["cause"]), [[json!("revised")]]);
    assert_eq!(told(&differs("NM07", "FY2023-Q3"), &["cause"]), [[Value::Null]]);
    // Asked as it stood before the restatement there is nothing to find.
    let before = third["rows"][0]["steps"][0]["position"].as_u64().unwrap() - 1;
    let before = before.to_string();
    let earlier = [&["--position", &before, "turned-green"][..], &span].concat();
    assert_eq!(told(&ask(servers, "northmoor", &earlier), &["code"]), Vec::<Vec<Value>>::new());
    let comparable = ["comparable", "NM04", "FY2022-Q3", "FY2023-Q3"];
    let comparable = ask(servers, "northmoor", &comparable);
    assert_eq!(
        told(&comparable, &["verdict", "linked.change_class"]),
        [["with_care", "clarifying"]]
    );
    let csv = [&["ask", "--ledger", "northmoor", "--csv", "turned-green"][..], &span].concat();
    assert_eq!(servers.fine(&csv).lines().count(), 2);
}

fn measures_were_dropped(servers: &Servers) {
    let span = ["measures-dropped", "--from", "2024-06-01", "--to", "2090-01-01"];
    let dropped = ask(servers, "northmoor", &span);
    let members = ["code", "drop", "before.was_off_track", "before.off_track_periods"];
    let rows = json!([["NM06", "retired", true, 4], ["NM07", "level_lowered", false, 0]]);
    assert_eq!(json!(told(&dropped, &members)), rows);
    assert_eq!(dropped["totals"]["just_before"], json!({"off_track": 1, "not_off_track": 1}));
    assert_eq!(dropped["rows"][0]["act"]["post"], "Head of Environment");
    let words = [&["ask", "--ledger", "northmoor"][..], &span].concat();
    let words = servers.fine(&words);
    assert!(words.contains("off track for 4 periods in a row"), "{words}");
    // It is on no scorecard from its last day on, and what was recorded of it stands.
    let codes = |date: &str| {
        let board = ["as-at", "--ledger", "northmoor", "--known-at", date, "--json", "scorecard"];
        let board = servers.json(&board);
        let lines = board["lines"].as_array().unwrap().iter();
        lines.map(|line| line["measure"]["codes"][0]["code"].clone()).collect::<Vec<_>>()
    };
    assert!(codes("2024-03-01").contains(&json!("NM06")));
    assert!(!codes("2090-01-01").contains(&json!("NM06")));
    let old = ["as-at", "--ledger", "northmoor", "--json", "measure", "NM06"];
    assert_eq!(servers.json(&old)["series"].as_array().unwrap().len(), 11);
}

fn a_rating_was_stated_otherwise(servers: &Servers) {
    let overridden = ask(servers, "northmoor", &["overridden"]);
    let rows: Vec<&Value> = overridden["rows"].as_array().unwrap().iter().collect();
    let stated = rows.iter().filter(|row| row["class"] == "overridden");
    let stated: Vec<Value> = stated
        .map(|row| {
            json!([
                row["code"],
                row["computed"]["level"],
                row["stated"]["level"],
                row["stated_is"],
                row["standing"],
                row["post"]
            ])
        })
        .collect();
    let who = "Director of Resources";
    let standing = json!(["NM05", "red", "amber", "better", "in_force", who]);
    // A near miss: the figure of this one was revised, and the rule rates it again.
    let ended = json!(["NM08", "amber", "green", "better", "ended", who]);
    assert_eq!(stated, [standing, ended]);
    let ended_by = rows.iter().find(|row| row["code"] == "NM08").unwrap()["ended_by"].as_u64();
    let revised = servers.json(&[
        "as-at",
        "--ledger",
        "northmoor",
        "--json",
        "submission",
        "NM08",
        "FY2023-Q3",
    ]);
    assert_eq!(revised["submission"]["headline"]["position"].as_u64(), ended_by);
    assert_eq!(revised["line"]["rating"]["level"], "amber");
    // Before anybody stated it, nothing was.
    let first = rows[0]["position"].as_u64().unwrap() - 1;
    let before = ask(servers, "northmoor", &["--position", &first.to_string(), "overridden"]);
    assert_eq!(before["totals"]["by_standing"], json!({}));
}

fn counts_give_their_figure_or_not(servers: &Servers) {
    let again = |period: &str| ask(servers, "northmoor", &["re-perform", "NM05", period]);
    let members = ["verdict", "recomputed", "stored"];
    assert_eq!(told(&again("FY2023-Q4"), &members), [["differs", "9.48", "9.28"]]);
    assert_eq!(told(&again("FY2023-Q3"), &members), [["agrees", "6.93", "6.93"]]);
    assert_eq!(told(&again("FY2023-Q2"), &["why_not"]), [["no_numerator"]]);
}

fn a_partnership_has_the_same_stories(servers: &Servers) {
    let dropped = ["measures-dropped", "--from", "2024-06-01", "--to", "2090-01-01"];
    let dropped = ask(servers, "severnside", &dropped);
    let rows = json!([["WB2", "retired", true], ["WB3", "treatment_lowered", null]]);
    let members = ["code", "drop", "before.was_off_track"];
    assert_eq!(json!(told(&dropped, &members)), rows);
    let easier = ["targets-made-easier", "--from", "2024-06-01", "--to", "2090-01-01"];
    let easier = ask(servers, "severnside", &easier);
    let members = ["code", "rating_before.level", "rating_after.level", "became_met"];
    assert_eq!(json!(told(&easier, &members)), json!([["WB4", "not_yet", "met", true]]));
    assert!(easier["rows"][0]["restored_at"].is_u64());
    let signed = ask(servers, "severnside", &["signed-by", "WB1", "2022"]);
    assert_eq!(signed["totals"]["by_state"], json!({"lapsed": 2}));
    // The emissions of 2022 missed their target until the inventory was recalculated.
    let target = ask(servers, "severnside", &["who-changed-target", "WB5"]);
    let aimed = target["rows"][0]["position"].as_u64().unwrap().to_string();
    let turned = ["turned-green", "--a", &aimed, "--b", "2090-01-01"];
    let turned = ask(servers, "severnside", &turned);
    let members = ["code", "period", "cause", "a.value", "b.value"];
    let row = json!(["WB5", "2022", "restated", "5.2", "4.9"]);
    assert_eq!(json!(told(&turned, &members)), json!([row]));
    let moved = ask(servers, "severnside", &["baseline-moved", "WB5", "2022"]);
    assert_eq!(moved["rows"][0]["progress"][3]["share"], "1.1");
    let overridden = ask(servers, "severnside", &["overridden"]);
    assert_eq!(told(&overridden, &["code"]), Vec::<Vec<Value>>::new());
    let again = ask(servers, "severnside", &["re-perform", "WB5", "2022"]);
    assert_eq!(told(&again, &["verdict", "why_not"]), [["cannot", "no_numerator"]]);
}

fn wrong_questions_say_what_to_do(servers: &Servers) {
    let ends = ["--a", "1", "--b", "999999"];
    let differs = [&["figure-differs", "NM04", "FY2023-Q3"][..], &ends].concat();
    for (what, words) in [
        (&["turned-green", "--a", "yesterday", "--b", "5"][..], "is not a moment: give a date"),
        (&["measures-dropped", "--from", "2024-06-01"], "give --from and --to"),
        (&["baseline-moved", "NM99", "FY2023-Q3"], "no measure was called `NM99`"),
        (&differs, "position 999999 was asked for"),
        (&["re-perform", "NM04", "FY2023-Q3", "--file", "there is no such file"], "no such file"),
    ] {
        servers.run(&[&["ask", "--ledger", "northmoor"], what].concat()).refused_with(words);
    }
}
