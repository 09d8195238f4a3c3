//! The event decoder: takes any bytes at all, never panics, and lets nothing in by another way.

use piperoll_events::ids::{LedgerId, MeasureId};
use piperoll_events::{DecodeError, Event, profile};
use proptest::prelude::*;

use super::{AGAINST_THE_SCHEMA, OUTSIDE_THE_PROFILE, event, spoilt, text};

fn sound() -> Event {
    event(LedgerId::derived(&["l"]), MeasureId::derived(&["m"]), 1)
}

#[test]
fn a_sound_body_is_read_as_it_was_written() {
    let event = sound();
    assert_eq!(Event::decode(text(&event).as_bytes()), Ok(event));
}

#[test]
fn what_is_outside_the_profile_is_refused_as_such() {
    let text = text(&sound());
    for (what, from, to) in OUTSIDE_THE_PROFILE {
        let found = Event::decode(&spoilt(&text, from, to));
        assert!(matches!(found, Err(DecodeError::Profile(_))), "{what}: {found:?}");
    }
    let with = |more: &[u8]| [more, text.as_bytes()].concat();
    let mut invalid = text.clone().into_bytes();
    let at = text.find("Because").unwrap();
    invalid[at] = 0xFF;
    for (what, body) in [
        ("invalid UTF-8", invalid),
        ("a byte order mark", with(b"\xEF\xBB\xBF")),
        ("two values", [text.as_bytes(), b"{}"].concat()),
        ("nothing", Vec::new()),
        ("half a surrogate", spoilt(&text, "\"channel\"", "\"\\ud800\":1,\"channel\"")),
    ] {
        let found = Event::decode(&body);
        assert!(matches!(found, Err(DecodeError::Profile(_))), "{what}: {found:?}");
    }
}

#[test]
fn what_follows_no_schema_is_refused_as_such() {
    let text = text(&sound());
    for (what, from, to) in AGAINST_THE_SCHEMA {
        let found = Event::decode(&spoilt(&text, from, to));
        assert!(matches!(found, Err(DecodeError::Schema(_))), "{what}: {found:?}");
    }
}

#[test]
fn a_type_of_a_later_release_is_named_and_not_refused() {
    let text = text(&sound());
    let spoilt = text.replace("code_assigned", "code_admired");
    let found = Event::decode(spoilt.as_bytes());
    assert!(matches!(found, Err(DecodeError::Unknown { .. })), "{found:?}");
}

#[test]
fn each_limit_lets_the_last_byte_in_and_not_one_more() {
    let text = text(&sound());
    let filled = |length: usize| {
        let blank = " ".repeat(length - text.len());
        [text.as_bytes(), blank.as_bytes()].concat()
    };
    assert!(Event::decode(&filled(profile::MOST_BYTES)).is_ok());
    let over = Event::decode(&filled(profile::MOST_BYTES + 1));
    assert_eq!(over, Err(DecodeError::Profile(profile::ProfileError::TooLong)));
    for (most, from) in [(500, "A1"), (20_000, "Because")] {
        let with = |length: usize| spoilt(&text, from, &"x".repeat(length));
        assert!(Event::decode(&with(most)).is_ok(), "{most} characters were refused");
        let over = Event::decode(&with(most + 1));
        assert!(matches!(over, Err(DecodeError::Schema(_))), "{} characters", most + 1);
    }
    let nested = |depth: usize| {
        let brackets = "[".repeat(depth) + &"]".repeat(depth);
        profile::check(brackets.as_bytes()).map(drop)
    };
    assert_eq!(nested(profile::MOST_DEPTH + 1), Ok(()));
    assert!(matches!(nested(profile::MOST_DEPTH + 2), Err(profile::ProfileError::TooDeep(_))));
    // A stack that overflows can't be caught: so deep is refused before anything is taken apart.
    assert!(nested(100_000).is_err());
}

/// Whatever is let in is written and read again as the same event.
fn comes_back(body: &[u8]) {
    if let Ok(event) = Event::decode(body) {
        let written = event.encode().unwrap();
        assert_eq!(Event::decode(&written), Ok(event));
    }
}

proptest! {
    #[test]
    fn any_bytes_at_all_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..600)) {
        comes_back(&body);
    }

    #[test]
    fn a_body_with_a_few_bytes_changed_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut body = text(&sound()).into_bytes();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        comes_back(&body);
        body.truncate(cut.index(body.len()));
        comes_back(&body);
    }

    #[test]
    fn a_body_with_pieces_of_json_put_in_is_read_or_refused(
        at in any::<prop::sample::Index>(),
        piece in prop::sample::select(&["{", "}", "[", "]", "\"", ",", ":", "\\", "\\u0000", "1e9",
            "null", "-0", "{}", "[[[[", "\u{202E}", "\0", "\\ud800"][..]),
    ) {
        let text = text(&sound());
        let at = at.index(text.len());
        comes_back(&[&text.as_bytes()[..at], piece.as_bytes(), &text.as_bytes()[at..]].concat());
    }
}
