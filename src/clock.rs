//! The clock: the only reader of time.
//!
//! **Invariant:** everything else takes time as an argument, so that whatever was decided can be
//! decided again.

use chrono::{DateTime, SubsecRound, Utc};

/// This instant, UTC, to the microsecond: as events bear it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use piperoll_events::envelope::{micros, parse_micros};

    #[test]
    fn an_instant_survives_the_wire() {
        let now = super::now();
        assert_eq!(parse_micros(&micros(now)), Some(now));
    }
}
