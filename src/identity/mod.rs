//! Who people are and what only they may open: the vault, its keys, and the names of actors.
//!
//! [`secret`]: key files; [`vault`]: sealed texts and the names behind actor ids;
//! [`migrations`]: its tables, which are kept, never rebuilt.

pub mod migrations;
pub mod secret;
pub mod vault;
