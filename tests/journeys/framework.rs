//! The framework as a file: what it would change, applied once whatever dies, written back as at any
//! moment.

use std::time::Duration;

use serde_json::Value;

use super::Body;
use crate::support::program::{Servers, block_on, wait_until};
use crate::support::raw;

const WHY: [&str; 4] = ["--reason-code", "ambition_raised", "--reason", "The yearly round."];

/// A body without measures or figures: what a plan without files makes.
fn bare(servers: &Servers) -> Body {
    let body = Body::new();
    let plan = format!(
        "[ledger]\nname = \"{}\"\ntitle = {{ en = \"Bare\" }}\nbody_kind = \"council\"\n\
         reality = \"illustrative\"\n[framework]\ntitle = {{ en = \"Plan\" }}\n\
         from = \"2026-04-01\"\nknown_at = \"2026-04-01\"\n",
        body.ledger
    );
    std::fs::write(body.file("plan.toml"), plan).unwrap();
    servers.fine(&["move-in", &body.plan()]);
    body
}

impl Body {
    fn framework(&self, servers: &Servers, arguments: &[&str]) -> String {
        let mut all = vec!["framework", arguments[0], "--ledger", &self.ledger];
        all.extend(&arguments[1..]);
        servers.fine(&all)
    }

    /// Writes a file of a framework beside the body's own; its path.
    fn stated(&self, text: &str) -> String {
        let path = self.file("framework.toml");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn length(&self, servers: &Servers) -> u64 {
        let asked = async { raw::length(&raw::client(servers, "owner").await, &self.ledger).await };
        block_on(asked).unwrap()
    }

    /// The events after a position: what happened, in order.
    fn happened(&self, servers: &Servers, after: u64) -> Vec<String> {
        let messages = raw::read(servers, &self.ledger);
        let later = messages.iter().filter(|message| message.position > after);
        let name = |message: &raw::Message| {
            let event = message.json();
            let name = event["type"].as_str().unwrap().trim_start_matches("piperoll.").to_owned();
            name.trim_end_matches(".v1").to_owned()
        };
        later.map(name).collect()
    }
}

/// What `show` writes, without the line that says when.
fn without_heading(text: &str) -> &str {
    text.split_once("\n\n").unwrap().1
}

#[test]
fn a_file_is_planned_applied_once_and_written_back_as_before_and_as_after() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let before = body.framework(&servers, &["show"]);
    let file = body.stated(&before);
    assert!(body.framework(&servers, &["plan", &file]).starts_with("nothing would change"));

    let edited = before
        .replacen("lead = \"Head of Housing\"", "lead = \"Director of Housing\"", 1)
        .replacen("{ at = \"88\" }", "{ at = \"87\" }", 1);
    let joins = "[[objective]]\ncode = \"3\"\ntitle = { en = \"Fair work\" }\n";
    let file = body.stated(&format!("{edited}\n{joins}"));
    let length = body.length(&servers);
    let planned = body.framework(&servers, &["plan", &file]);
    for words in ["Head of Housing", "Director of Housing", "easier", "Fair work", "3 changes"] {
        assert!(planned.contains(words), "`{words}` does not stand in: {planned}");
    }
    servers
        .run(&["framework", "apply", "--ledger", &body.ledger, &file])
        .refused_with("--reason-code");
    assert_eq!(body.length(&servers), length, "a plan recorded something");

    let apply = [&["apply", file.as_str()], &WHY[..]].concat();
    let applied = body.framework(&servers, &apply);
    assert!(applied.contains("5 events recorded, 0 had been before"), "{applied}");
    let happened = [
        "framework.amendment_begun",
        "objective.added",
        "step.revised",
        "measure.target_changed",
        "framework.amended",
    ];
    assert_eq!(body.happened(&servers, length), happened);
    let after = body.framework(&servers, &["show"]);
    assert!(body.framework(&servers, &["plan", &file]).starts_with("nothing would change"));
    assert!(after.contains("Director of Housing") && after.contains("Fair work"), "{after}");
    let again = body.framework(&servers, &apply);
    assert!(again.contains("nothing was recorded"), "{again}");
    assert_eq!(body.length(&servers), length + 5);

    let then = length.to_string();
    assert_eq!(body.framework(&servers, &["show", "--position", &then]), before);
    let known = body.framework(&servers, &["show", "--known-at", "2024-03-01"]);
    assert_eq!(without_heading(&known), without_heading(&before));
    let told = servers.json(&body.asked(&["scorecard"]));
    assert_eq!(told["as_at"]["being_applied"], Value::Null);
}

