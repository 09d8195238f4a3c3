//! Who people are, what they may do, and what only they may open.
//!
//! [`secret`]: key files; [`vault`]: sealed texts and the names behind actor ids; [`claims`]: what a
//! request's key stands for; [`tokens`]: who calls; [`policy`]: who may use which door;
//! [`migrations`]: the tables, which are kept, never rebuilt; [`backup`]: the vault's own backup.

pub mod backup;
pub mod claims;
pub mod migrations;
pub mod policy;
pub mod secret;
pub mod tokens;
pub mod vault;
