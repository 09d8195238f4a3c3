//! Scoring: what a figure comes to under a target, a definition and a rule.
//!
//! **Invariant:** pure. The same figures give the same rating today and in ten years; there is no
//! SQL, no clock and no float here.

mod direction;
mod governing;
mod known;
mod rate;
mod state;

pub use direction::{Direction, direction};
pub use governing::{Candidate, govern};
pub use known::{Basis, Known, Said, Timing, known, timing};
pub use rate::{Figure, Rating, Terms, meets, published, rate};
pub use state::{Declared, FigureState, figure_state};
