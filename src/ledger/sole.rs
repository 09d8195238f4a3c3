//! What a writer knows while nobody else writes: where the stream ends, and what it has read to the end.
//!
//! **Invariant:** what a rule relies on is left unread only under a guard on the whole stream: the append
//! is stored if nothing at all was stored since, and decided again over what is read otherwise.
//!
//! ```text
//! we                                                     JetStream           another
//!  │ ours stood at 7, and before it 6, 5, 4 … all ours     │                    │
//!  │ the framework was read to its end since               │                    │
//!  │ decide over it unread, append if 7 is the last ──────►│ stored at 8        │
//!  │                                                       │ 9 ◄────────────────│
//!  │ decide over it unread, append if 8 is the last ──────►│ stale: none stored │
//!  │ read it, decide again, append ───────────────────────►│ stored at 10       │
//! ```
//!
//! On several servers a leader that was just chosen may have to take in what stands, so what was read of
//! it once may be behind for longer than a moment: there, it is read each time.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use piperoll_events::{EntityRef, Position};

/// So many appends of ours in a row, with nothing of another's between, are taken for a sign that nobody
/// else writes.
const A_SIGN: u32 = 8;

/// What is known of one stream.
#[derive(Debug, Default)]
pub(super) struct Sole(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The last position that was acknowledged to us.
    end: Option<Position>,
    /// How many appends followed each other.
    in_a_row: u32,
    /// What was read to its end while nobody else wrote.
    read: HashSet<EntityRef>,
    /// How often all of it was forgotten.
    forgotten: u64,
    /// How many of ours may append at this moment.
    under_way: usize,
}

/// One that may append; until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay<'a> {
    sole: &'a Sole,
    known: Option<Sure>,
}

/// That nobody else has written, as far as can be told before an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sure {
    /// Where the stream ends then.
    pub(super) end: Position,
    forgotten: u64,
}

impl Sole {
    /// Somebody sets out to append; to be kept until what was stored of it has been taken in.
    pub(super) fn enter(&self) -> UnderWay<'_> {
        let mut known = self.known();
        known.under_way = known.under_way.saturating_add(1);
        let alone = known.under_way == 1 && known.in_a_row >= A_SIGN;
        let forgotten = known.forgotten;
        let sure = known.end.filter(|_| alone).map(|end| Sure { end, forgotten });
        UnderWay { sole: self, known: sure }
    }

    /// Takes in that `count` messages of ours stand from `first` on.
    pub(super) fn stored(&self, first: Position, count: usize) {
        let mut known = self.known();
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let end = Position(first.0.saturating_add(count).saturating_sub(1));
        if known.end.is_some_and(|end| end.next() == first) {
            known.in_a_row = known.in_a_row.saturating_add(1);
        } else {
            known.forget();
        }
        known.end = Some(known.end.map_or(end, |before| before.max(end)));
    }

    /// An append has no plain yes: another may have written, or it may stand all the same.
    pub(super) fn in_doubt(&self) {
        let mut known = self.known();
        known.forget();
        known.end = None;
    }

    /// Whether what is held of an entity is all there is of it, if the stream ends where `sure` says.
    pub(super) fn has_read(&self, entity: EntityRef, sure: Sure) -> bool {
        let known = self.known();
        known.forgotten == sure.forgotten && known.read.contains(&entity)
    }

    /// Takes in that an entity was read to its end after `sure` was given.
    pub(super) fn read(&self, entity: EntityRef, sure: Sure) {
        let mut known = self.known();
        if known.forgotten == sure.forgotten {
            known.read.insert(entity);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget(&mut self) {
        self.in_a_row = 0;
        self.read.clear();
        self.forgotten = self.forgotten.saturating_add(1);
    }
}

impl UnderWay<'_> {
    /// What was known when it set out; none where others are under way, or were lately.
    pub(super) const fn known(&self) -> Option<Sure> {
        self.known
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut known = self.sole.known();
        known.under_way = known.under_way.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use piperoll_events::ids::MeasureId;

    /// As many of ours in a row, from position 1 on, as are taken for a sign, and the one before them.
    fn alone() -> Sole {
        let sole = Sole::default();
        (1..=u64::from(A_SIGN) + 1).for_each(|n| sole.stored(Position(n), 1));
        sole
    }

    fn known(sole: &Sole) -> Option<Sure> {
        sole.enter().known()
    }

    #[test]
    fn a_writer_is_sure_after_some_in_a_row_and_not_before() {
        let sole = Sole::default();
        for n in 1..=u64::from(A_SIGN) {
            sole.stored(Position(n), 1);
            assert_eq!(known(&sole), None, "after {n}");
        }
        sole.stored(Position(u64::from(A_SIGN) + 1), 100);
        let end = known(&sole).map(|sure| sure.end);
        assert_eq!(end, Some(Position(u64::from(A_SIGN) + 100)));
    }

    #[test]
    fn anothers_event_between_makes_a_writer_unsure_and_forget_what_it_read() {
        let (sole, entity) = (alone(), MeasureId::derived(&["m"]).into());
        let sure = known(&sole).unwrap();
        assert!(!sole.has_read(entity, sure));
        sole.read(entity, sure);
        assert!(sole.has_read(entity, sure));
        sole.stored(Position(sure.end.0 + 2), 1);
        assert_eq!(known(&sole), None);
        assert!(!sole.has_read(entity, sure));
        // Whoever read it before and says so late is not heard.
        sole.read(entity, sure);
        let mut last = sure.end.0 + 2;
        while known(&sole).is_none() {
            last += 1;
            sole.stored(Position(last), 1);
        }
        assert!(!sole.has_read(entity, known(&sole).unwrap()));
    }

    #[test]
    fn doubt_makes_a_writer_unsure() {
        let sole = alone();
        sole.in_doubt();
        assert_eq!(known(&sole), None);
        sole.stored(Position(u64::from(A_SIGN) + 2), 1);
        assert_eq!(known(&sole), None, "one of ours may stand that nobody took in");
    }

    #[test]
    fn a_writer_with_two_under_way_is_not_sure() {
        let sole = alone();
        let first = sole.enter();
        assert!(first.known().is_some());
        assert_eq!(known(&sole), None);
        drop(first);
        assert!(known(&sole).is_some());
    }

    #[test]
    fn an_answer_that_comes_late_takes_the_end_no_further_back() {
        let sole = alone();
        let end = known(&sole).unwrap().end.0;
        sole.stored(Position(end + 2), 1);
        sole.stored(Position(end + 1), 1);
        for n in 1..=u64::from(A_SIGN) {
            assert_eq!(known(&sole), None);
            sole.stored(Position(end + 2 + n), 1);
        }
        assert_eq!(known(&sole).unwrap().end, Position(end + 2 + u64::from(A_SIGN)));
    }
}
