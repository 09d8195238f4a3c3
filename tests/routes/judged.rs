//! What an act relied on, judged again at its own position, as the answer to it says.

use std::time::Duration;

use serde_json::{Value, json};

use super::{MOST, Served};
use crate::support::program::wait_until;

/// A target of a period, as a body of `set-target`.
pub(crate) fn target(period: &str) -> Value {
    let reason = json!({ "code": "ambition_raised" });
    json!({ "fact": { "key": { "period": period, "tier": "expected" },
        "target": { "shape": "standing", "level": { "at": "1" } }, "reason": reason } })
}

#[test]
fn the_answer_says_what_was_relied_on_and_how_it_stood_and_says_it_again_when_repeated() {
    let served = Served::new();
    let (ann, bob) = (served.token("Ann", MOST), served.token("Bob", &["access_admin"]));
    let set = served.at("/measures/NM02");
    let measure = served.get(&ann, &set).fine()["line"]["measure"]["measure"].clone();
    let set = served.at(&format!("/measures/{}/set-target", measure.as_str().unwrap()));
    let act =
        |key: &str, period: &str| served.post(&ann, &set, (key, None), &target(period)).accepted();
    let event = |position: &Value| {
        served.get(&ann, &served.at(&format!("/events/{position}"))).fine()["event"].clone()
    };
    let first = act("k1", "FY2041");
    let record = event(&first["position"])["data"]["record"].clone();
    assert_eq!(first["relied_on"], record["relied_on"]);
    let as_decided = json!({ "right": "as_decided", "role": null, "unseen": [] });
    assert_eq!(first["judged"], as_decided);

    let role = json!({ "fact": { "person": record["actor"], "role": record["role"],
        "scope": "ledger", "from": "2020-04-01", "reason": { "code": "none_recorded" } } });
    let granted = served.post(&bob, &served.at("/roles/grant"), ("g", None), &role).accepted();
    assert_eq!((&granted["relied_on"], &granted["judged"]), (&json!([]), &Value::Null));
    let held = act("k2", "FY2042");
    let relied_on = json!([first["relied_on"][0], granted["position"]]);
    assert_eq!(held["relied_on"], relied_on);
    let judged = json!({ "right": "as_decided", "role": "held", "unseen": [] });
    assert_eq!(held["judged"], judged);

    let role = event(&granted["position"])["subject"].as_str().unwrap().replace("role/", "");
    let ended = json!({ "fact": { "on": "2020-05-01", "reason": { "code": "none_recorded" } } });
    let path = served.at(&format!("/roles/{role}/end"));
    served.post(&bob, &path, ("e", None), &ended).accepted();
    // A role that was ended is ended for tokens still alive, and whoever reads the act sees it.
    let without = act("k3", "FY2043");
    assert_eq!(without["judged"]["role"], "without_the_role");
    for (key, period, said) in [("k2", "FY2042", &held), ("k3", "FY2043", &without)] {
        let again = act(key, period);
        assert_eq!(again["outcome"], "repeated");
        for name in ["position", "event_id", "relied_on", "judged"] {
            assert_eq!(again[name], said[name], "{key}: {name}");
        }
    }
    // And every reader of the record is told the same.
    let asked = served.at("/questions/who-changed-target?measure=NM02");
    let rows = || served.get(&ann, &asked).fine()["rows"].as_array().unwrap().clone();
    let found = |said: &Value| rows().into_iter().find(|it| it["position"] == said["position"]);
    wait_until("the last change is read", Duration::from_secs(20), || found(&without).is_some());
    for said in [&first, &held, &without] {
        let act = found(said).unwrap()["act"].clone();
        assert_eq!((&act["judged"], &act["relied_on"]), (&said["judged"], &said["relied_on"]));
    }
    for (prefix, said) in [("", "Made without the role"), ("/cy", "Gwnaed heb y rôl")] {
        let path = format!("{prefix}/{}/measures/NM02/target-changes", served.body.ledger);
        let page = String::from_utf8(served.get(&ann, &path).bytes).unwrap();
        assert_eq!(page.matches(said).count(), 1, "{page}");
    }
}
