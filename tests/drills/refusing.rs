//! Restores that must not be, one that was killed, and copies of keys that must not come back.

use std::path::Path;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use piperoll_projections::runtime::connect;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{configuration, delete, messages};
use crate::journeys::Body;
use crate::support::held::Held;
use crate::support::program::{Running, Servers, block_on, runtime, wait_until};
use crate::support::raw;

const BOUND: Duration = Duration::from_mins(1);

/// A body with its export; the file's lines.
fn exported(servers: &Servers) -> (Body, String, Vec<String>) {
    let body = Body::moved_in(servers);
    let path = body.file("export.ndjson").to_str().unwrap().to_owned();
    servers.fine(&["export", "--ledger", &body.ledger, "--to", &path]);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.split_inclusive('\n').map(str::to_owned).collect();
    (body, path, lines)
}

/// The same lines under a digest that fits them.
fn signed_off(lines: &[String]) -> String {
    let (last, before) = lines.split_last().unwrap();
    let mut end: Value = serde_json::from_str(last).unwrap();
    end["sha256"] = hex::encode(Sha256::digest(before.concat())).into();
    format!("{}{end}\n", before.concat())
}

#[test]
fn a_file_that_is_not_whole_restores_nothing() {
    let servers = Servers::shared();
    let (body, path, lines) = exported(&servers);
    let restore = ["restore", "--ledger", &body.ledger, &path];
    let there = messages(&servers, &body.ledger);
    servers.run(&restore).refused_with("a ledger stands there already");
    assert_eq!(messages(&servers, &body.ledger), there);
    servers.run(&["restore", "--ledger", "elsewhere", &path]).refused_with("an export of");
    servers
        .run(&["export", "--ledger", &body.ledger, "--to", &path])
        .refused_with("never written over");
    delete(&servers, &body.ledger);
    let arranged = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        lines
    };
    for (spoilt, words) in [
        (lines[..lines.len() - 1].concat(), "cut off after position"),
        (lines.concat()[..lines.concat().len() / 2].to_owned(), "cut off after position"),
        (arranged(&|lines| drop(lines.remove(9))).concat(), "missing, doubled or moved"),
        (
            arranged(&|lines| lines.insert(9, lines[9].clone())).concat(),
            "missing, doubled or moved",
        ),
        (arranged(&|lines| lines.swap(9, 10)).concat(), "missing, doubled or moved"),
        (signed_off(&arranged(&|lines| drop(lines.remove(9)))), "missing, doubled or moved"),
        (arranged(&|lines| lines[40] = lines[40].replacen("\\\"", "\\\" ", 1)).concat(), "changed"),
        (
            signed_off(&arranged(&|lines| lines[40] = lines[40].replacen("\\\"", "\\\" ", 1))),
            "bear no good code",
        ),
    ] {
        std::fs::write(&path, spoilt).unwrap();
        servers.run(&restore).refused_with(words);
        let length = block_on(async {
            let client = raw::client(&servers, "owner").await;
            raw::length(&client, &body.ledger).await
        });
        assert_eq!(length, None, "{words}: a stream was made");
    }
}

/// Starts a restore that gets no further than a part of its file: its road to NATS is held then.
fn halfway(servers: &Servers, restore: &[&str]) -> (Running, Held) {
    const PART: usize = 200_000;
    let road = Held::up_to(servers.setting("PIPEROLL_NATS_OWNER_URL"), PART);
    (Servers::shared().by("PIPEROLL_NATS_OWNER_URL", &road.url).start(restore), road)
}

#[test]
fn a_restore_that_was_killed_goes_on_and_meanwhile_nobody_writes() {
    let servers = Servers::shared();
    let (body, path, lines) = exported(&servers);
    let there = messages(&servers, &body.ledger);
    delete(&servers, &body.ledger);
    let runtime = runtime();
    let client = runtime.block_on(raw::client(&servers, "owner"));
    let length = || runtime.block_on(raw::length(&client, &body.ledger)).unwrap_or(0);
    let restore = ["restore", "--ledger", &body.ledger, &path, "--json"];
    let (restoring, _road) = halfway(&servers, &restore);
    wait_until("it is halfway", BOUND, || length() >= 60);
    restoring.kill();
    let half = length();
    assert!(half < there.len() as u64, "it had ended by then");

    let marked = configuration(&servers, &body.ledger);
    assert!(marked["metadata"]["piperoll.restoring"].is_string(), "{marked}");
    let doctor = servers.run(&["doctor", "--ledger", &body.ledger]);
    assert_eq!(doctor.code, Some(1), "{}", doctor.out);
    assert!(doctor.out.contains("begun and not ended"), "{}", doctor.out);
    let (mapping, file) = (body.file("return.toml"), body.file(crate::journeys::RETURN));
    let (mapping, file) = (mapping.to_str().unwrap(), file.to_str().unwrap());
    let import = ["import", "--ledger", &body.ledger, "--mapping", mapping, file];
    assert_ne!(servers.run(&import).code, Some(0));

    // Another file of the same ledger does not go on with this one's.
    let another = body.file("another.ndjson").to_str().unwrap().to_owned();
    let mut head: Value = serde_json::from_str(&lines[0]).unwrap();
    head["configuration"]["description"] = "another".into();
    let mut other = lines.clone();
    other[0] = format!("{head}\n");
    std::fs::write(&another, signed_off(&other)).unwrap();
    let ran = servers.run(&["restore", "--ledger", &body.ledger, &another]);
    ran.refused_with("a restore from another file");

    let told = servers.json(&restore);
    let before = told["before"].as_u64().unwrap();
    assert!(before >= half && before < there.len() as u64, "{told}");
    assert_eq!(messages(&servers, &body.ledger), there);
    // Ended and not told, it is asked again: nothing more happens.
    assert_eq!(servers.json(&restore)["before"], there.len());
    assert_eq!(messages(&servers, &body.ledger), there);
}

