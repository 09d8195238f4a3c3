//! Arguments of the command line: refused by name, printed without harm.

use crate::journeys::Body;
use crate::support::program::Servers;

const HARMFUL: [&str; 5] =
    ["\u{1b}[31mred", "two\nlines", "\u{202E}drow", "bell\u{7}", "back\u{8}\u{8}\u{8}\u{8}"];

#[test]
fn a_ledger_name_that_is_none_is_refused_before_anything_is_asked() {
    let servers = Servers::shared();
    let long = "a".repeat(32);
    for name in [
        "",
        "a",
        "A1",
        "1a",
        "a.b",
        "a.>",
        "*",
        ">",
        "a b",
        "a/b",
        "../a",
        "a_b",
        "a-b",
        "a\nb",
        "a;drop schema x",
        "a'",
        "a\"",
        "é1",
        "api",
        "cy",
        &long,
    ] {
        for asked in [
            vec!["events", "list", "--ledger", name],
            vec!["as-at", "--ledger", name, "scorecard"],
            vec!["ask", "--ledger", name, "who-changed-target", "NM02"],
            vec!["doctor", "--ledger", name],
            vec!["framework", "show", "--ledger", name],
        ] {
            let ran = servers.run(&asked);
            assert_eq!(ran.code, Some(2), "`{name}`: {ran:?}");
            assert!(ran.err.contains("--ledger"), "{ran:?}");
        }
    }
}

#[test]
fn a_moment_a_position_or_a_period_that_is_none_is_refused() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    for (option, value) in [
        ("--known-at", "2023-02-29"),
        ("--known-at", "2022-06-01T09:30:00"),
        ("--known-at", "yesterday"),
        ("--known-at", "2022-06-01; select 1"),
        ("--known-at", "999999-01-01"),
        ("--position", "-1"),
        ("--position", "1.0"),
        ("--position", "18446744073709551616"),
        ("--position", "18446744073709551615"),
        ("--position", "1000000"),
    ] {
        let option = format!("{option}={value}");
        let ran = servers.run(&["as-at", "--ledger", &body.ledger, &option, "scorecard"]);
        assert_eq!(ran.code, Some(2), "{option}: {ran:?}");
        let who = ["who-changed-target", "NM02"];
        let ran = servers.run(&[&["ask", "--ledger", &body.ledger, &option], &who[..]].concat());
        assert_eq!(ran.code, Some(2), "{option}: {ran:?}");
        let ran = servers.run(&["framework", "show", "--ledger", &body.ledger, &option]);
        assert_eq!(ran.code, Some(2), "{option}: {ran:?}");
    }
    for period in ["FY2023-Q5", "FY2023-Q0", "2023-13", "FY99999", "2010..2009", "Q1", "%"] {
        let ran =
            servers.run(&["as-at", "--ledger", &body.ledger, "scorecard", "--period", period]);
        assert_eq!(ran.code, Some(2), "{period}: {ran:?}");
    }
}

#[test]
fn a_code_or_an_entity_that_is_none_is_refused() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    for (from, to) in [("2023-02-29", "2024-01-01"), ("2024-01-02", "2024-01-01"), ("x", "y")] {
        let asked = ["targets-made-easier", "--from", from, "--to", to];
        let ran = servers.run(&[&["ask", "--ledger", &body.ledger], &asked[..]].concat());
        assert_eq!(ran.code, Some(2), "{from} to {to}: {ran:?}");
    }
    for code in ["NM99", "NM03' or true --", "%", "*", ""] {
        let ran = servers.run(&["as-at", "--ledger", &body.ledger, "measure", code]);
        assert_eq!(ran.code, Some(2), "{code}: {ran:?}");
        assert!(ran.err.contains("no measure was called"), "{ran:?}");
    }
    for entity in ["treasure", "measure/..", "measure/>", "measure.x", "*"] {
        let ran = servers.run(&["events", "list", "--ledger", &body.ledger, "--entity", entity]);
        assert_eq!(ran.code, Some(2), "{entity}: {ran:?}");
    }
    for position in ["0", "100000", "-1", "x"] {
        let ran = servers.run(&["events", "show", "--ledger", &body.ledger, "--", position]);
        assert_eq!(ran.code, Some(2), "{position}: {ran:?}");
    }
}

#[test]
fn what_is_asked_is_never_printed_as_a_command_to_the_terminal() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let harmful = |c: char| (c.is_control() && c != '\n') || ('\u{202A}'..='\u{202E}').contains(&c);
    for word in HARMFUL {
        for asked in [
            vec!["as-at", "--ledger", &body.ledger, "measure", word],
            vec!["as-at", "--ledger", &body.ledger, "submission", word, "FY2023-Q3"],
            vec!["as-at", "--ledger", &body.ledger, "--known-at", word, "scorecard"],
            vec!["events", "list", "--ledger", &body.ledger, "--entity", word],
            vec!["events", "list", "--ledger", &body.ledger, "--type", word],
            vec!["events", "list", "--ledger", word],
            vec!["schema", word],
            vec!["projections", "rebuild", word, "--ledger", &body.ledger],
            vec!["move-in", word],
            vec!["framework", "plan", "--ledger", &body.ledger, word],
            vec!["framework", "apply", "--ledger", &body.ledger, "x", "--reason-code", word],
        ] {
            let ran = servers.run(&asked);
            assert_eq!(ran.code, Some(2), "{asked:?}: {ran:?}");
            let said = format!("{}{}", ran.out, ran.err);
            assert!(!said.contains(harmful), "{asked:?}: {said:?}");
        }
    }
}

#[test]
fn a_plan_whose_words_would_command_a_terminal_is_refused() {
    let servers = Servers::shared();
    for (from, to) in [
        ("Northmoor Council (ill", "North\\u001b[31mmoor (ill"),
        ("Northmoor Council (ill", "North\\nmoor (ill"),
        ("Every resident", "Every \\u202Eresident"),
        ("Head of Housing", "Head\\u0007 of Housing"),
        ("Minute 14", "\\u2028Minute 14"),
    ] {
        let body = Body::new();
        body.edit("plan.toml", from, to);
        let ran = servers.run(&["move-in", &body.plan()]);
        ran.refused_with("not allowed");
        let said = format!("{}{}", ran.out, ran.err);
        assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "{said:?}");
    }
}

#[test]
fn a_framework_whose_words_would_command_a_terminal_is_refused_and_nothing_is_recorded() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let path = body.file("framework.toml");
    for text in [
        "[[objective]]\ncode = \"1\"\ntitle = { en = \"\\u001b[31mred\" }",
        "[[objective]]\ncode = \"\\u202E1\"",
        "[[objective]]\n\"\\u001b[31mcode\" = \"1\"",
        "\"\\u001b[31mobjective\" = 1",
        "objective = \"\\u0007\"",
        "[[measure]]\ncode = \"NM01\"\nplaces = [{ area = \"\\u2028\" }]",
        "[[objective]]\ncode = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "[framework]\nfrom = \"2023-02-29\"",
        "code = ",
    ] {
        std::fs::write(&path, text).unwrap();
        let asked = ["framework", "apply", "--ledger", &body.ledger, path.to_str().unwrap()];
        let ran = servers.run(&[&asked[..], &["--reason-code", "ambition_raised"]].concat());
        assert_eq!(ran.code, Some(1), "{text}: {ran:?}");
        assert!(ran.out.contains("nothing was recorded"), "{text}: {ran:?}");
        let said = format!("{}{}", ran.out, ran.err);
        assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "{said:?}");
    }
}
