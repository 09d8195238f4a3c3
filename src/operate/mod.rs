//! Running it: connections, projectors, checks, the demo and the bench.
//!
//! [`site`]: one ledger with the servers it stands on; [`projecting`]: read models kept up, `spans` what their
//! traces show of it;
//! [`moving_in`]: a body's files become its prologue; [`importing`]: one file, applied or undone;
//! [`amending`]: the framework changed from a file and written back; [`guarding`]: writing while the
//! guard looks on; [`issuing`]: tokens of the demo's issuer; [`publishing`]: updates kept up; [`doctor`]: everything checked,
//! whether `disks` have room, and at what `rates` a ledger is written and read; [`demo`]: two invented
//! bodies; [`mod@bench`]: this machine measured; [`backup`]: a ledger to a file and back; [`vaulting`]: its
//! vault likewise; [`accepting`]: going on although a stream differs; [`replicating`]: a ledger moved to
//! one server or three.

pub mod accepting;
pub mod amending;
pub mod backup;
pub mod bench;
pub mod demo;
mod disks;
pub mod doctor;
pub mod guarding;
pub mod importing;
pub mod issuing;
pub mod moving_in;
pub mod numbers;
pub mod projecting;
pub mod publishing;
mod rates;
pub mod replicating;
pub mod site;
mod spans;
pub mod standing;
pub mod vaulting;