#[test]
fn a_half_restored_ledger_that_somebody_wrote_to_is_thrown_away() {
    let servers = Servers::shared();
    let (body, path, _) = exported(&servers);
    let there = messages(&servers, &body.ledger);
    delete(&servers, &body.ledger);
    let runtime = runtime();
    let client = runtime.block_on(raw::client(&servers, "owner"));
    let length = || runtime.block_on(raw::length(&client, &body.ledger)).unwrap_or(0);
    let restore = ["restore", "--ledger", &body.ledger, &path];
    let (restoring, _road) = halfway(&servers, &restore);
    wait_until("it is halfway", BOUND, || length() >= 60);
    restoring.kill();
    runtime.block_on(async {
        let subject = format!("piperoll.{}.measure.x", body.ledger);
        client.request(subject, "{}".into()).await.unwrap();
    });
    servers.run(&restore).refused_with("is not what the file says");
    servers.fine(&["restore", "--ledger", &body.ledger, &path, "--begin-again"]);
    assert_eq!(messages(&servers, &body.ledger), there);
    let again = ["restore", "--ledger", &body.ledger, &path, "--begin-again"];
    servers.run(&again).refused_with("a ledger stands there already");
}

#[test]
fn strangers_messages_are_restored_too_where_somebody_says_so() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let runtime = runtime();
    let client = runtime.block_on(raw::client(&servers, "owner"));
    runtime.block_on(async {
        let subject = format!("piperoll.{}.measure.x", body.ledger);
        let mut headers = async_nats::HeaderMap::new();
        headers.append("Odd", "a: b");
        headers.append("Odd", "second");
        for body in [&b"\xFF\x00"[..], b"", b"{}"] {
            let sent = client.request_with_headers(subject.clone(), headers.clone(), body.into());
            sent.await.unwrap();
        }
    });
    let path = body.file("export.ndjson").to_str().unwrap().to_owned();
    servers.fine(&["export", "--ledger", &body.ledger, "--to", &path]);
    let there = messages(&servers, &body.ledger);
    delete(&servers, &body.ledger);
    let restore = ["restore", "--ledger", &body.ledger, &path];
    servers.run(&restore).refused_with("3 messages bear no good code");
    servers.fine(&[&restore[..], &["--accept-unauthentic", "3"]].concat());
    assert_eq!(messages(&servers, &body.ledger), there);
}

#[test]
fn an_old_copy_of_keys_is_not_put_over_a_vault_in_use() {
    let servers = Servers::shared();
    let body = Body::moved_in(&servers);
    let path = body.file("body.vault");
    let file = path.to_str().unwrap();
    servers.fine(&["vault", "backup", "--ledger", &body.ledger, "--to", file]);
    let held = std::fs::read_to_string(&path).unwrap();
    assert!(!held.contains("operator"), "a name stands in it");
    let restore = ["vault", "restore", "--ledger", &body.ledger, file];
    servers.run(&restore).refused_with("rows of this ledger already");
    let id = configuration(&servers, &body.ledger)["metadata"]["piperoll.ledger_id"].clone();
    let id = id.as_str().unwrap();
    forget(&servers, id);
    let lines: Vec<&str> = held.split_inclusive('\n').collect();
    let spoil = |text: &str| {
        std::fs::write(&path, text).unwrap();
        servers.run(&restore).refused_with("does not open");
    };
    spoil(&lines[..lines.len() - 1].concat());
    spoil(&[lines[0], lines[2], lines[1], &lines[3..].concat()].concat());
    let mut bytes = BASE64_STANDARD.decode(lines[1].trim_end()).unwrap();
    bytes[30] ^= 1;
    spoil(&[lines[0], &BASE64_STANDARD.encode(bytes), "\n", &lines[2..].concat()].concat());
    let mut head: Value = serde_json::from_str(lines[0]).unwrap();
    head["made_at"] = "2020-01-01T00:00:00Z".into();
    std::fs::write(&path, format!("{head}\n{}", lines[1..].concat())).unwrap();
    servers.run(&restore).refused_with("more than 30 days ago");
    spoil_with(&servers, &restore, &path, &held);
}

/// The same with another state folder's keys; then the file as it was, which is put back.
fn spoil_with(servers: &Servers, restore: &[&str], path: &Path, held: &str) {
    std::fs::write(path, held).unwrap();
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().to_str().unwrap();
    let elsewhere = [restore, &["--state", folder]].concat();
    servers.run(&elsewhere).refused_with("restore the state folder first");
    servers.fine(restore);
}

fn forget(servers: &Servers, ledger: &str) {
    block_on(async {
        let link = connect(servers.setting("PIPEROLL_POSTGRES_URL")).await.unwrap();
        for table in ["text_key", "actor", "claim"] {
            let text = format!("delete from vault.{table} where ledger_id = '{ledger}'::uuid");
            link.batch_execute(&text).await.unwrap();
        }
    });
}
