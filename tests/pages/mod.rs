//! The pages as people meet them: without a script, in both languages, by keyboard, on paper, and by who
//! may see what.

mod figures;
mod stories;

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::routes::{Heard, Out, Served};
pub(crate) use stories::the_stories_are_told_on_pages;

/// Looks at pages in Chromium; what was found, and whether anything was.
pub(super) fn look(ask: &Value) -> (Option<i32>, Value) {
    let mut program = Command::new("tests/pages/check")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = serde_json::to_vec(ask).unwrap();
    program.stdin.take().unwrap().write_all(&text).unwrap();
    let ran = program.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_ne!(ran.status.code(), Some(2), "the pages could not be looked at");
    (ran.status.code(), serde_json::from_str(&said).unwrap())
}

#[test]
fn whoever_looks_at_pages_finds_what_is_wrong_with_a_bad_one_and_nothing_else() {
    let bad: Value =
        serde_json::from_str(&std::fs::read_to_string("tests/pages/bad.json").unwrap()).unwrap();
    let (code, seen) = look(&bad["ask"]);
    assert_eq!(code, Some(1));
    let names = |page: &Value, list: &str, name: &str| -> Vec<String> {
        let found = page[list].as_array().unwrap().iter();
        let mut names: Vec<String> =
            found.map(|it| it[name].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let found: Vec<Value> = seen["pages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|page| {
            json!({
                "width": page["width"],
                "violations": names(page, "violations", "rule"),
                "findings": names(page, "findings", "check"),
            })
        })
        .collect();
    assert_eq!(json!(found), bad["found"]);
}

#[test]
fn the_style_sheet_is_what_its_source_compiles_to() {
    let ran = Command::new("src/web/assets/build").arg("--check").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&ran.stdout));
}

#[test]
fn every_page_is_among_those_that_are_looked_at() {
    let folders = std::fs::read_dir("src/web").unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<String> = folders
        .filter(|path| path.join("page.html").exists())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    folders.sort();
    let mut looked_at: Vec<&str> = stories::PAGES.iter().map(|(folder, _)| *folder).collect();
    looked_at.sort_unstable();
    assert_eq!(looked_at, folders);
}

fn page(heard: &Heard, status: u16, language: &str) -> String {
    let text = String::from_utf8_lossy(&heard.bytes).into_owned();
    assert_eq!(heard.status, status, "{text}");
    assert_eq!(heard.header("content-type"), Some("text/html; charset=utf-8"), "{text}");
    assert_eq!(heard.header("content-language"), Some(language), "{text}");
    let policy = heard.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(text.contains(&format!("<html lang=\"{language}\"")), "{text}");
    assert!(!text.contains("<script"), "{text}");
    text
}

#[test]
fn pages_are_for_whoever_may_see_them() {
    let served = Served::new();
    let at = |path: &str| format!("/{}{path}", served.body.ledger);
    let (nobody, staff) = (Out::default(), served.token("Sid", &["staff_reader"]));
    for prefix in ["", "/cy"] {
        let language = if prefix.is_empty() { "en" } else { "cy" };
        let address = format!("{prefix}{}", at("/measures/NM02?known_at=2022-10-14"));
        let heard = served.send("GET", &address, &nobody);
        assert_eq!(heard.status, 303);
        let to = heard.header("location").unwrap();
        assert!(to.starts_with(&format!("{prefix}/?to={}", "%2F")), "{to}");
        let board = served.get(&staff, &format!("{prefix}{}", at("/scorecard")));
        let text = page(&board, 200, language);
        assert_eq!(text.matches("<h1").count(), 1, "{text}");
        // Who changed a target is a question for committees and auditors.
        let changes =
            served.get(&staff, &format!("{prefix}{}", at("/measures/NM02/target-changes")));
        page(&changes, 403, language);
        let compared =
            served.get(&staff, &format!("{prefix}{}", at("/scorecard?compare=2022-01-01")));
        page(&compared, 403, language);
        let measure =
            page(&served.get(&staff, &format!("{prefix}{}", at("/measures/NM02"))), 200, language);
        assert!(!measure.contains("target-changes"), "a link that leads nowhere for its reader");
        page(&served.get(&staff, &format!("{prefix}/elsewhere/scorecard")), 404, language);
        page(&served.get(&staff, &format!("{prefix}{}", at("/measures/NM99"))), 404, language);
    }
}

