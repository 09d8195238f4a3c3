//! Running it: connections, projectors, checks, the demo and the bench.
//!
//! [`site`]: one ledger with the servers it stands on; [`projecting`]: read models kept up;
//! [`moving_in`]: a body's files become its prologue; [`importing`]: one file, applied or undone; [`guarding`]: writing while the guard looks on; [`doctor`]: everything checked; [`publishing`]: updates kept up;
//! [`demo`]: two invented bodies; [`mod@bench`]: this machine measured.

pub mod bench;
pub mod demo;
pub mod doctor;
pub mod guarding;
pub mod importing;
pub mod moving_in;
pub mod projecting;
pub mod publishing;
pub mod site;
