//! Laws over random histories: what holds of every read model, whatever happened.
//!
//! **Invariant:** nothing is mocked. Events are encoded and decoded, rows go to Postgres, and the
//! second opinion of [`crate::naive`] reads the same bytes.
//!
//! One database, one schema a case. `PIPEROLL_LAWS=300` tries three hundred histories a law.

mod answers;
mod duties;
mod facts;
mod figures;
pub(crate) mod ground;
mod histories;
mod judged;
mod makers;
mod memory;
mod opinions;
mod questions;
mod runtime;
mod tables;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};

use ground::Ground;
use histories::{Forgery, History, Seed, history};

/// How many histories a law tries when nobody says.
const CASES: u32 = 30;

/// Tries `law` over random histories; the smallest that breaks it is printed.
#[expect(clippy::needless_pass_by_value, reason = "a law is written where it is tried")]
fn over_histories(forgery: Forgery, law: impl AsyncFn(&Ground, History, Vec<usize>)) {
    let cases = std::env::var_os("PIPEROLL_LAWS").map_or(CASES, |n| {
        n.to_str().and_then(|n| n.parse().ok()).expect("PIPEROLL_LAWS: a number")
    });
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let histories = (vec(any::<Seed>(), 1..90), vec(1_usize..12, 1..5));
    let (ground, runtime) = (Ground::default(), ground::runtime());
    let tried = TestRunner::new(config).run(&histories, |(seeds, sizes)| {
        runtime.block_on(law(&ground, history("random", &seeds, forgery), sizes));
        Ok(())
    });
    runtime.block_on(ground.clear());
    if let Err(broken) = tried {
        panic!("{broken}");
    }
}
