//! What tests have others' programs in Python judge: fetched into the home of the test run, pinned by hash.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::setting;

/// The folder that holds what a file of requirements names; fetched where it is not there.
pub(crate) fn fetched(folder: &str, requirements: &str) -> PathBuf {
    let place = Path::new(&setting("PIPEROLL_HOME")).join(folder);
    let pip = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--require-hashes", "--only-binary=:all:", "--no-deps", "--target"])
        .arg(&place)
        .args(["--requirement", requirements])
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .output()
        .unwrap_or_else(|error| panic!("python3 is needed, 3.11 to 3.13: {error}"));
    let said = String::from_utf8_lossy(&pip.stderr);
    assert!(pip.status.success(), "python3 with pip must fetch {requirements}: {said}");
    place
}
