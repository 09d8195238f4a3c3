//! Real sets, as their publishers held them at each moment: what an answer as at that moment owes,
//! and, in `proof`, that it gives it.
//!
//! **Invariant:** no reader shares code with the importer. Where the two agree, two people read one
//! file and came to the same figures.

pub(crate) mod hart;
pub(crate) mod lgbf;
pub(crate) mod ons;
mod proof;
pub(crate) mod reader;
