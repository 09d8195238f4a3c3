//! A clock and a disk beneath servers that can be disturbed while they run.

use serde_json::{Value, json};
use tempfile::TempDir;

/// Where a server's clock and disk are told what to do.
pub(crate) struct Disturbed(TempDir);

impl Disturbed {
    /// Undisturbed so far.
    pub(crate) fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        // The servers may run as another user.
        let all = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), all).unwrap();
        std::fs::copy("tests/support/disturbed.py", folder.path().join("disturbed.py")).unwrap();
        let disturbed = Self(folder);
        disturbed.rest();
        disturbed
    }

    /// The command under which `deploy/local start --under` is to run the servers.
    pub(crate) fn command(&self) -> String {
        let at = |name: &str| self.0.path().join(name).to_str().unwrap().to_owned();
        format!("/usr/bin/env python3 {} {} --", at("disturbed.py"), at("control"))
    }

    /// The clock of a program is so much ahead from here on; behind where the number is negative.
    pub(crate) fn set_clock(&self, program: &str, seconds: i64) {
        self.say(&json!({ program: { "clock_s": seconds } }));
    }

    /// Every write of a program to its disk takes so much longer from here on.
    pub(crate) fn slow_disk(&self, program: &str, milliseconds: u64) {
        self.say(&json!({ program: { "slow_ms": milliseconds } }));
    }

    /// Clocks are right and disks are as fast as they are.
    pub(crate) fn rest(&self) {
        self.say(&json!({}));
    }

    fn say(&self, said: &Value) {
        let (written, control) = (self.0.path().join("written"), self.0.path().join("control"));
        std::fs::write(&written, said.to_string()).unwrap();
        std::fs::rename(written, control).unwrap();
    }
}
