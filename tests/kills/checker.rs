//! Receipts against the stream: what was acknowledged must stand, once, where it was said to stand.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;

/// A request and where its event stands, as a receipt says it or as the stream has it.
pub(crate) type Placing = (String, u64);

/// The receipts of all the tries of a move-in, a line of JSON each.
pub(crate) fn receipts(text: &str) -> Vec<Placing> {
    let placing = |line: &str| -> Option<Placing> {
        let value: Value = serde_json::from_str(line).ok()?;
        let id = value["command_id"].as_str()?.to_owned();
        Some((id, value["position"].as_u64()?))
    };
    text.lines().map(|line| placing(line).unwrap_or_else(|| panic!("no receipt: {line}"))).collect()
}

/// Everything that is wrong; nothing when every receipt holds and no request was recorded twice.
pub(crate) fn check(receipts: &[Placing], stream: &[Placing]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut stands: BTreeMap<&str, u64> = BTreeMap::new();
    for (n, (id, position)) in (1..).zip(stream) {
        if *position != n {
            wrong.push(format!("position {n} is missing, {position} is next"));
            break;
        }
        match stands.entry(id) {
            Entry::Vacant(free) => {
                free.insert(*position);
            }
            Entry::Occupied(held) => {
                wrong.push(format!("{id} stands at {} and at {position}", held.get()));
            }
        }
    }
    for (id, position) in receipts {
        match stands.get(id.as_str()) {
            None => wrong.push(format!("{id}, acknowledged at {position}, does not stand")),
            Some(at) if at != position => {
                wrong.push(format!("{id}, acknowledged at {position}, stands at {at}"));
            }
            Some(_) => {}
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Vec<Placing> {
        (1..=40).map(|n| (format!("command-{n}"), n)).collect()
    }

    #[test]
    fn receipts_that_hold_are_passed() {
        let stream = stream();
        assert_eq!(check(&stream[..30], &stream), Vec::<String>::new());
    }

    #[test]
    fn one_receipt_altered_is_found() {
        let stream = stream();
        let mut receipts = stream[..30].to_vec();
        receipts[17].1 += 1;
        let due = ["command-18, acknowledged at 19, stands at 18"];
        assert_eq!(check(&receipts, &stream), due);
    }

    #[test]
    fn one_event_removed_is_found_wherever_it_stood() {
        let whole = stream();
        for gone in 0..40 {
            let mut stream = whole.clone();
            stream.remove(gone);
            assert!(!check(&whole, &stream).is_empty(), "event {gone}");
        }
        // Even where the store closes the gap.
        let mut stream = whole.clone();
        stream.remove(11);
        for (n, placing) in (1..).zip(&mut stream) {
            placing.1 = n;
        }
        assert!(!check(&whole, &stream).is_empty());
    }

    #[test]
    fn one_request_recorded_twice_is_found() {
        let mut stream = stream();
        stream.push(("command-7".to_owned(), 41));
        assert_eq!(check(&[], &stream), ["command-7 stands at 7 and at 41"]);
    }
}
