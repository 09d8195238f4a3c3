//! Real sets, as their publishers held them at each moment: what an answer as at that moment owes.
//!
//! **Invariant:** nothing here shares code with the importer. Where the two agree, two people read
//! one file and came to the same figures.

pub(crate) mod hart;
pub(crate) mod lgbf;
pub(crate) mod ons;
pub(crate) mod reader;
