//! Read models: made anew, compared, swapped; forged rows found; lag told.

use piperoll_projections::runtime::connect;
use serde_json::json;

use super::Body;
use crate::support::program::{Ran, Servers, block_on};

fn by_hand(servers: &Servers, text: &str) {
    block_on(async {
        let link = connect(servers.setting("PIPEROLL_POSTGRES_URL")).await.unwrap();
        link.batch_execute(text).await.unwrap();
    });
}

fn rebuild(servers: &Servers, body: &Body, more: &[&str]) -> Ran {
    let first = ["projections", "rebuild", "scorecard", "--ledger", &body.ledger];
    let mut command = servers.piperoll(&[&first, more].concat());
    let output = command.env("RUST_LOG", "piperoll=info").output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_rebuild_tells_how_far_it_is_compares_and_swaps() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let ran = rebuild(&servers, &body, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for stage in ["loading", "making indexes", "comparing with the rows in use"] {
        assert!(ran.err.contains(stage), "`{stage}` was not told: {}", ran.err);
    }
    assert!(ran.out.contains("compared with the rows in use"), "{}", ran.out);
    assert!(ran.out.contains("0 differ") && ran.out.contains("swapped after"), "{}", ran.out);
}

#[test]
fn a_forged_row_is_found_and_not_swapped_away_unseen() {
    let servers = Servers::shared();
    for forgery in [
        "update @.submission set value = 99 where position =
            (select max(position) from @.submission where value is not null)",
        "insert into @.submission select * from @.submission where value is not null limit 1",
        "delete from @.target where position = (select max(position) from @.target)",
    ] {
        let body = Body::moved_in(&servers);
        let schema = format!("{}_scorecard", body.ledger);
        // The unique index would refuse a row inserted twice; who forges can drop it.
        let drop = format!(
            "do $$ declare i text; begin for i in select indexname from pg_indexes
                where schemaname = '{schema}' and tablename = 'submission'
                loop execute 'drop index {schema}.' || i; end loop; end $$;"
        );
        by_hand(&servers, &format!("{drop} {}", forgery.replace('@', &schema)));
        let ran = rebuild(&servers, &body, &["--json"]);
        assert_eq!(ran.code, Some(1), "{forgery}: {ran:?}");
        let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(found["swapped"], json!(false), "{forgery}");
        let differences = found["comparison"]["differences"].as_array().unwrap();
        assert!(!differences.is_empty(), "{forgery}");
        let ran = rebuild(&servers, &body, &["--accept-differences"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let ran = rebuild(&servers, &body, &[]);
        ran.refused_with("piperoll projections drop-old");
        let gone = servers.fine(&["projections", "drop-old", "--ledger", &body.ledger]);
        assert!(gone.contains("scorecard: dropped the rows up to position"), "{gone}");
        assert!(gone.contains("accountability: there were none"), "{gone}");
        assert_eq!(rebuild(&servers, &body, &[]).code, Some(0), "the forged rows are in use");
    }
}

#[test]
fn lag_is_told_in_events_and_is_nought_when_level() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let lag = ["projections", "lag", "--ledger", &body.ledger, "--json"];
    let level = servers.json(&lag);
    assert_eq!(level[0]["lag"], json!({ "lag": "level" }));
    let schema = format!("{}_scorecard", body.ledger);
    by_hand(&servers, &format!("update {schema}.cursor set position = position - 7"));
    let behind = servers.json(&lag);
    assert_eq!(behind[0]["lag"]["lag"], json!("behind"));
    assert_eq!(behind[0]["lag"]["events"], json!(7));
    assert!(behind[0]["lag"]["seconds"].is_i64(), "{behind}");
    by_hand(&servers, &format!("update {schema}.cursor set position = position + 9"));
    let ahead = servers.run(&lag);
    assert_eq!(ahead.code, Some(1), "{ahead:?}");
    assert!(ahead.out.contains("ahead"), "{ahead:?}");
}
