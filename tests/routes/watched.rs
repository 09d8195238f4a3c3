//! What whoever watches is told: every metric of the list by some process, the dashboard and the alarms of
//! metrics that exist, and how far behind a projector is that stands still.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use piperoll::operate::numbers::{Kind, METRICS};
use piperoll::traces::Trace;
use serde_json::Value;

use super::conventions::post;
use super::{MOST, Out, Served};
use crate::support::program::{Running, block_on};
use crate::support::raw;

const BOUND: Duration = Duration::from_mins(1);

/// A served ledger whose projector and publisher are watched as well.
struct Watched {
    served: Served,
    projector: Running,
    _publisher: Running,
    /// Where the three tell how they are.
    bases: [String; 3],
}

impl Watched {
    fn new(arguments: &[&str]) -> Self {
        let mut served = Served::with(arguments);
        served.stop_projecting();
        let ledger = served.body.ledger.clone();
        let start = |role: &str| {
            let words = [role, "--ledger", &ledger, "--watch-on", "127.0.0.1:0"];
            let (running, heard) = served.servers.start_and_hear(&words);
            (running, heard.strip_prefix("watched on ").unwrap().to_owned())
        };
        served.servers.fine(&["publish", "--ledger", &ledger, "--make-stream"]);
        let ((projector, projects), (publisher, publishes)) = (start("project"), start("publish"));
        let bases = [served.base.clone(), projects, publishes];
        Self { served, projector, _publisher: publisher, bases }
    }

    fn ask(&mut self, at: usize, path: &str) -> super::Heard {
        self.served.base.clone_from(&self.bases[at]);
        let heard = self.served.send("GET", path, &Out::default());
        self.served.base.clone_from(&self.bases[0]);
        heard
    }

    fn exposition(&mut self, at: usize) -> String {
        let heard = self.ask(at, "/metrics");
        assert_eq!(heard.status, 200, "{heard:?}");
        String::from_utf8(heard.bytes).unwrap()
    }

    /// Some of everything that is measured.
    fn load(&self) {
        let token = self.served.token("Ann", MOST);
        self.served.get(&token, &self.served.at("/scorecard")).fine();
        for n in 0..20 {
            let create = self.served.at(&format!("/posts/{n:032x}/create"));
            let key = format!("k{n}");
            self.served.post(&token, &create, (&key, None), &post("Clerk")).accepted();
        }
    }
}

/// The metrics of an exposition and their kinds.
fn exposed(text: &str) -> BTreeMap<String, String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.map(|it| it.split_once(' ').unwrap()).map(|(n, k)| (n.into(), k.into())).collect()
}

#[test]
fn every_listed_metric_is_exposed_under_load_every_exposed_one_listed_and_dashboards_name_no_other()
{
    let mut watched = Watched::new(&[]);
    watched.load();
    let listed: BTreeMap<String, String> = METRICS
        .iter()
        .map(|metric| {
            let kind = match metric.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram(_) => "histogram",
            };
            (metric.name.to_owned(), kind.to_owned())
        })
        .collect();
    let begun = Instant::now();
    let found = loop {
        let texts = [0, 1, 2].map(|at| watched.exposition(at));
        let found: BTreeMap<String, String> = texts.iter().flat_map(|text| exposed(text)).collect();
        for text in &texts {
            labels_are_as_listed(text);
        }
        if found == listed {
            break found;
        }
        assert!(begun.elapsed() < BOUND, "exposed: {found:#?} listed: {listed:#?}");
    };
    for file in ["deploy/dashboard.json", "deploy/alarms.yml"] {
        let text = std::fs::read_to_string(file).unwrap();
        let named = named(&text);
        assert!(named.len() > 5, "{file} names next to nothing: {named:?}");
        for name in named {
            assert!(found.contains_key(&name), "{file} names `{name}`, which nothing exposes");
        }
    }
}

/// The metrics that a file names, without what a histogram adds.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let ours =
        words.filter(|word| word.starts_with("piperoll_") || word.starts_with("http_server_"));
    let base = |word: &str| {
        let of = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
        of.unwrap_or(word).to_owned()
    };
    ours.map(base).collect()
}