#[test]
fn the_page_of_an_act_is_for_whoever_may_read_events_and_names_people_to_whoever_may_see_names() {
    let served = Served::new();
    let (auditor, records) =
        (served.token("Ann", &["internal_auditor"]), served.token("Rae", &["records_manager"]));
    let member = served.token("Mo", &["scrutiny_reader"]);
    for (prefix, language, withheld) in [
        ("", "en", "A person whose name your roles don&#39;t let you see"),
        ("/cy", "cy", "Person nad yw eich rolau&#39;n gadael ichi weld ei enw"),
    ] {
        let act = format!("{prefix}/{}/acts/40", served.body.ledger);
        let told = page(&served.get(&auditor, &act), 200, language);
        assert!(!told.contains(withheld), "{told}");
        let told = page(&served.get(&records, &act), 200, language);
        assert!(told.contains(withheld), "{told}");
        page(&served.get(&member, &act), 403, language);
        let changes = format!("{prefix}/{}/measures/NM02/target-changes", served.body.ledger);
        let told = page(&served.get(&member, &changes), 200, language);
        assert!(!told.contains("/acts/"), "a link that leads nowhere for its reader: {told}");
        assert!(page(&served.get(&auditor, &changes), 200, language).contains("/acts/"));
        for (position, status) in [("0", 404), ("99999999", 404), ("first", 400)] {
            let act = format!("{prefix}/{}/acts/{position}", served.body.ledger);
            page(&served.get(&auditor, &act), status, language);
        }
    }
}

#[test]
fn a_day_that_is_typed_leads_to_an_address_that_can_be_cited() {
    let served = Served::new();
    let token = served.token("Ann", &["internal_auditor"]);
    let at = |path: &str| format!("/{}{path}", served.body.ledger);
    let led = |path: &str| {
        let heard = served.get(&token, &at(path));
        (heard.status, heard.header("location").map(str::to_owned))
    };
    let cited = |path: &str| (303, Some(at(path)));
    assert_eq!(
        led("/scorecard?day=14&month=10&year=2022&compare_day=&compare_month=&compare_year="),
        cited("/scorecard?known_at=2022-10-14")
    );
    assert_eq!(
        led("/scorecard?day=14&month=10&year=2022&compare_day=1&compare_month=1&compare_year=2022"),
        cited("/scorecard?known_at=2022-10-14&compare=2022-01-01")
    );
    assert_eq!(
        led("/measures/NM02?day=1&month=6&year=2022&period=FY2021-Q4"),
        cited("/measures/NM02?period=FY2021-Q4&known_at=2022-06-01")
    );
    let wrong = page(&served.get(&token, &at("/scorecard?day=31&month=2&year=2022")), 200, "en");
    assert!(wrong.contains("There is a problem") && wrong.contains("value=\"31\""), "{wrong}");
    let again = page(&served.get(&token, &at("/scorecard?known_at=2022-10-14")), 200, "en");
    assert!(again.contains("What was known at the end of 14 October 2022"), "{again}");
}

