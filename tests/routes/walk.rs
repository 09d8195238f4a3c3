//! Every operation of the served document: what it leaves in the ledger, and whom it refuses.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::story::Teller;
use super::{MOST, Out, Served};

/// An operation that a rule leaves out, with the reason.
const OPEN: &[(&str, &str)] = &[
    ("livez", "whether it lives is told to whoever watches it"),
    ("readyz", "whether it is ready is told to whoever sends it work"),
    ("version", "the release is no secret"),
    ("metrics", "numbers without names, for whoever watches it"),
    ("openapi", "a document that says nothing of any ledger"),
];

const ANY_ROLE: &[(&str, &str)] =
    &[("list_ledgers", "it shows what the token itself says, and nothing of a ledger")];

struct Operation {
    method: String,
    path: String,
    about: Value,
}

impl Operation {
    fn id(&self) -> &str {
        self.about["operationId"].as_str().unwrap()
    }

    fn is_left_out(&self, list: &[(&str, &str)]) -> bool {
        list.iter().any(|(id, _)| *id == self.id())
    }

    /// Its address, with something in every place.
    fn address(&self, served: &Served) -> String {
        let mut path = self.path.replace("{ledger}", &served.body.ledger);
        let measure =
            if self.method == "GET" { "NM03" } else { "0123456789abcdef0123456789abcdef" };
        path = path.replace("{measure}", measure).replace("{period}", "FY2021-Q4");
        path = path.replace("{position}", "3");
        while let Some((before, after)) = path.split_once('{') {
            let after = after.split_once('}').unwrap().1;
            path = format!("{before}0123456789abcdef0123456789abcdef{after}");
        }
        let given = |name: &str| match name {
            "measure" => "NM03",
            "a" | "from" | "on" => "2022-06-01",
            "b" | "to" => "2022-09-01",
            "period" | "a_period" | "b_period" => "FY2021-Q4",
            other => panic!("the walk knows no value for the parameter `{other}`"),
        };
        let needed = self.about["parameters"].as_array().unwrap().iter();
        let needed = needed.filter(|it| it["in"] == "query" && it["required"] == true);
        let mut query: Vec<String> = needed
            .map(|it| it["name"].as_str().unwrap())
            .map(|name| format!("{name}={}", given(name)))
            .collect();
        if self.id() == "follow_updates" {
            // Else it would be followed for ever.
            query.push("until=head".to_owned());
        }
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }
}

fn operations(served: &Served) -> Vec<Operation> {
    let document = served.send("GET", "/api/openapi.json", &Out::default()).fine();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, about) in methods.as_object().unwrap() {
            let (method, path) = (method.to_uppercase(), path.clone());
            found.push(Operation { method, path, about: about.clone() });
        }
    }
    let ids: BTreeSet<&str> = found.iter().map(Operation::id).collect();
    assert_eq!(ids.len(), found.len(), "two operations have one id");
    for (id, reason) in OPEN.iter().chain(ANY_ROLE) {
        assert!(ids.contains(id), "the exception `{id}` ({reason}) is stale; take it out");
    }
    found
}

#[test]
fn a_read_leaves_nothing_in_the_ledger_and_an_act_leaves_one_fact() {
    let served = Served::new();
    let token = served.token("Ann Auditor", MOST);
    let operations = operations(&served);
    let length = served.length();
    for operation in operations.iter().filter(|it| it.method == "GET") {
        let heard = served.get(&token, &operation.address(&served));
        assert_eq!(heard.status, 200, "{}: {heard:?}", operation.id());
        assert_eq!(served.length(), length, "{} left something", operation.id());
    }
    let mut teller = Teller::new(&served);
    teller.tell_all();
    let told: BTreeSet<&str> = teller.told.iter().map(String::as_str).collect();
    let acts = operations.iter().filter(|it| it.method == "POST");
    let acts: BTreeSet<&str> = acts.map(Operation::id).collect();
    assert_eq!(told, acts, "the story tells every act of the document and no other");
}

#[test]
fn whoever_has_no_token_or_no_role_is_refused_everywhere_but_where_a_reason_stands() {
    let served = Served::new();
    let (most, nobody) =
        (served.token("Ann Auditor", MOST), served.token("Bob Nobody", &["public"]));
    let length = served.length();
    for operation in operations(&served) {
        let (path, id) = (operation.address(&served), operation.id());
        let body = (operation.method == "POST").then(|| b"{}".to_vec());
        let headers = vec![("idempotency-key", "k"), ("if-match", "\"1\"")];
        let ask = |token| {
            let out = Out { token, headers: headers.clone(), body: body.clone() };
            served.send(&operation.method, &path, &out)
        };
        if operation.is_left_out(OPEN) {
            assert_eq!(ask(None).status, 200, "{id}");
            assert_eq!(operation.about["security"], json!([]), "{id}");
            continue;
        }
        let refused = ask(None);
        refused.problem(401, "token_needed");
        assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"), "{id}");
        if operation.is_left_out(ANY_ROLE) {
            assert_eq!(ask(Some(&nobody)).status, 200, "{id}");
            continue;
        }
        let refused = ask(Some(&nobody)).problem(403, "not_allowed");
        assert_eq!(refused["roles"], operation.about["x-roles"], "{id}");
        assert_ne!(operation.about["x-roles"], json!([]), "{id}");
        // A ledger that the token doesn't name is as good as none.
        let elsewhere = path.replace(&served.body.ledger, "severnside");
        let out = Out { token: Some(&most), headers: headers.clone(), body: body.clone() };
        served.send(&operation.method, &elsewhere, &out).problem(404, "no_such_ledger");
    }
    assert_eq!(served.length(), length);
}
