//! The demo's four stories on pages, in both bodies; and every page of them looked at in Chromium.

use serde_json::{Value, json};
use ureq::Agent;

use super::look;
use crate::support::program::Servers;

/// Somebody signed in to the demo.
struct Visitor {
    base: String,
    cookie: String,
    agent: Agent,
}

impl Visitor {
    /// One of the demo's people, by the front page's form.
    fn signed_in(base: &str, person: &str) -> Self {
        let config = Agent::config_builder().max_redirects(0).http_status_as_error(false);
        let agent = config.build().new_agent();
        let front = agent.get(format!("{base}/")).call().unwrap();
        let front = front.into_body().read_to_string().unwrap();
        assert!(front.contains(person), "{front}");
        let form = [("person", person), ("to", "/northmoor/scorecard")];
        let heard = agent.post(format!("{base}/sign-in")).send_form(form).unwrap();
        assert_eq!(heard.status(), 303);
        assert_eq!(heard.headers()["location"], "/northmoor/scorecard");
        let cookie = heard.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { base: base.to_owned(), cookie, agent }
    }

    /// A page as it is sent.
    fn source(&self, path: &str) -> String {
        let request = self.agent.get(format!("{}{path}", self.base));
        let heard = request.header("cookie", &self.cookie).call().unwrap();
        assert_eq!(heard.status(), 200, "{path}");
        heard.into_body().read_to_string().unwrap()
    }

