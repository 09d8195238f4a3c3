//! Every act of the API, told once and in order: what it takes and what becomes of it.
//!
//! A new command needs a line here: the walk fails as long as it has none.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Heard, MOST, Served};

const FRAMEWORK: &str = "0000000000000000000000000000f001";
const OBJECTIVE: &str = "0000000000000000000000000000a001";
const STEP: &str = "0000000000000000000000000000a002";
const AREA: &str = "0000000000000000000000000000a003";
const MEASURE: &str = "0000000000000000000000000000e001";
const OTHER: &str = "0000000000000000000000000000e002";
const POST: &str = "0000000000000000000000000000b001";
const DEPUTY: &str = "0000000000000000000000000000b002";
const PERSON: &str = "0000000000000000000000000000c001";

/// Tells acts, and remembers which operations they were.
pub(crate) struct Teller<'a> {
    served: &'a Served,
    enters: String,
    signs: String,
    /// Called before each act with how many were told.
    before: Box<dyn Fn(usize) + 'a>,
    /// How long an act may be put off and asked again.
    patience: Duration,
    /// The operations told.
    pub(crate) told: Vec<String>,
}

fn reason() -> Value {
    json!({ "code": "source_revised", "text": "The source published it again." })
}

/// The fact of an event's example, with what is put in its place.
pub(crate) fn example(event: &str, changes: &Value) -> Value {
    let text = std::fs::read_to_string(format!("events/examples/piperoll.{event}.json")).unwrap();
    let mut fact = serde_json::from_str::<Value>(&text).unwrap()["data"]["fact"].take();
    for (name, value) in changes.as_object().unwrap() {
        fact[name] = value.clone();
    }
    json!({ "fact": fact })
}

