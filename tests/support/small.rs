//! Small disks that can be filled: a file system of its own beneath a server's data.
//!
//! **Invariant:** what is mounted is seen by this process and its children alone, and goes with them.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::program::Servers;

/// Set for a test that runs where it may mount.
const APART: &str = "PIPEROLL_TESTS_APART";

/// A small disk beneath one server.
pub(crate) struct Small {
    at: PathBuf,
}

/// Whether this process may mount without anybody's seeing it. Otherwise the test is run again by a
/// process that may, and has passed when this returns.
#[track_caller]
pub(crate) fn apart(test: &str) -> bool {
    if std::env::var_os(APART).is_some() {
        return true;
    }
    let mut unshare = Command::new("unshare");
    let root = fs::metadata("/proc/self").map(|it| std::os::unix::fs::MetadataExt::uid(&it));
    if root.unwrap() != 0 {
        unshare.args(["--user", "--map-current-user", "--keep-caps"]);
    }
    let program = std::env::current_exe().unwrap();
    unshare.arg("--mount").arg(program).args(["--exact", test, "--nocapture"]);
    let status = unshare.env(APART, "yes").status().unwrap();
    assert!(status.success(), "{test}, in a mount namespace of its own: {status}");
    false
}

impl Small {
    /// Puts a disk of so many mebibytes beneath a server that is up, and what it holds onto it.
    pub(crate) fn beneath(servers: &Servers, server: &str, mebibytes: u64) -> Self {
        let at = PathBuf::from(servers.about(server)["data"].as_str().unwrap());
        servers.stop(server);
        let aside = at.with_extension("aside");
        fs::rename(&at, &aside).unwrap();
        let size = format!("size={mebibytes}m");
        fs::create_dir(&at).unwrap();
        run("mount", &["-t", "tmpfs", "-o", &size, "small"], &[&at]);
        // The folder itself first: its owner and mode are part of what the server asks for.
        for reference in ["chown", "chmod"] {
            let of = format!("--reference={}", aside.display());
            run(reference, &[&of], &[&at]);
        }
        run("cp", &["-a"], &[&aside.join("."), &at]);
        fs::remove_dir_all(aside).unwrap();
        servers.up();
        Self { at }
    }

    /// Not a byte is left from here on.
    pub(crate) fn fill(&self) {
        let mut ballast = File::create(self.at.join("ballast")).unwrap();
        let mut size = 1 << 20;
        while size > 0 {
            if ballast.write_all(&vec![0x55; size]).is_err() {
                size /= 4;
            }
        }
    }

    /// There is room again.
    pub(crate) fn empty(&self) {
        fs::remove_file(self.at.join("ballast")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Its server is stopped with the servers, later; until then it keeps what it has open.
        run("umount", &["--lazy"], &[&self.at]);
    }
}

#[track_caller]
fn run(program: &str, arguments: &[&str], paths: &[&Path]) {
    let ran = Command::new(program).args(arguments).args(paths).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{program} {arguments:?} {paths:?}: {said}");
}
