//! Traces as a collector is told of them: one from a request to the rows of every read model, and what becomes
//! of acts when the collector is gone.

mod collector;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use piperoll::clock;
use piperoll::traces::Trace;
use piperoll_projections::READ_MODELS;
use piperoll_projections::runtime::connect;
use serde_json::json;

use self::collector::{Collector, Manner, Told};
use super::conventions::post;
use super::{Heard, MOST, Out, Served};
use crate::support::program::{Servers, block_on, wait_until};
use crate::support::raw;

const BOUND: Duration = Duration::from_mins(1);
/// What a role that is stopped may take, with what it still has to say to a collector.
const STOPS: Duration = Duration::from_secs(15);
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// The servers of the test run; whatever runs on them tells this collector, at the end or when it has much.
fn told(collector: &Collector) -> Servers {
    Servers::shared()
        .told("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint)
        .told("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .told("RUST_LOG", "info")
        .told("NO_COLOR", "1")
}

impl Served {
    /// Creates a post within a caller's span.
    fn create(&self, token: &str, n: u32, parent: Option<&str>) -> Heard {
        let path = self.at(&format!("/posts/{n:032x}/create"));
        let key = format!("create-{n}");
        let mut headers = vec![("idempotency-key", &*key)];
        headers.extend(parent.map(|parent| ("traceparent", parent)));
        let body = Some(serde_json::to_vec(&post("Clerk")).unwrap());
        self.send("POST", &path, &Out { token: Some(token), headers, body })
    }

    /// The `traceparent` of the event at a position.
    fn header(&self, position: u64) -> String {
        let message = block_on(async {
            let client = raw::client(&self.servers, "owner").await;
            raw::read_one(&client, &self.body.ledger, position).await
        });
        message.header("traceparent").unwrap().to_owned()
    }

    /// Stops service and projector as an operator does; what the service said.
    fn stop(&mut self) -> String {
        let (program, projector) = (self.take_program(), self.take_projector());
        program.terminate();
        projector.terminate();
        let (ended, said) = projector.end(STOPS);
        assert_eq!(ended, Some(0), "{said}");
        let (ended, said) = program.end(STOPS);
        assert_eq!(ended, Some(0), "{said}");
        said
    }
}

fn position(heard: &Heard) -> u64 {
    heard.accepted()["position"].as_u64().unwrap()
}

/// The spans of one trace and name.
fn named<'a>(spans: &'a [Told], trace: &str, name: &str) -> Vec<&'a Told> {
    let found = spans.iter().filter(|it| it.text("trace") == trace && it.text("name") == name);
    found.collect()
}

#[track_caller]
fn only<'a>(spans: &'a [Told], trace: &str, name: &str) -> &'a Told {
    let [one] = named(spans, trace, name)[..] else {
        panic!("not one `{name}`: {:?}", named(spans, trace, name));
    };
    one
}

#[track_caller]
fn is_below(span: &Told, parent: &Told, kind: &str) {
    assert_eq!(span.text("parent"), parent.text("span"), "{span:?}");
    assert_eq!((span.text("kind"), span.text("status")), (kind, "unset"), "{span:?}");
    assert!(parent.began() <= span.began() && span.began() <= span.ended(), "{span:?}");
}

