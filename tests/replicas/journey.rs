//! One whole journey on three servers: everything that the API can do, told in order, while those who
//! lead are killed; then read as it stands, as it stood, rebuilt and published.

use std::time::Duration;

use serde_json::json;

use crate::feed::{publish, updates};
use crate::routes::story::Teller;
use crate::routes::{MOST, Served};
use crate::support::program::{Servers, runtime, wait_until};
use crate::support::raw;

const BOUND: Duration = Duration::from_secs(30);
/// Before which acts the leader is killed: among the framework, the measures, the figures.
const KILLED_BEFORE: [usize; 3] = [6, 24, 42];

#[test]
fn a_whole_journey_goes_on_while_leaders_die() {
    let served = Served::over(Servers::own_cluster("journey"), &[]);
    let ledger = &served.body.ledger;
    let runtime = runtime();
    let client = runtime.block_on(raw::client(&served.servers, "owner"));
    let leader = || runtime.block_on(raw::leader(&client, ledger));
    let begun = served.length();
    let token = served.token("Ann", MOST);
    let answers = || {
        let paths = ["/scorecard", "/measures/NM02", "/changes?from=2020-01-01&to=2022-01-01"];
        paths.map(|path| {
            let joined = if path.contains('?') { '&' } else { '?' };
            let path = served.at(&format!("{path}{joined}position={begun}"));
            let heard = served.get(&token, &path);
            heard.fine();
            heard.bytes
        })
    };
    let stood = answers();
    let mut teller = Teller::disturbed(&served, |told| {
        if KILLED_BEFORE.contains(&told) {
            served.servers.kill(&format!("nats-{}", leader()));
        } else if KILLED_BEFORE.contains(&told.saturating_sub(4)) {
            // Four acts went on two servers.
            served.servers.up();
        }
    });
    teller.tell_all();
    assert!(teller.told.len() > KILLED_BEFORE[2] + 4, "{} acts", teller.told.len());
    drop(teller);
    let now = served.at(&format!("/scorecard?min_position={}", served.length()));
    wait_until("the read models hold it", BOUND, || served.get(&token, &now).status == 200);
    assert!(answers() == stood, "what stood before is answered otherwise");
    for model in ["scorecard", "accountability"] {
        let rebuild = ["projections", "rebuild", model, "--ledger", ledger, "--json"];
        let rebuilt = served.servers.json(&rebuild);
        assert_eq!(rebuilt["comparison"]["differences"], json!([]), "{rebuilt}");
    }
    assert!(publish(&served.servers, ledger) > 0);
    let signed =
        |it: &raw::Message| it.header("Piperoll-Type") == Some("piperoll.update.sign_off.v1");
    let updates = updates(&served.servers, ledger);
    assert!(updates.iter().any(signed), "no signature was published");
    served.servers.fine(&["doctor", "--ledger", ledger]);
}
