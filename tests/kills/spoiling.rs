//! The checker is tested on the record of a real run: spoiled in one place, it must be found.

use super::answers::{Asked, Heard, Stood, check};

/// A way to spoil, with its name.
type Spoiling = (&'static str, fn(&mut Vec<Asked>, &mut Vec<Stood>));

const WAYS: &[Spoiling] = &[
    ("one acknowledged event removed", |asked, stream| {
        let at = acknowledged(asked, stream);
        stream.remove(at);
    }),
    ("one removed and the gap closed", |asked, stream| {
        let at = acknowledged(asked, stream);
        stream.remove(at);
        for (n, stood) in (1..).zip(stream) {
            stood.position = n;
        }
    }),
    ("one doubled at the end", |asked, stream| {
        let mut twice = stream[acknowledged(asked, stream)].clone();
        let last = stream.iter().rfind(|it| it.entity == twice.entity).unwrap();
        (twice.revision, twice.previous) = (last.revision + 1, Some(last.position));
        twice.position = stream.len() as u64 + 1;
        "another".clone_into(&mut twice.id);
        stream.push(twice);
    }),
    ("two swapped", |asked, stream| {
        let at = acknowledged(asked, stream);
        let entity = stream[at].entity.clone();
        let other = stream.iter().rposition(|it| it.key.is_some() && it.entity != entity).unwrap();
        let positions = (stream[at].position, stream[other].position);
        stream.swap(at, other);
        (stream[at].position, stream[other].position) = positions;
    }),
    ("a refused command present", |asked, stream| {
        let refused = |it: &&mut Asked| matches!(it.heard.last(), Some(Heard::Refused(..)));
        let at = acknowledged(asked, stream);
        let refused = asked.iter_mut().find(refused).unwrap();
        stream[at].key = Some(refused.key.clone());
    }),
    ("an update lost", |asked, stream| {
        let accepted = |it: &&mut Asked| it.accepted();
        let one = asked.iter_mut().rfind(accepted).unwrap();
        let stood = stream.iter().find(|it| it.key.as_ref() == Some(&one.key)).unwrap();
        one.read_at = stood.previous.unwrap() - 1;
    }),
    ("called stale without a reason", |asked, stream| {
        let one = asked.iter_mut().rfind(|it| !it.accepted()).unwrap();
        one.heard = vec![Heard::Refused(412, "stale".to_owned())];
        one.read_at = stream.len() as u64;
    }),
    ("another event id", |asked, stream| {
        let at = acknowledged(asked, stream);
        "another".clone_into(&mut stream[at].id);
    }),
    ("one that nobody asked for", |asked, stream| {
        let key = stream[acknowledged(asked, stream)].key.clone();
        asked.retain(|it| Some(&it.key) != key.as_ref());
    }),
    ("one never answered", |asked, _| asked[0].heard = vec![Heard::Nothing]),
];

/// Where an acknowledged event stands, in the middle of the run.
fn acknowledged(asked: &[Asked], stream: &[Stood]) -> usize {
    let accepted: Vec<&Asked> = asked.iter().filter(|it| it.accepted()).collect();
    let key = Some(&accepted[accepted.len() / 2].key);
    stream.iter().position(|it| it.key.as_ref() == key).unwrap()
}

/// Spoils a record that holds, in every way there is; the checker must find each.
pub(crate) fn every_way_is_found(asked: &[Asked], stream: &[Stood]) {
    assert_eq!(check(asked, stream), Vec::<String>::new());
    for (way, spoil) in WAYS {
        let (mut asked, mut stream) = (asked.to_vec(), stream.to_vec());
        spoil(&mut asked, &mut stream);
        assert!(!check(&asked, &stream).is_empty(), "{way}: not found");
    }
}