#[test]
fn one_trace_leads_from_a_request_through_the_event_to_the_rows_of_both_read_models() {
    let collector = Collector::new(Manner::Takes);
    let mut served = Served::over(told(&collector), &[]);
    let (token, ledger) = (served.token("Ann", MOST), served.body.ledger.clone());
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let at = position(&served.create(&token, 7, Some(&parent)));
    served.get(&token, &served.at(&format!("/scorecard?min_position={at}"))).fine();
    let header = served.header(at);
    let log = served.stop();
    let spans = collector.told();

    let route = "POST /api/v1/ledgers/{ledger}/posts/{post}/create";
    let request = only(&spans, TRACE, route);
    assert_eq!((request.text("parent"), request.text("kind")), (CALLER, "server"));
    assert_eq!(*request.said("http.request.method"), json!("POST"));
    assert_eq!(*request.said("http.route"), json!(&route[5..]));
    assert_eq!(*request.said("http.response.status_code"), json!(202));
    let decide = only(&spans, TRACE, "decide");
    is_below(decide, request, "internal");
    assert_eq!(*decide.said("piperoll.outcome"), json!("recorded"));
    let publish = only(&spans, TRACE, &format!("publish piperoll_{ledger}"));
    is_below(publish, request, "producer");
    assert!(decide.ended() <= publish.began() && publish.ended() <= request.ended());
    assert_eq!(*publish.said("messaging.system"), json!("nats"));
    assert_eq!(*publish.said("messaging.destination.name"), json!(format!("piperoll_{ledger}")));
    assert_eq!(*publish.said("piperoll.position"), json!(at));
    // What stands on the stream is what the projector went on from.
    assert_eq!(header, format!("00-{TRACE}-{}-01", publish.text("span")));

    let processed = named(&spans, TRACE, &format!("process piperoll_{ledger}"));
    let models: BTreeSet<_> =
        processed.iter().map(|it| it.said("piperoll.read_model").as_str().unwrap()).collect();
    assert_eq!(models, READ_MODELS.iter().map(|model| model.name()).collect());
    for process in &processed {
        is_below(process, publish, "consumer");
        assert_eq!(*process.said("piperoll.position"), json!(at));
        assert_eq!(*process.said("piperoll.ledger"), json!(ledger));
        let model = process.said("piperoll.read_model").as_str().unwrap();
        let copy = only(&spans, TRACE, &format!("COPY {ledger}_{model}"));
        is_below(copy, process, "client");
        assert_eq!(*copy.said("db.system.name"), json!("postgresql"));
        // The rows stood by then.
        assert!(publish.began() <= copy.began() && copy.ended() <= process.ended(), "{copy:?}");
    }
    let whole = spans.iter().filter(|it| it.text("trace") == TRACE).count();
    assert_eq!(whole, 3 + 2 * models.len(), "{spans:#?}");
    let logged = log.lines().find(|line| line.contains("answered") && line.contains(TRACE));
    assert!(logged.is_some_and(|line| line.contains("status=202")), "{log}");
    nobody_is_named(&spans, &[&token, "Ann", "Clerk", &format!("{:032x}", 7)]);
}

#[test]
fn the_span_of_an_event_ends_when_its_rows_stand_and_not_before() {
    let collector = Collector::new(Manner::Takes);
    let mut served = Served::over(told(&collector), &[]);
    let (token, ledger) = (served.token("Ann", MOST), served.body.ledger.clone());
    let read = served.at("/scorecard?min_position=");
    served.get(&token, &format!("{read}{}", served.length())).fine();
    let (at, held, let_go) = block_on(async {
        let url = served.servers.setting("PIPEROLL_POSTGRES_URL");
        let (mut holding, looking) = (connect(url).await.unwrap(), connect(url).await.unwrap());
        let holding = holding.transaction().await.unwrap();
        holding
            .batch_execute(&format!("lock {ledger}_scorecard.cursor in share mode"))
            .await
            .unwrap();
        let held = clock::now();
        let parent = format!("00-{TRACE}-{CALLER}-01");
        let at = position(&served.create(&token, 1, Some(&parent)));
        let waits = "select 1 from pg_locks where not granted and relation = $1::text::regclass";
        let (cursor, begun) = (format!("{ledger}_scorecard.cursor"), Instant::now());
        while looking.query(waits, &[&cursor]).await.unwrap().is_empty() {
            assert!(begun.elapsed() < BOUND, "the projector never waits");
        }
        let let_go = clock::now();
        holding.commit().await.unwrap();
        (at, held, let_go)
    });
    served.get(&token, &format!("{read}{at}")).fine();
    served.stop();
    let spans = collector.told();
    let nanos = |time: DateTime<Utc>| u64::try_from(time.timestamp_nanos_opt().unwrap()).unwrap();
    let process = named(&spans, TRACE, &format!("process piperoll_{ledger}"));
    let process = process.iter().find(|it| *it.said("piperoll.read_model") == json!("scorecard"));
    let copy = only(&spans, TRACE, &format!("COPY {ledger}_scorecard"));
    for span in [process.unwrap(), copy] {
        assert!(nanos(held) < span.began() && span.began() < nanos(let_go), "{span:?}");
        assert!(nanos(let_go) < span.ended(), "{span:?}");
    }
}

/// Of everything that was told, nothing is a name, an id or a text; and it says who told it.
#[track_caller]
fn nobody_is_named(spans: &[Told], secrets: &[&str]) {
    for span in spans {
        let text = span.0.to_string();
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
        assert_eq!(span.0["resource"]["service.name"], "piperoll");
    }
}