fn target(period: &str, change: &Value) -> Value {
    let mut body = json!({
        "key": { "period": period, "tier": "expected" },
        "reason": reason(),
    });
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn level(at: &str) -> Value {
    json!({ "shape": "standing", "level": { "at": at } })
}

impl<'a> Teller<'a> {
    pub(crate) fn new(served: &'a Served) -> Self {
        let (enters, signs) =
            (served.token("Rhys Calder", MOST), served.token("Ines Okafor", MOST));
        let before = Box::new(|_| ());
        Self { served, enters, signs, before, patience: Duration::ZERO, told: Vec::new() }
    }

    /// The same where something happens before an act, so that whoever acts is put off and asks again.
    pub(crate) fn disturbed(served: &'a Served, before: impl Fn(usize) + 'a) -> Self {
        let patience = Duration::from_secs(30);
        Self { before: Box::new(before), patience, ..Self::new(served) }
    }

    /// Asks until it is not put off any more.
    fn patiently(&self, ask: impl Fn() -> Heard) -> Heard {
        let begun = Instant::now();
        loop {
            let heard = ask();
            if heard.status != 503 || begun.elapsed() >= self.patience {
                return heard;
            }
            assert!(heard.header("retry-after").is_some(), "{heard:?}");
        }
    }

    /// Tells an act under the id of its operation; it leaves one fact, whose place is returned.
    #[track_caller]
    fn tell(&mut self, operation: &str, path: &str, body: &Value) -> u64 {
        let token = self.enters.clone();
        self.tell_by(&token, operation, path, body)
    }

    #[track_caller]
    fn tell_by(&mut self, token: &str, operation: &str, path: &str, body: &Value) -> u64 {
        let length = self.served.length();
        (self.before)(self.told.len());
        let key = format!("{operation} {length}").replace(' ', "-");
        let heard = self.patiently(|| {
            self.served.post(token, &self.served.at(path), (&key, Some(length)), body)
        });
        let acted = heard.accepted();
        assert_eq!(
            (&acted["outcome"], &acted["position"]),
            (&json!("recorded"), &json!(length + 1))
        );
        assert_eq!(self.served.length(), length + 1, "{operation} left not one fact");
        let place = self.served.at(&format!("/events/{}", length + 1));
        assert_eq!(heard.header("location"), Some(&*place));
        let event = self.patiently(|| self.served.get(token, &place)).fine();
        assert_eq!(event["signature"], "verified");
        assert_eq!(event["event"]["id"], acted["event_id"]);
        let record = &event["event"]["data"]["record"];
        assert_eq!(
            (&record["channel"], &record["post"]),
            (&json!("api"), &json!("Performance Manager"))
        );
        assert!(MOST.contains(&record["role"].as_str().unwrap()), "{record}");
        let relied_on = record.get("relied_on").cloned().unwrap_or(json!([]));
        assert_eq!(acted["relied_on"], relied_on, "{operation}");
        self.told.push(operation.to_owned());
        length + 1
    }

    /// The whole story.
    pub(crate) fn tell_all(&mut self) {
        self.frameworks();
        self.posts_and_roles();
        self.measures();
        self.targets();
        self.figures();
        self.signatures();
        self.decisions();
        self.ends();
    }

    fn frameworks(&mut self) {
        let of = |verb: &str| format!("/frameworks/{FRAMEWORK}/{verb}");
        let within = json!({ "framework": FRAMEWORK });
        self.tell("framework_adopt", &of("adopt"), &example("framework.adopted.v1.1", &json!({})));
        let rule = json!({ "met": "green", "near": "amber", "missed": "red",
            "tolerance": { "rate": "0.10" }, "compare": "exact", "ends": "inclusive" });
        let rule = example("framework.rating_rule_set.v1.1", &json!({ "rule": rule }));
        self.tell("framework_set_rating_rule", &of("set-rating-rule"), &rule);
        let chain = json!({ "stages": [{ "code": "verified", "title": { "en": "Verified" },
            "covers": ["figures", "judgement"], "signers": [{ "kind": "steward" }],
            "mode": { "kind": "one" } }] });
        let chain = json!({ "fact": { "chain": chain, "reason": reason() } });
        self.tell("framework_set_sign_off_chain", &of("set-sign-off-chain"), &chain);
        for (operation, path, event) in [
            ("objective_add", format!("/objectives/{OBJECTIVE}/add"), "objective.added.v1"),
            ("step_add", format!("/steps/{STEP}/add"), "step.added.v1"),
            ("area_add", format!("/areas/{AREA}/add"), "area.added.v1"),
        ] {
            self.tell(operation, &path, &example(event, &within));
        }
        self.frameworks_revised();
    }

    fn frameworks_revised(&mut self) {
        let of = |verb: &str| format!("/frameworks/{FRAMEWORK}/{verb}");
        for (operation, verb, event) in [
            ("framework_revise", "revise", "framework.revised.v1"),
            ("framework_set_taxonomy", "set-taxonomy", "framework.taxonomy_set.v1"),
        ] {
            self.tell(operation, &of(verb), &example(event, &json!({})));
        }
        let level = |code: &str, track: &str| {
            json!({ "code": code, "words": { "en": code }, "shape": "diamond", "colour": "#00703c",
                "track": track })
        };
        let scale = json!({ "levels": [level("green", "on"), level("amber", "at_risk"),
            level("red", "off")] });
        let rule = json!({ "met": "green", "near": "amber", "missed": "red",
            "tolerance": { "rate": "0.10" }, "compare": "exact", "ends": "inclusive" });
        let changes = json!({ "scale": scale, "rating_rule": rule });
        let set = example("framework.scale_set.v1", &changes);
        self.tell("framework_set_scale", &of("set-scale"), &set);
        let within = json!({ "framework": FRAMEWORK });
        let step = json!({ "framework": FRAMEWORK, "objective": OBJECTIVE });
        for (kind, id, changes) in
            [("objective", OBJECTIVE, &within), ("step", STEP, &step), ("area", AREA, &within)]
        {
            let of = |verb: &str| format!("/{kind}s/{id}/{verb}");
            let revised = example(&format!("{kind}.revised.v1"), changes);
            self.tell(&format!("{kind}_revise"), &of("revise"), &revised);
            // It ends in time to come, so that measures may still be shown there.
            let retired = example(&format!("{kind}.retired.v1"), &json!({}));
            self.tell(&format!("{kind}_retire"), &of("retire"), &retired);
        }
    }

    fn posts_and_roles(&mut self) {
        let of = |verb: &str| format!("/posts/{POST}/{verb}");
        let created = example("post.created.v1", &json!({}));
        self.tell("post_create", &of("create"), &created);
        self.tell("post_create", &format!("/posts/{DEPUTY}/create"), &created);
        let held = example("post.held.v1", &json!({ "holder": PERSON }));
        self.tell("post_hold", &of("hold"), &held);
        let vacated = example("post.vacated.v1", &json!({ "holder": PERSON }));
        self.tell("post_vacate", &of("vacate"), &vacated);
        let delegated = example("post.delegated.v1", &json!({ "to": DEPUTY }));
        self.tell("post_delegate", &of("delegate"), &delegated);
        let granted = example("role.granted.v1", &json!({ "person": PERSON, "scope": "ledger" }));
        let at = self.tell("role_grant", "/roles/grant", &granted);
        let event = self.served.get(&self.enters, &self.served.at(&format!("/events/{at}"))).fine();
        let role = event["event"]["subject"].as_str().unwrap().strip_prefix("role/").unwrap();
        let ended = example("role.ended.v1", &json!({}));
        self.tell("role_end", &format!("/roles/{role}/end"), &ended);
    }

    fn measures(&mut self) {
        let of = |verb: &str| format!("/measures/{MEASURE}/{verb}");
        let placed = json!({ "framework": FRAMEWORK, "places": [{ "area": AREA }] });
        let adopted = example("measure.adopted.v1.1", &placed);
        self.tell("measure_adopt", &of("adopt"), &adopted);
        self.tell("measure_adopt", &format!("/measures/{OTHER}/adopt"), &adopted);
        let defined = json!({ "fact": { "definition": { "unit": "%", "decimals": 2,
            "polarity": { "kind": "higher_is_better" } }, "reason": reason() } });
        self.tell("measure_set_definition", &of("set-definition"), &defined);
        let code = example("measure.code_assigned.v1", &json!({}));
        self.tell("measure_assign_code", &of("assign-code"), &code);
        let place = example("measure.placed.v1", &json!({ "place": { "objective": OBJECTIVE } }));
        self.tell("measure_place", &of("place"), &place);
        let gone = example("measure.removed.v1", &json!({ "place": { "objective": OBJECTIVE } }));
        self.tell("measure_remove", &of("remove"), &gone);
        let title = json!({ "title": { "en": "Invoices paid" }, "reason": reason() });
        self.tell("measure_retitle", &of("retitle"), &title);
        self.tell("measure_tag", &of("tag"), &example("measure.tagged.v1", &json!({})));
        let post = json!({ "post": POST });
        for (verb, event) in [
            ("accountable", "measure.accountable_assigned.v1"),
            ("steward", "measure.steward_assigned.v1"),
            ("contributor", "measure.contributor_assigned.v1"),
        ] {
            let path = of(&format!("assign-{verb}"));
            self.tell(&format!("measure_assign_{verb}"), &path, &example(event, &post));
        }
        self.tell("measure_end_duty", &of("end-duty"), &example("measure.duty_ended.v1", &post));
    }

    fn targets(&mut self) {
        let of = |verb: &str| format!("/measures/{MEASURE}/{verb}");
        let key = json!({ "period": "FY2023", "tier": "expected" });
        let set = example("measure.target_set.v1.1", &json!({ "key": key }));
        self.tell("measure_set_target", &of("set-target"), &set);
        let change = target("FY2023", &json!({ "new": level("97") }));
        let at = self.tell("measure_change_target", &of("change-target"), &change);
        let correct = target("FY2023", &json!({ "new": level("96"), "corrects": at }));
        self.tell("measure_correct_target", &of("correct-target"), &correct);
        let withdraw = target("FY2023", &json!({}));
        self.tell("measure_withdraw_target", &of("withdraw-target"), &withdraw);
        let proposed = example("measure.baseline_proposed.v1", &json!({}));
        self.tell("measure_propose_baseline", &of("propose-baseline"), &proposed);
        let baseline = json!({ "period": "FY2020", "value": "90.8" });
        let set = |changes: &Value| example("measure.baseline_set.v1.1", changes);
        // Who proposed it doesn't approve it, but may record that a body did.
        let own =
            set(&json!({ "baseline": baseline, "authority": { "kind": "delegated_decision" } }));
        let (path, now) = (self.served.at(&of("set-baseline")), Some(self.served.length()));
        let refused = self.served.post(&self.enters, &path, ("own-baseline", now), &own);
        refused.problem(422, "own_proposal");
        let minuted = set(&json!({ "baseline": baseline }));
        self.tell("measure_set_baseline", &of("set-baseline"), &minuted);
    }

    fn figures(&mut self) {
        let of =
            |period: &str, verb: &str| format!("/measures/{MEASURE}/submissions/{period}/{verb}");
        let words = "Two suppliers' invoices came late.";
        let submit = json!({ "cells": [{ "value": "97.4" }], "commentary": words });
        self.tell("submission_submit", &of("FY2021-Q4", "submit"), &submit);
        let write = json!({ "text": "Counted again." });
        self.tell("submission_write_commentary", &of("FY2021-Q4", "write-commentary"), &write);
        let revise = json!({ "changed": [{ "value": "97.1" }], "removed": [], "reason": reason() });
        self.tell("submission_revise", &of("FY2021-Q4", "revise"), &revise);
        let declare = json!({ "state": "awaiting_source", "expected_on": "2022-06-14" });
        self.tell("submission_declare_no_value", &of("FY2022-Q1", "declare-no-value"), &declare);
        self.tell(
            "submission_withdraw",
            &of("FY2022-Q1", "withdraw"),
            &json!({ "reason": reason() }),
        );
    }

    fn signatures(&mut self) {
        let of = |verb: &str| format!("/measures/{MEASURE}/submissions/FY2021-Q4/{verb}");
        let read = format!(
            "/measures/{MEASURE}/submissions/FY2021-Q4?min_position={}",
            self.served.length()
        );
        let read = self.served.at(&read);
        let shown = self.patiently(|| self.served.get(&self.signs, &read)).fine();
        assert_eq!(shown["commentary"], json!({ "state": "open", "text": "Counted again." }));
        let mut sign = shown["to_sign"].clone();
        sign["stage"] = json!("verified");
        sign["post"] = json!(POST);
        let mut forged = sign.clone();
        forged["covers"][0]["digest"] = json!("0".repeat(64));
        let (signs, path) = (self.signs.clone(), self.served.at(&of("sign-off")));
        let now = Some(self.served.length());
        self.served.post(&signs, &path, ("forged", now), &forged).problem(422, "other_digest");
        for position in [0, 1_000_000] {
            forged["covers"][0]["position"] = json!(position);
            let heard = self.served.post(&signs, &path, ("nothing", now), &forged);
            heard.problem(422, "no_such_version");
        }
        self.served.post(&self.enters, &path, ("own", now), &sign).problem(422, "same_hands");
        let at = self.tell_by(&signs, "submission_sign_off", &of("sign-off"), &sign);
        let back = json!({ "post": POST, "signed_at": at, "reason": reason() });
        self.tell_by(&signs, "submission_withdraw_sign_off", &of("withdraw-sign-off"), &back);
        let refuse = json!({ "framework": FRAMEWORK, "stage": "verified", "post": POST,
            "content_from": shown["submission"]["headline"]["content_from"], "reason": reason() });
        self.tell_by(&signs, "submission_refuse_sign_off", &of("refuse-sign-off"), &refuse);
        let inputs: Vec<&Value> =
            sign["covers"].as_array().unwrap().iter().map(|it| &it["position"]).collect();
        let stated = json!({ "framework": FRAMEWORK, "computed": sign["rating"], "stated": "amber",
            "inputs": inputs, "reason": reason() });
        self.tell("submission_override_rating", &of("override-rating"), &stated);
    }

    /// From here on a change of a target needs Cabinet.
    fn decisions(&mut self) {
        let right = example("framework.decision_right_set.v1", &json!({}));
        let path = format!("/frameworks/{FRAMEWORK}/set-decision-right");
        self.tell("framework_set_decision_right", &path, &right);
        let length = self.served.length();
        let path = self.served.at(&format!("/measures/{OTHER}/change-target"));
        let change = target("FY2022", &json!({ "new": level("90") }));
        let refused = self.served.post(&self.enters, &path, ("cabinet", Some(length)), &change);
        let refused = refused.problem(422, "authority_needed");
        assert_eq!(refused["accepted"][0]["by"], "Cabinet");
        assert_eq!(self.served.length(), length);
    }

    fn ends(&mut self) {
        let of = |measure: &str, verb: &str| format!("/measures/{measure}/{verb}");
        let otherwise = json!({ "level": "operational", "reason": reason() });
        self.tell("measure_reclassify", &of(OTHER, "reclassify"), &otherwise);
        let by = example("measure.replaced.v1", &json!({ "by": MEASURE }));
        self.tell("measure_replace", &of(OTHER, "replace"), &by);
        let retired = example("measure.retired.v1", &json!({}));
        self.tell("measure_retire", &of(MEASURE, "retire"), &retired);
    }
}