    /// What a page says, without its markup.
    fn reads(&self, path: &str) -> String {
        let text = self.source(path);
        let words: Vec<&str> =
            text.split('<').filter_map(|piece| Some(piece.split_once('>')?.1)).collect();
        let text = words.join(" ").replace("&#39;", "'").replace("&#38;", "&");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn finds(&self, path: &str, words: &[&str]) {
        let text = self.reads(path);
        let mut rest = text.as_str();
        for word in words {
            let Some(at) = rest.find(word) else { panic!("{path} lacks `{word}` in: {text}") };
            rest = &rest[at + word.len()..];
        }
    }
}

/// Every page, by its folder, in the states that look different.
pub(super) const PAGES: &[(&str, &[&str])] = &[
    ("front", &["/"]),
    (
        "scorecard",
        &[
            "/northmoor/scorecard",
            "/northmoor/scorecard?known_at=2024-06-01&compare=2090-01-01",
            "/northmoor/scorecard?known_at=1999-01-01",
            "/northmoor/scorecard?day=31&month=2&year=2024",
        ],
    ),
    (
        "measure",
        &[
            "/northmoor/measures/NM02?period=FY2023-Q3",
            "/northmoor/measures/NM09",
            "/severnside/measures/WB1?period=2022",
        ],
    ),
    ("target_changes", &["/northmoor/measures/NM02/target-changes"]),
    (
        "act",
        // A founding act, a measure's adoption from a file, a framework's.
        &["/northmoor/acts/1", "/northmoor/acts/10", "/severnside/acts/4"],
    ),
];

const SINCE: &str = "known_at=2024-06-01&compare=2090-01-01";

pub(crate) fn the_stories_are_told_on_pages(servers: &Servers) {
    let both = ["--ledger", "northmoor", "--ledger", "severnside"];
    let all = ["all", "--listen", "127.0.0.1:0"];
    let (program, heard) = servers.start_and_hear(&[&all[..], &both].concat());
    let base = heard.strip_prefix("listening on ").unwrap();
    let auditor = Visitor::signed_in(base, "Gwen Marsh");
    the_pages_that_the_demo_names_are_there(servers, &auditor);
    northmoor(&auditor);
    what_stood_before_is_not_in_between(servers, &auditor);
    let acts = the_acts_behind_the_stories_are_told(servers, &auditor);
    severnside(&auditor);
    whatever_its_reader_may_see_is_told(base);
    every_page_is_fit_for_everybody(&auditor, &acts);
    program.kill();
}

fn the_pages_that_the_demo_names_are_there(servers: &Servers, auditor: &Visitor) {
    let told = servers.fine(&["demo", "--served-at", &auditor.base]);
    let named: Vec<&str> =
        told.lines().filter_map(|line| line.trim().strip_prefix(&auditor.base)).collect();
    assert_eq!(named.len(), 9, "{told}");
    for page in named {
        auditor.finds(page, &["Piperoll"]);
    }
}

fn northmoor(auditor: &Visitor) {
    // A target lowered when its result was known, and put back.
    auditor.finds(
        "/northmoor/measures/NM02/target-changes?period=FY2023-Q3",
        &[
            "60 missed bins → 45 missed bins",
            "Harder",
            "Put back: nobody had decided it.",
            "45 missed bins → 60 missed bins",
            "Easier",
            "Head of Environment",
            "Demand changed",
            "45.6 missed bins for October to December 2023",
            "when the figure was known",
            "old target: At risk",
            "new target: On track",
        ],
    );
    // Its figure's status under each version of the target.
    auditor.finds(
        "/northmoor/measures/NM02?period=FY2023-Q3",
        &[
            "under each version",
            "45 missed bins At risk",
            "60 missed bins On track",
            "Governs",
            "At risk",
        ],
    );
    northmoor_since_june(auditor);
    auditor.finds(
        "/cy/northmoor/measures/NM06",
        &["Ni chaiff y mesur hwn ei fesur o 1 Ebrill 2024 ymlaen."],
    );
    // What was known in June 2022, and what by September.
    auditor.finds("/northmoor/measures/NM03?known_at=2022-06-01", &["67.8%", "On track"]);
    auditor.finds("/northmoor/measures/NM03?known_at=2022-09-01&period=FY2021-Q4", &["64.4%"]);
}

fn northmoor_since_june(auditor: &Visitor) {
    // A series restated.
    auditor.finds(
        &format!("/northmoor/scorecard?{SINCE}"),
        &[
            "NM04",
            "October to December 2023",
            "Figure: 76.9% → 86.3%",
            "Status: Off track → On track",
            "Agreed extensions count as in time.",
            "Targets made easier in between",
            "NM02",
            "45 missed bins → 60 missed bins (put back since)",
            "Measures dropped in between",
            // A measure dropped while it was off track.
            "NM06",
            "no longer measured",
            "Status just before: Off track",
            "Off track when it was dropped",
        ],
    );
    // A signature that lapsed.
    auditor.finds(
        "/northmoor/measures/NM09?period=FY2023-Q4",
        &[
            "Who signed it",
            "Verified by its data steward",
            "Lapsed: something is newer",
            "Ended by event",
            "What changed since:",
            "the figures (",
            "): not covered by any signature",
        ],
    );
}

fn what_stood_before_is_not_in_between(servers: &Servers, auditor: &Visitor) {
    let asked = ["ask", "--ledger", "northmoor", "--json", "who-changed-target", "NM02"];
    let answer = servers.json(&[&asked[..], &["--period", "FY2023-Q3"]].concat());
    let positions: Vec<&Value> =
        answer["rows"].as_array().unwrap().iter().map(|row| &row["position"]).collect();
    let [.., lowered, put_back] = positions[..] else { panic!("{answer}") };
    auditor.finds(
        &format!("/northmoor/scorecard?position={put_back}&compare={lowered}"),
        &[
            "Target: 60 missed bins → 45 missed bins",
            "No target was made easier or taken away in between.",
            "No measure was dropped in between.",
        ],
    );
    // A day that is not over yet, beside what stands.
    auditor.finds("/northmoor/scorecard?compare=2090-01-01", &["Nothing was recorded in between"]);
}

/// The lowered target and a signature, each on the page of its act; where those are.
fn the_acts_behind_the_stories_are_told(servers: &Servers, auditor: &Visitor) -> Vec<String> {
    let positions = |question: &[&str]| -> Vec<u64> {
        let asked = ["ask", "--ledger", "northmoor", "--json"];
        let answer = servers.json(&[&asked[..], question].concat());
        let rows = answer["rows"].as_array().unwrap().iter();
        rows.filter_map(|row| row["position"].as_u64()).collect()
    };
    let changes = positions(&["who-changed-target", "NM02", "--period", "FY2023-Q3"]);
    let [.., lowered, put_back] = changes[..] else { panic!("{changes:?}") };
    let act = |position: u64| format!("/northmoor/acts/{position}");
    auditor.finds(
        &act(lowered),
        &[
            &format!("event {lowered} Target changed"),
            "Measure: NM02 Missed bins per 100,000 collections",
            "Target: October to December 2023 45 missed bins 60 missed bins",
            "Demand changed: “More households to serve.”",
            "An officer's correction",
            "Email of 12 February 2024",
            "State of the authority stated",
            "Post Head of Environment",
            "Person Amina Field",
            "Witnessed here when it was recorded.",
            "event 4 : Framework adopted",
            &format!("After this one: event {put_back}"),
            "Its signature Verifies",
        ],
    );
    auditor.finds(
        &format!("/cy{}", act(lowered)),
        &[
            &format!("digwyddiad {lowered} Newidiwyd y targed"),
            "Targed: Hydref – Rhagfyr 2023 45 missed bins 60 missed bins",
            "Newidiodd y galw",
            "Cywiriad gan swyddog",
            &format!("Ar ôl hwn: digwyddiad {put_back}"),
        ],
    );
    // What stood just before it and from it on is a link away.
    let before = lowered - 1;
    let page = auditor.source(&act(lowered));
    for to in [lowered, before] {
        assert!(page.contains(&format!("/northmoor/scorecard?position={to}\"")), "{page}");
    }
    let changes = auditor.source("/northmoor/measures/NM02/target-changes");
    let link = format!(r#"href="{}">event {lowered}</a>"#, act(lowered));
    assert!(changes.contains(&link), "{changes}");
    let signed = positions(&["signed-by", "NM09", "FY2023-Q4"])[0];
    auditor.finds(
        &act(signed),
        &["Figure signed", "NM09, January to March 2024", "What was signed", ": Figure submitted"],
    );
    vec![act(lowered), act(signed)]
}

fn severnside(auditor: &Visitor) {
    for (path, words) in [
        (
            "/severnside/measures/WB1?period=2022",
            &["Lapsed: something is newer", "not covered by any signature"][..],
        ),
        (
            "/severnside/scorecard?known_at=2024-01-01&compare=2090-01-01",
            &[
                "Targets made easier in between",
                "put back since",
                "Measures dropped in between",
                "Off track when it was dropped",
            ],
        ),
    ] {
        auditor.finds(path, words);
        let welsh = auditor.reads(&format!("/cy{path}"));
        assert!(welsh.contains("Targed") && !welsh.contains("Target"), "{welsh}");
    }
}

/// The commentary is for those who may read it; a committee member may.
fn whatever_its_reader_may_see_is_told(base: &str) {
    let member = Visitor::signed_in(base, "Ewan Pryce");
    member.finds(
        "/northmoor/measures/NM02?period=FY2023-Q4",
        &["Rounds are back to strength; no street was missed twice in March."],
    );
}

fn every_page_is_fit_for_everybody(auditor: &Visitor, acts: &[String]) {
    let mut pages = Vec::new();
    let listed = PAGES.iter().flat_map(|(_, pages)| pages.iter().copied());
    for page in listed.chain(acts.iter().map(String::as_str)) {
        pages.extend([json!(page), json!(format!("/cy{page}"))]);
    }
    pages.push(json!({ "path": "/northmoor/scorecard?known_at=x", "status": 400 }));
    pages.push(json!({ "path": "/cy/nowhere/scorecard", "status": 404 }));
    let (name, token) = auditor.cookie.split_once('=').unwrap();
    let ask = json!({ "base": auditor.base, "cookies": { name: token }, "pages": pages });
    let (code, seen) = look(&ask);
    let found: Vec<&Value> = seen["pages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|page| page["findings"] != json!([]) || page["violations"] != json!([]))
        .collect();
    assert_eq!((code, found), (Some(0), vec![]));
    let seen = seen["pages"].as_array().unwrap().len();
    assert_eq!(seen, 2 * pages.len(), "every page at two widths");
    println!("{seen} pages and widths were looked at, nothing found");
}