#[test]
fn acts_that_are_appended_together_have_a_span_each_with_the_place_of_their_own_event() {
    let collector = Collector::new(Manner::Takes);
    let mut served = Served::over(told(&collector), &[]);
    let token = served.token("Ann", MOST);
    let trace = |n: u32| format!("{:032x}", 0x00c0_ffee_0000_u64 + u64::from(n));
    let act = |n| {
        let parent = format!("00-{}-{CALLER}-01", trace(n));
        let at = position(&served.create(&token, n, Some(&parent)));
        (n, at, served.header(at))
    };
    // As many at a time as are let in.
    let acted: Vec<(u32, u64, String)> = std::thread::scope(|scope| {
        let act = &act;
        let acting: Vec<_> = (1..=60).map(|n| scope.spawn(move || act(n))).collect();
        acting.into_iter().map(|it| it.join().unwrap()).collect()
    });
    served.stop();
    let spans = collector.told();
    let mut most = 0;
    for (n, at, header) in acted {
        let name = format!("publish piperoll_{}", served.body.ledger);
        let sent = named(&spans, &trace(n), &name);
        // A batch that was refused is sent again, one by one.
        let sent: Vec<_> = sent.into_iter().filter(|it| it.text("status") == "unset").collect();
        let [publish] = sent[..] else { panic!("{n}: {sent:?}") };
        assert_eq!(*publish.said("piperoll.position"), json!(at), "{n}");
        assert_eq!(header, format!("00-{}-{}-01", trace(n), publish.text("span")), "{n}");
        most = most.max(publish.said("piperoll.append.events").as_u64().unwrap());
    }
    assert!(most > 1, "none went together");
}

#[test]
fn what_is_told_is_what_the_caller_wants_kept_and_without_a_caller_what_the_sampler_says() {
    let collector = Collector::new(Manner::Takes);
    let servers = told(&collector).told("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    let none = servers.told("OTEL_TRACES_SAMPLER_ARG", "0");
    let mut served = Served::over(none, &[]);
    let token = served.token("Ann", MOST);
    let (kept, not) = (TRACE, "11111111111111111111111111111111");
    let wanted = served.create(&token, 1, Some(&format!("00-{kept}-{CALLER}-01")));
    let unwanted = served.create(&token, 2, Some(&format!("00-{not}-{CALLER}-00")));
    let alone = served.create(&token, 3, None);
    let [wanted, unwanted, alone] = [&wanted, &unwanted, &alone].map(|it| {
        let header = served.header(position(it));
        Trace::parse(&header).unwrap_or_else(|| panic!("{header}"))
    });
    assert_eq!((wanted.id().as_str(), wanted.sampled()), (kept, true));
    assert_eq!((unwanted.id().as_str(), unwanted.sampled()), (not, false));
    assert!(!alone.sampled() && ![kept, not].contains(&&*alone.id()));
    // It was refused: it is told what came of it, and nothing was sent.
    let again = "22222222222222222222222222222222";
    let path = served.at(&format!("/posts/{:032x}/create", 1));
    let parent = format!("00-{again}-{CALLER}-01");
    let headers = vec![("idempotency-key", "another"), ("traceparent", parent.as_str())];
    let body = Some(serde_json::to_vec(&post("Another")).unwrap());
    let heard = served.send("POST", &path, &Out { token: Some(&token), headers, body });
    assert_eq!(heard.status, 422, "{heard:?}");
    served.stop();
    let spans = collector.told();
    let traces: BTreeSet<&str> = spans.iter().map(|it| it.text("trace")).collect();
    assert_eq!(traces, BTreeSet::from([kept, again]), "{spans:#?}");
    let of_refused: Vec<&Told> = spans.iter().filter(|it| it.text("trace") == again).collect();
    assert!(of_refused.iter().all(|it| !it.text("name").starts_with("publish")), "{of_refused:?}");
    let code = &heard.json()["code"];
    let decided = of_refused.iter().filter(|it| it.text("name") == "decide");
    assert!(
        decided.clone().count() >= 1
            && decided.clone().all(|it| it.said("piperoll.outcome") == code)
    );
}

/// How long acts take, one after another; each was recorded.
fn acts(served: &Served, token: &str, numbers: std::ops::Range<u32>) -> Vec<Duration> {
    let act = |n| {
        let begun = Instant::now();
        served.create(token, n, None).accepted();
        begun.elapsed()
    };
    numbers.map(act).collect()
}

/// How long nine of ten took at most: whoever had to wait for a full queue would be among the slowest.
fn nine_of_ten(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() * 9 / 10]
}

