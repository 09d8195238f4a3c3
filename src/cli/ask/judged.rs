//! How it is printed that what an act relied on stood otherwise at its own position.

use piperoll_events::decision_right::RightThen;
use piperoll_projections::accountability::judged::{Judged, RoleThen};

use crate::cli::output;

/// The headings of [`cells`].
pub(super) const HEADINGS: [&str; 2] = ["right", "role"];

pub(super) fn cells(judged: Option<&Judged>) -> [String; 2] {
    let right = judged.and_then(|judged| judged.right);
    let role = judged.and_then(|judged| judged.role);
    [
        right.map(|right| output::words(&right)).unwrap_or_default(),
        role.map(|role| output::words(&role)).unwrap_or_default(),
    ]
}

/// What did not stand as it was decided on.
pub(super) fn lines(judged: Option<&Judged>) -> Vec<String> {
    let right = match judged.and_then(|judged| judged.right) {
        Some(RightThen::WithoutTheRight) => {
            Some("  without the right: the decision rights in force by then don't accept it")
        }
        Some(RightThen::OtherRights) => {
            Some("  the decision rights had changed by then, and accept it all the same")
        }
        Some(RightThen::AsDecided) | None => None,
    };
    let role = match judged.and_then(|judged| judged.role) {
        Some(RoleThen::WithoutTheRole) => {
            Some("  without the role: it did not count when this was recorded")
        }
        Some(RoleThen::Held) | None => None,
    };
    right.into_iter().chain(role).map(str::to_owned).collect()
}