#[test]
fn what_went_wrong_is_told_in_the_visitor_s_language_and_names_who_looks() {
    let served = Served::with(&["--per-second", "12"]);
    let member = served.token("Mo", &["scrutiny_reader"]);
    let auditor = served.token("Ann", &["internal_auditor"]);
    let ledger = &served.body.ledger;
    for (token, path, status, en, cy) in [
        (
            &member,
            "/acts/4",
            403,
            "One of these would: Co-ordinator, Keeper of the framework, Internal auditor",
            "Byddai un o&#39;r rhain: Cydlynydd, Ceidwad y fframwaith, Archwilydd mewnol",
        ),
        (&auditor, "/acts/99999999", 404, "no such event", "Nid oes digwyddiad o&#39;r fath"),
        (&auditor, "/measures/NM99", 404, "No measure bore this code", "y cod hwn ar yr adeg hon"),
        (&auditor, "/scorecard?known_at=x", 400, "can&#39;t be read", "Ni ellir darllen rhywbeth"),
        (&auditor, "/scorecard?page=999", 404, "no such page", "Nid oes tudalen o&#39;r fath"),
    ] {
        let english = page(&served.get(token, &format!("/{ledger}{path}")), status, "en");
        let welsh = page(&served.get(token, &format!("/cy/{ledger}{path}")), status, "cy");
        assert!(english.contains(en) && !english.contains(cy), "{english}");
        assert!(welsh.contains(cy) && !welsh.contains(en), "{welsh}");
        let name = if token == &member { "Mo, " } else { "Ann, " };
        let named = |text: &str| text.contains(&format!("{name}Performance Manager"));
        assert!(named(&english) && named(&welsh), "{welsh}");
        // Nothing is in the other language but the way to it.
        assert_eq!(welsh.matches(r#"lang="en""#).count(), 2, "{welsh}");
    }
    let path = format!("/cy/{ledger}/scorecard");
    let heard = (0..200).map(|_| served.get(&auditor, &path)).find(|heard| heard.status == 429);
    let told = page(&heard.unwrap(), 429, "cy");
    assert!(told.contains("Rydych yn gofyn yn gynt"), "{told}");
}

#[test]
fn a_page_about_a_position_is_the_same_page_for_good() {
    let served = Served::new();
    let token = served.token("Ann", &["internal_auditor"]);
    let path = format!("/{}/measures/NM03?position=200", served.body.ledger);
    let (first, again) = (served.get(&token, &path), served.get(&token, &path));
    assert_eq!(first.header("etag"), again.header("etag"));
    let tag = first.header("etag").unwrap();
    let headers = vec![("if-none-match", tag)];
    let had = served.send("GET", &path, &Out { token: Some(&token), headers, body: None });
    assert_eq!((had.status, had.bytes.len()), (304, 0));
}

#[test]
fn what_is_asked_wrongly_is_told_on_a_page_and_never_as_markup() {
    let served = Served::new();
    let token = served.token("Ann", &["internal_auditor"]);
    let before = served.length();
    for (query, status) in [
        ("known_at=nonsense", 400),
        ("known_at=%3Cscript%3Ealert(1)%3C/script%3E", 400),
        ("known=2022-10-14", 400),
        ("known_at=2022-10-14&known_at=2022-10-15", 400),
        ("known_at=2022-10-14&position=3", 400),
        ("position=99999999", 404),
        ("position=-1", 400),
        ("page=70000", 400),
        ("page=999", 404),
        ("compare=%00", 400),
        ("day=%3Cb%3E&month=1&year=2022", 200),
        ("known_at=0000-01-01", 400),
    ] {
        let path = format!("/{}/scorecard?{query}", served.body.ledger);
        let text = page(&served.get(&token, &path), status, "en");
        assert!(!text.contains("<b>") && !text.contains("alert(1)</"), "{query}: {text}");
    }
    let odd = format!("/{}/measures/%3Cscript%3E", served.body.ledger);
    let text = page(&served.get(&token, &odd), 404, "en");
    assert!(text.contains("&#60;script&#62;"), "{text}");
    assert_eq!(served.length(), before, "a page left something in the ledger");
}

#[test]
fn nobody_signs_in_to_a_body_that_the_demo_did_not_make() {
    let served = Served::new();
    let form = |headers: Vec<(&'static str, &'static str)>, body: &str| {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let headers = [vec![form], headers].concat();
        served.send("POST", "/sign-in", &Out { token: None, headers, body: Some(body.into()) })
    };
    for body in ["person=Gwen+Marsh", "person=Somebody", "", "nobody=1", "person=a&person=b"] {
        let heard = form(vec![], body);
        // The shared servers may hold the demo's bodies; whoever is none of its people gets nothing.
        if body != "person=Gwen+Marsh" {
            page(&heard, 400, "en");
            assert_eq!(heard.header("set-cookie"), None);
        }
    }
    page(&form(vec![("sec-fetch-site", "cross-site")], "person=Gwen+Marsh"), 400, "en");
    page(&form(vec![("origin", "https://evil.example")], "person=Gwen+Marsh"), 400, "en");
    let out = form(vec![], "person=Gwen+Marsh");
    assert!(!out.header("set-cookie").unwrap_or_default().contains(&served.body.ledger));
    // Programs are not let in by what a browser sends by itself.
    let token = served.token("Ann", &["internal_auditor"]);
    let cookie = format!("piperoll_session={token}");
    let headers = vec![("cookie", cookie.as_str())];
    let api = Out { token: None, headers, body: None };
    served.send("GET", &served.at("/scorecard"), &api).problem(401, "token_needed");
    let path = format!("/{}/scorecard", served.body.ledger);
    page(&served.send("GET", &path, &api), 200, "en");
}
