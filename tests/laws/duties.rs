//! Who answers for what, and what becomes of measures: facts that move no figure, well-formed and
//! not more than that.

use chrono::{Days, NaiveDate};
use piperoll_events::comparability::Comparability;
use piperoll_events::framework::SignOffChainSet;
use piperoll_events::ids::{ActorId, MeasureId, PostId, RoleId, SubmissionId};
use piperoll_events::measure::duty_ended::Duty;
use piperoll_events::measure::{
    AccountableAssigned, BaselineProposed, ContributorAssigned, DutyEnded, Reclassified, Replaced,
    Retired, StewardAssigned, adopted,
};
use piperoll_events::post::created::PostKind;
use piperoll_events::post::held::Basis;
use piperoll_events::post::{Created, Delegated, Held, Vacated};
use piperoll_events::role::granted::{RoleName, RoleScope};
use piperoll_events::role::{Ended, Granted};
use piperoll_events::sign_off::{Covered, SignOffChain, SignedScope, Signer, SigningMode, Stage};
use piperoll_events::submission::{RatingOverridden, SignOffRefused, SignOffWithdrawn, SignedOff};
use piperoll_events::{Fact, Period, Position};

use super::facts::{MEASURES, Step};
use super::histories::Seed;
use super::makers::{baseline, digest, framework, label, measure, period, reason, words};

fn post(n: u8) -> PostId {
    PostId::derived(&[&(n % 3).to_string()])
}

fn person(n: u8) -> ActorId {
    ActorId::derived(&[&(n % 3).to_string()])
}

fn day(n: u8) -> NaiveDate {
    let first: NaiveDate = "2021-04-01".parse().unwrap();
    first + Days::new(u64::from(n) * 7)
}

fn until(n: u8) -> Option<NaiveDate> {
    n.is_multiple_of(2).then(|| day(255))
}

/// One of everything that can be said of a post, a role or somebody's duty.
pub(super) fn said(of: MeasureId, seed: Seed) -> Step {
    match seed[7] % 19 {
        n @ 0..=7 => (of.into(), of_measure(n, seed)),
        n @ 8..=11 => (post(seed[3]).into(), of_post(n, seed)),
        n @ 12..=13 => of_role(n, seed),
        14 => (framework(seed[2]).into(), chain(seed)),
        n => {
            let period = period(seed[2]);
            (SubmissionId::of(of, Some(period)).into(), of_submission(n, of, period, seed))
        }
    }
}

fn chain(seed: Seed) -> Fact {
    let stage = Stage {
        code: label("verified"),
        title: words("Verified"),
        covers: vec![SignedScope::Figures, SignedScope::Judgement],
        signers: vec![Signer::Post { post: post(seed[3]) }, Signer::Steward {}],
        mode: SigningMode::One {},
    };
    let chain = SignOffChain { stages: vec![stage] };
    SignOffChainSet { chain, reason: reason(), authority: None }.into()
}

/// What somebody says of a submission, whether it holds anything or not.
fn of_submission(n: u8, measure: MeasureId, on: Period, seed: Seed) -> Fact {
    let (stage, post, reason) = (label("verified"), post(seed[3]), reason());
    let (period, at) = (Some(on), Position(1 + u64::from(seed[4] % 8)));
    match n {
        15 => SignedOff {
            measure,
            period,
            stage,
            scope: vec![SignedScope::Figures],
            post,
            covers: vec![Covered { position: at, digest: digest(seed[5]) }],
            rating: Some(label("green")),
            statement: None,
        }
        .into(),
        16 => SignOffRefused { measure, period, stage, post, content_from: at, reason }.into(),
        17 => SignOffWithdrawn { measure, period, stage, post, signed_at: at, reason }.into(),
        _ => RatingOverridden {
            measure,
            period: on,
            computed: Some(label("red")),
            stated: label("amber"),
            inputs: vec![at],
            reason,
            authority: None,
        }
        .into(),
    }
}

fn of_measure(n: u8, seed: Seed) -> Fact {
    let (reason, from, authority) = (reason(), day(seed[4]), None);
    match n {
        0 => {
            let source = seed[5].is_multiple_of(2).then(|| label("Benchmark"));
            BaselineProposed { baseline: baseline(seed), source, reason }.into()
        }
        1 => Reclassified {
            // Rarely for good: a measure that is watched is never rated again.
            treatment: match seed[5] % 4 {
                0 => Some(adopted::Treatment::Tracker),
                1 => None,
                _ => Some(adopted::Treatment::Targeted),
            },
            old_treatment: Some(adopted::Treatment::Targeted),
            level: None,
            old_level: None,
            reason,
            authority,
        }
        .into(),
        2 => Retired { from, reason, authority }.into(),
        3 => {
            let (by, comparability) = (measure(seed[5] % MEASURES), Comparability::Broken {});
            Replaced { by, comparability, from, reason, authority }.into()
        }
        4 => AccountableAssigned { post: post(seed[3]), from, reason, authority }.into(),
        5 => StewardAssigned { post: post(seed[3]), from, reason, authority }.into(),
        6 => {
            let (organisation, post) = (label("Health board"), Some(post(seed[3])));
            ContributorAssigned { organisation, post, from, reason }.into()
        }
        _ => {
            let duty = if seed[5].is_multiple_of(2) { Duty::Accountable } else { Duty::Steward };
            let post = Some(post(seed[3]));
            DutyEnded { duty, post, organisation: None, on: from, reason }.into()
        }
    }
}

fn of_post(n: u8, seed: Seed) -> Fact {
    let (reason, holder, from) = (reason(), person(seed[5]), day(seed[4]));
    match n {
        8 => {
            let title = words(&format!("Post {}", seed[3] % 3));
            Created { title, kind: PostKind::Officer, organisation: None, reason }.into()
        }
        9 => {
            let basis = if seed[2].is_multiple_of(3) { Basis::Acting } else { Basis::Substantive };
            Held { holder, basis, from, until: until(seed[6]), reason }.into()
        }
        10 => Vacated { holder, on: from, reason }.into(),
        _ => {
            let to = post(seed[3].wrapping_add(1));
            Delegated { to, from, until: until(seed[6]), reason }.into()
        }
    }
}

pub(super) fn of_role(n: u8, seed: Seed) -> Step {
    let (person, role, scope) = (person(seed[5]), RoleName::Clerk, RoleScope::Ledger);
    let id = RoleId::of(person, role, &scope);
    let (reason, from) = (reason(), day(seed[4]));
    let fact: Fact = if n == 12 {
        Granted { person, role, scope, from, until: until(seed[6]), reason }.into()
    } else {
        Ended { on: from, reason }.into()
    };
    (id.into(), fact)
}