#[track_caller]
fn labels_are_as_listed(text: &str) {
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (name, rest) = line.split_once(['{', ' ']).unwrap();
        let metric = METRICS.iter().find(|metric| {
            let more = name.strip_prefix(metric.name).unwrap_or("-");
            ["", "_bucket", "_sum", "_count"].contains(&more)
        });
        let metric = metric.unwrap_or_else(|| panic!("`{name}` is not listed"));
        let Some((labels, _)) = rest.rsplit_once('}') else { continue };
        // Values are words and templates: none has a comma with an equals sign after it.
        for label in labels.split("\",").filter_map(|label| label.split_once("=\"")) {
            let known = label.0 == "le" || metric.labels.contains(&label.0);
            assert!(known, "`{}` is no label of `{}`", label.0, metric.name);
        }
    }
}

#[test]
fn an_event_bears_the_trace_of_its_request_or_one_of_its_own() {
    let served = Served::new();
    let token = served.token("Ann", MOST);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let mut found = Vec::new();
    for (n, given) in [parent.as_str(), "00-malformed", ""].into_iter().enumerate() {
        let create = served.at(&format!("/posts/{n:032x}/create"));
        let key = format!("k{n}");
        let mut headers = vec![("idempotency-key", &*key)];
        headers.extend((!given.is_empty()).then_some(("traceparent", given)));
        let body = Some(serde_json::to_vec(&post("Clerk")).unwrap());
        let token = Some(&*token);
        let position = served.send("POST", &create, &Out { token, headers, body }).accepted();
        let message = block_on(async {
            let client = raw::client(&served.servers, "owner").await;
            raw::read_one(&client, &served.body.ledger, position["position"].as_u64().unwrap())
                .await
        });
        let header = message.header("traceparent").unwrap().to_owned();
        let read = Trace::parse(&header).unwrap_or_else(|| panic!("{header}"));
        assert!(!String::from_utf8_lossy(&message.body).contains(&read.id()), "it is signed");
        found.push((read.id(), header));
    }
    assert_eq!(found[0].0, trace);
    assert_ne!(found[0].1, parent, "a request has a span of its own");
    assert!(found[1].0 != trace && found[2].0 != trace && found[1].0 != found[2].0, "{found:?}");
}

/// The parts that `/readyz` tells of.
fn parts(watched: &mut Watched, at: usize) -> Value {
    let heard = watched.ask(at, "/readyz");
    assert_eq!(heard.status, 200, "{heard:?}");
    heard.json()["parts"].clone()
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < BOUND, "never: {what}");
    }
}

#[test]
fn a_projector_that_stands_still_is_told_of_while_everything_else_goes_on() {
    let mut watched = Watched::new(&[]);
    let token = watched.served.token("Ann", MOST);
    let ledger = watched.served.body.ledger.clone();
    let model = format!("{ledger}/scorecard");
    // The service looks at a ledger from when it is first asked about it.
    watched.served.get(&token, &watched.served.at("/scorecard")).fine();
    until("level", || parts(&mut watched, 0)[&model]["behind"] == 0);
    until("published", || parts(&mut watched, 2)[format!("{ledger}/updates")]["behind"] == 0);
    watched.projector.signal("STOP");
    for n in 0..3 {
        let create = watched.served.at(&format!("/posts/{n:032x}/create"));
        watched.served.post(&token, &create, (&format!("k{n}"), None), &post("P")).accepted();
    }
    watched.served.get(&token, &watched.served.at("/scorecard")).fine();
    until("behind by three events and a second", || {
        let parts = parts(&mut watched, 0);
        let part = &parts[&model];
        part["behind"] == 3 && part["seconds"].as_u64().is_some_and(|seconds| seconds >= 1)
    });
    let parts_now = parts(&mut watched, 0);
    for part in ["reading", "writing", "guard"] {
        assert_eq!(parts_now[format!("{ledger}/{part}")]["state"], "ready", "{parts_now}");
    }
    assert_eq!(parts_now[format!("{ledger}/guard")]["guard"], "open");
    let gauge =
        format!("piperoll_projection_lag_events{{ledger=\"{ledger}\",model=\"scorecard\"}} 3");
    let text = watched.exposition(0);
    assert!(text.lines().any(|line| line == gauge), "{gauge}: {text}");
    // The publisher waits for the rows, and says how long.
    until("the publisher is behind", || {
        parts(&mut watched, 2)[format!("{ledger}/updates")]["behind"] == 3
    });
    let said = watched.served.servers.run(&["doctor", "--ledger", &ledger]).out;
    assert!(said.lines().any(|l| l.starts_with("warning") && l.contains("3 events, ")), "{said}");
    watched.projector.signal("CONT");
    until("level again", || parts(&mut watched, 0)[&model]["behind"] == 0);
    until("published again", || parts(&mut watched, 2)[format!("{ledger}/updates")]["behind"] == 0);
}
