//! Answers about the record: as it stands, or as it stood at any date.
//!
//! **Invariant:** an answer reads all its parts at one position, names that position and the
//! instant it stands for, and given both it can be had again.
//!
//! [`moment`]: which position a date means; [`answer`]: scorecard, measure and submission with
//! what the scoring functions say of them; [`questions`]: the questions of committees and auditors, each by its
//! name; [`under_targets`]: one figure under every version of its target; [`around`]: what stood just before an
//! event and just after it; [`acted`]: what one act is told with;
//! [`made_under`]: the unit and the decimals of the definition of a figure's time.

pub mod acted;
pub mod answer;
pub mod around;
pub mod made_under;
pub mod moment;
pub mod questions;
pub mod under_targets;
