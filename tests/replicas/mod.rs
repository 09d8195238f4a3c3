//! Three servers that hold one ledger: a journey on which one of them dies, a ledger moved from one to
//! three, what the doctor says, and a start on two.

mod doctor;
mod flow;
mod journey;
mod moving;
mod starting;

pub(crate) use flow::{UNHURRIED, during};