#[test]
fn a_wrong_file_is_told_whole_with_the_key_and_what_would_be_right() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let length = body.length(&servers);
    let file = body.stated(
        "[[objective]]\ncode = \"1\"\ntitel = { en = \"x\" }\n[[objective]]\ncode = \"2\"\n\
         [[objective]]\ncode = \"2\"\n[frame]\n",
    );
    for verb in ["plan", "apply"] {
        let ran = servers.run(&["framework", verb, "--ledger", &body.ledger, &file]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        for words in ["key", "what is wrong", "what would be right", "titel", "frame", "twice"] {
            assert!(ran.out.contains(words), "`{words}` does not stand in: {}", ran.out);
        }
    }
    let unknown = "[[measure]]\ncode = \"NM01\"\nplaces = [{ area = \"ZZ\" }]\n\
         [[measure]]\ncode = \"NM99\"\n";
    let file = body.stated(unknown);
    let ran = servers.run(&["framework", "plan", "--ledger", &body.ledger, &file, "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let keys = told["wrong"].as_array().unwrap().iter().map(|it| it["key"].as_str().unwrap());
    let keys: Vec<&str> = keys.collect();
    assert_eq!((keys[0], keys.len()), ("measure `NM01`: places", 6), "{told}");
    assert_eq!(body.length(&servers), length);
}

#[test]
fn what_the_table_of_decision_rights_refuses_is_told_and_leaves_nothing() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let right = "[[decision_right]]\ncode = \"targets\"\nsubject = \"target\"\n\
         class = \"material\"\nkind = \"body_decision\"\nby = \"Cabinet\"\n\
         resolutions = [\"approved\"]\n";
    let lower = "[[measure]]\ncode = \"NM01\"\ntargets = [{ key = { period = \"FY2023-Q3\" }, \
         target = { shape = \"point\", level = { at = \"80\" } } }]\n";
    // In one file the table in force before it judges.
    let file = body.stated(&format!("{right}{lower}"));
    body.framework(&servers, &[&["apply", file.as_str()], &WHY[..]].concat());
    let file = body.stated(&lower.replace("80", "75"));
    let length = body.length(&servers);
    for verb in ["plan", "apply"] {
        let asked = ["framework", verb, "--ledger", &body.ledger, &file];
        let ran = servers.run(&[&asked[..], &WHY[..]].concat());
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.out.contains("a decision of `Cabinet` (approved)"), "{}", ran.out);
    }
    assert_eq!(body.length(&servers), length);
    let decided = ["--authority", "body_decision", "--authority-body", "Cabinet", "--resolution"];
    let apply = [&["apply", file.as_str()], &WHY[..], &decided[..], &["approved"]].concat();
    let applied = body.framework(&servers, &apply);
    assert!(applied.contains("easier") && applied.contains("3 events recorded"), "{applied}");
}

#[test]
fn a_starter_is_applied_to_a_body_with_nothing_and_written_back() {
    let servers = Servers::shared();
    for starter in ["council", "partnership"] {
        let body = bare(&servers);
        let file = format!("deploy/starters/{starter}.toml");
        body.framework(&servers, &["apply", &file]);
        assert!(body.framework(&servers, &["plan", &file]).starts_with("nothing would change"));
        let shown = body.stated(&body.framework(&servers, &["show"]));
        assert!(body.framework(&servers, &["plan", &shown]).starts_with("nothing would change"));
        let text = std::fs::read_to_string(&file).unwrap();
        let count = |text: &str, section: &str| text.matches(&format!("[[{section}]]")).count();
        let written = std::fs::read_to_string(&shown).unwrap();
        for section in ["objective", "step", "area", "taxonomy"] {
            assert_eq!(count(&written, section), count(&text, section), "{starter}: {section}");
        }
    }
}

/// Many measures, each with a tag: two rounds of batches.
fn many() -> String {
    let mut text = "[[taxonomy]]\ncode = \"ways\"\ntitle = { en = \"Ways\" }\n\
         terms = [{ code = \"prevention\", title = { en = \"Prevention\" } }]\n"
        .to_owned();
    for n in 0..3_000 {
        let measure = format!(
            "[[measure]]\ncode = \"M{n}\"\ntitle = {{ en = \"Measure {n}\" }}\n\
             treatment = \"tracker\"\nlevel = \"operational\"\n\
             measures = \"performance_measure\"\ntags = {{ ways = [\"prevention\"] }}\n\
             definition = {{ polarity = {{ kind = \"none\" }} }}\n"
        );
        text.push_str(&measure);
    }
    text
}

