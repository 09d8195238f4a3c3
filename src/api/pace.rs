//! How fast one person may ask.
//!
//! **Invariant:** nobody's haste slows another: each person has a measure of their own, and only
//! people with a token are remembered.

use std::num::NonZeroU32;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::numbers;
use super::problem::Problem;

/// More people than this at once, and those who have gone quiet are forgotten.
const MANY: usize = 10_000;

/// The pace of everybody.
pub(super) struct Pace {
    people: RateLimiter<String, HashMapStateStore<String>, DefaultClock>,
}

impl Pace {
    /// So many requests a second, and twice as many at once after a rest.
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        let burst = per_second.saturating_mul(NonZeroU32::MIN.saturating_add(1));
        Self { people: RateLimiter::hashmap(Quota::per_second(per_second).allow_burst(burst)) }
    }

    /// Lets somebody's request through, or says when to come back.
    ///
    /// # Errors
    /// Too fast (429).
    pub(super) fn take(&self, person: &str) -> Result<(), Problem> {
        if self.people.len() > MANY {
            self.people.retain_recent();
        }
        self.people.check_key(&person.to_owned()).map_err(|until| {
            numbers::put_off("too_fast");
            let wait = until.wait_time_from(DefaultClock::default().now());
            let seconds = wait.as_secs().saturating_add(1);
            let detail = format!("you ask faster than you may; wait {seconds} s");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_fast", detail)
                .with_header(RETRY_AFTER, HeaderValue::from(seconds))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_too_fast_waits_and_others_do_not() {
        let pace = Pace::new(NonZeroU32::MIN);
        let taken = |person: &str| pace.take(person).is_ok();
        assert_eq!([taken("ann"), taken("ann"), taken("ann")], [true, true, false]);
        assert!(taken("bob"));
    }
}
