//! Killed in the middle of a move-in, restarted, and run again: is anything lost, doubled or changed?
//!
//! `tests/kill --rounds N --seed S` runs many rounds; every test run goes through two of them.

mod acts;
mod answers;
mod checker;
mod faults;
mod load;
mod plan;
mod round;
mod spoiling;

use crate::support::program::{Servers, number};
use plan::Synthetic;
use round::{Reference, Victim};

/// A stream of numbers that a seed fixes (splitmix64).
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `most`.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % most
    }
}

/// What happens in which round: each of `may` once before any comes again, in a seeded order.
fn in_turn<T: Copy>(seeded: &mut Seeded, may: &[T], rounds: u64) -> Vec<T> {
    let mut order = Vec::new();
    while (order.len() as u64) < rounds {
        let mut left = may.to_vec();
        while !left.is_empty() {
            let next = usize::try_from(seeded.below(left.len() as u64)).unwrap();
            order.push(left.remove(next));
        }
    }
    order.truncate(usize::try_from(rounds).unwrap());
    order
}

#[test]
fn kill_rounds() {
    let rounds = number("PIPEROLL_KILL_ROUNDS", 2);
    let mut seeded = Seeded::new(number("PIPEROLL_KILL_SEED", 1));
    let plan = Synthetic::write();
    let reference = {
        let servers = Servers::own("kill-reference");
        Reference::of(&servers, &plan)
    };
    for (n, victim) in (1..=rounds).zip(in_turn(&mut seeded, &Victim::ALL, rounds)) {
        let after = round::begin_to_kill(&mut seeded, reference.events());
        let verified = round::run(n, victim, after, &plan, &reference);
        println!("{verified}");
    }
}

#[test]
fn every_four_rounds_kill_each_of_the_four() {
    for seed in 0..20 {
        let mut killed = in_turn(&mut Seeded::new(seed), &Victim::ALL, 8);
        killed.truncate(4);
        killed.sort_unstable();
        assert_eq!(killed, Victim::ALL);
    }
}