/// How many spans were dropped, for a reason.
fn dropped(served: &Served, reason: &str) -> u64 {
    let text = served.send("GET", "/metrics", &Out::default());
    let text = String::from_utf8(text.bytes).unwrap();
    let metric = format!("piperoll_spans_dropped_total{{reason=\"{reason}\"}} ");
    let value = text.lines().find_map(|line| line.strip_prefix(&metric));
    value.unwrap_or_else(|| panic!("{metric}: {text}")).parse().unwrap()
}

/// Acts with a collector like this are as good as without one, and every span of them is counted as dropped.
/// What the service said, and how long it took to stop.
fn acts_all_the_same(endpoint: &str, time: &str) -> (String, Duration) {
    const ACTS: u32 = 60;
    let mut served = Served::over(Servers::shared(), &[]);
    let token = served.token("Ann", MOST);
    let without = served.base.clone();
    let plain = served.take_program();
    served.servers = Servers::shared()
        .told("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .told("OTEL_EXPORTER_OTLP_TIMEOUT", time)
        .told("OTEL_BSP_SCHEDULE_DELAY", "50")
        .told("OTEL_BSP_MAX_QUEUE_SIZE", "20")
        .told("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10");
    served.serve(&[]);
    let (mut with, mut before) = (Vec::new(), Vec::new());
    let length = served.length();
    let traced = served.base.clone();
    // In turn, so that a busy moment of the machine is everybody's.
    for n in (0..ACTS).step_by(10) {
        traced.clone_into(&mut served.base);
        with.extend(acts(&served, &token, n..n + 10));
        without.clone_into(&mut served.base);
        before.extend(acts(&served, &token, 1_000 + n..1_010 + n));
    }
    traced.clone_into(&mut served.base);
    assert_eq!(served.length(), length + u64::from(2 * ACTS));
    let (with, before) = (nine_of_ten(with), nine_of_ten(before));
    println!("{endpoint}: nine acts of ten take {with:?}, without a collector {before:?}");
    // Nobody who waited for a batch of this one would be done so soon.
    assert!(with < before * 3 + Duration::from_millis(50), "{with:?}, without {before:?}");
    // A request, a decision, an append each.
    wait_until("every span is counted", BOUND, || {
        let [full, not_taken] = ["queue_full", "not_taken"].map(|it| dropped(&served, it));
        full > 0 && not_taken > 0 && full + not_taken == u64::from(3 * ACTS)
    });
    drop(plain);
    let (program, begun) = (served.take_program(), Instant::now());
    program.terminate();
    let (ended, said) = program.end(STOPS);
    assert_eq!(ended, Some(0), "{said}");
    (said, begun.elapsed())
}

#[test]
fn with_a_collector_that_is_down_acts_are_as_fast_and_right_and_every_span_is_counted_as_dropped() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (said, took) = acts_all_the_same(&format!("http://{nobody}"), "1000");
    assert_eq!(said.matches("the collector does not take them").count(), 1, "told once: {said}");
    assert!(took < STOPS, "{took:?}");
}

#[test]
fn with_a_collector_that_never_answers_acts_are_as_fast_and_right_and_a_stop_has_its_bound() {
    let collector = Collector::new(Manner::NeverAnswers);
    let (said, took) = acts_all_the_same(&collector.endpoint, "1000");
    assert_eq!(said.matches("too many are on their way").count(), 1, "told once: {said}");
    assert!(took < STOPS, "{took:?}");
}

#[test]
fn a_collector_that_cannot_be_used_is_told_of_and_the_service_goes_on_without() {
    let wrong = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "no address"),
    ];
    for (name, value) in wrong {
        let servers = Servers::shared()
            .told("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
            .told(name, value);
        let (running, heard) = servers.start_and_hear(&["serve", "--listen", "127.0.0.1:0"]);
        let base = heard.strip_prefix("listening on ").unwrap();
        let parent = format!("00-{TRACE}-{CALLER}-01");
        let asked = ureq::get(format!("{base}/livez")).header("traceparent", parent).call();
        assert_eq!(asked.unwrap().status(), 200, "{name}");
        running.terminate();
        let (ended, said) = running.end(STOPS);
        assert_eq!(ended, Some(0), "{said}");
        assert_eq!(said.matches("no spans are exported").count(), 1, "{name}: {said}");
        assert!(!said.contains("spans are dropped"), "{name}: {said}");
    }
}