/// Applies a large file and kills the program once a thousand of its events stand.
fn killed_halfway(servers: &Servers, body: &Body, file: &str) -> u64 {
    let length = body.length(servers);
    let apply = ["framework", "apply", "--ledger", &body.ledger, file];
    let mut running = servers.start(&[&apply[..], &WHY[..]].concat());
    wait_until("a thousand events stand", Duration::from_mins(1), || {
        body.length(servers) > length + 1_000
    });
    assert!(!running.ended(), "it was over before it could be killed");
    running.kill();
    let left = body.length(servers);
    assert!(left < length + 6_003, "all of it stands: {left}");
    length
}

#[test]
fn an_amendment_killed_halfway_goes_on_to_the_same_events_each_once() {
    let servers = Servers::shared();
    let body = bare(&servers);
    let file = body.stated(&many());
    let plan = ["framework", "plan", "--ledger", &body.ledger, &file, "--json"];
    let planned = servers.json(&plan);
    let before = killed_halfway(&servers, &body, &file);

    // What is asked meanwhile says that part of a file may be in force and part not.
    let projector = servers.start(&["project", "--ledger", &body.ledger]);
    let head = body.length(&servers);
    let told = || servers.json(&body.asked(&["scorecard"]))["as_at"].clone();
    wait_until("the read model stands at the head", Duration::from_mins(1), || {
        told()["position"] == head
    });
    projector.kill();
    assert_eq!(told()["being_applied"]["changes"], 6_001);
    assert_eq!(told()["being_applied"]["file_digest"], planned["file_digest"]);
    assert!(told()["being_applied"]["since"] == before + 1, "{}", told());
    let said = servers.fine(&["as-at", "--ledger", &body.ledger, "scorecard"]);
    assert!(said.contains("is being applied since position"), "{said}");
    let other = body.file("other.toml");
    std::fs::write(&other, "[[objective]]\ncode = \"1\"\ntitle = { en = \"x\" }\n").unwrap();
    let apply = ["framework", "apply", "--ledger", &body.ledger, other.to_str().unwrap()];
    servers.run(&[&apply[..], &WHY[..]].concat()).refused_with("another file is being applied");
    assert_eq!(body.length(&servers), head);

    // The reason of its beginning stands; nobody needs to say it again.
    let done = body.framework(&servers, &["apply", &file]);
    assert!(done.contains("the framework is amended"), "{done}");
    let mut wanted = vec!["framework.amendment_begun".to_owned()];
    let changes = planned["changes"].as_array().unwrap().iter();
    wanted.extend(changes.map(|it| it["event"].as_str().unwrap().to_owned()));
    wanted.push("framework.amended".to_owned());
    assert_eq!(body.happened(&servers, before), wanted);
    let mut commands: Vec<String> =
        raw::read(&servers, &body.ledger).iter().map(raw::Message::command_id).collect();
    let all = commands.len();
    commands.sort();
    commands.dedup();
    assert_eq!(commands.len(), all, "a request left two events");
    assert_eq!(told()["being_applied"], Value::Null);
    assert!(body.framework(&servers, &["plan", &file]).starts_with("nothing would change"));
}

#[test]
fn an_amendment_given_up_keeps_what_stands_and_lets_another_file_in() {
    let servers = Servers::shared();
    let body = bare(&servers);
    let nothing = ["framework", "give-up", "--ledger", &body.ledger];
    servers.run(&[&nothing[..], &WHY[..]].concat()).refused_with("nothing to give up");
    let file = body.stated(&many());
    killed_halfway(&servers, &body, &file);
    let head = body.length(&servers);
    body.framework(&servers, &[&["give-up"], &WHY[..]].concat());
    assert_eq!(body.happened(&servers, head), ["framework.amendment_given_up"]);
    let other = "[[objective]]\ncode = \"1\"\ntitle = { en = \"Homes\" }\n";
    let other = body.stated(other);
    body.framework(&servers, &[&["apply", other.as_str()], &WHY[..]].concat());
    // The first file, applied again, is another amendment, of what is left.
    let file = body.stated(&many());
    body.framework(&servers, &[&["apply", file.as_str()], &WHY[..]].concat());
    assert!(body.framework(&servers, &["plan", &file]).starts_with("nothing would change"));
}
