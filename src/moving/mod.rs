//! Moving in: what turns people's files into commands, and drives them into a ledger.
//!
//! A file is read with its mapping into a [`reading::Reading`]; [`compare`] holds it against what
//! is held and says what must be recorded; [`prologue`] puts all files of a plan into one order. A
//! [`framework`] is a file of its own: what it would change, applied and written back.
//!
//! **Invariant:** nothing is recorded before everything has been read, compared and checked.

mod asserted;
mod cells;
pub mod checks;
pub mod compare;
pub mod define;
mod fields;
mod figures;
pub mod framework;
pub mod grammar;
pub mod held;
pub mod import;
pub mod intent;
mod load;
pub mod mapping;
mod numbers;
#[cfg(test)]
mod oddities;
pub mod open;
pub mod packed;
pub mod plan;
pub mod prologue;
pub mod read;
pub mod reading;
pub mod record;
mod request;
pub mod reverse;
mod rows;
mod says;
mod scan;
mod scope;
mod script;
pub mod sequence;
#[cfg(test)]
mod spec;
pub mod table;
mod targets;
mod template;
mod writing;
