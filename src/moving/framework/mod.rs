//! A framework as a file: what it would change, applied as one amendment, written back.
//!
//! **Invariant:** what is written is what is agreed: compared with the same state it changes nothing.
//! A file that has anything wrong, or anything that a rule refuses, leaves no event.
//!
//! | file | for |
//! |---|---|
//! | `file.rs` | the sections of a file |
//! | `read.rs` | bytes to sections, and everything that is wrong with them |
//! | `agreed.rs` | what is agreed at a position, folded from the ledger |
//! | `written.rs` | what is agreed, as a file |
//! | `compare.rs`, `parts.rs`, `measures.rs` | a file against what is agreed |
//! | `change.rs` | one change: what was, what would be, the fact |
//! | `amend.rs` | changes checked by the rules and cut into batches |

pub mod agreed;
pub mod amend;
pub mod change;
pub mod compare;
pub mod file;
mod measures;
mod parts;
pub mod read;
#[cfg(test)]
mod tests;
mod written;
