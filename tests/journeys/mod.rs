//! One user goal each, through the program as people run it.

mod beginning_again;
mod demo;
pub(crate) mod examining;
mod framework;
mod importing;
mod moving_in;
mod printing;
mod read_models;
mod rebuilding;
mod stories;

use std::path::{Path, PathBuf};

use crate::support::fresh_name;
use crate::support::program::Servers;

/// Northmoor under a name of its own, its files in a folder of their own.
pub(crate) struct Body {
    pub(crate) ledger: String,
    folder: tempfile::TempDir,
}

/// The file that tests spoil.
pub(crate) const RETURN: &str = "2022-08-12 performance return.csv";

impl Body {
    pub(crate) fn new() -> Self {
        let body = Self { ledger: fresh_name().to_string(), folder: tempfile::tempdir().unwrap() };
        for entry in Path::new("deploy/illustrative/northmoor").read_dir().unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), body.file(entry.file_name().to_str().unwrap())).unwrap();
        }
        let named = format!("name = \"{}\"", body.ledger);
        body.edit("plan.toml", "name = \"northmoor\"", &named);
        body
    }

    /// One that has moved in.
    pub(crate) fn moved_in(servers: &Servers) -> Self {
        let body = Self::new();
        servers.fine(&["move-in", &body.plan()]);
        body
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn plan(&self) -> String {
        self.file("plan.toml").to_str().unwrap().to_owned()
    }

    /// Replaces words that stand in a file once or more, in the first place.
    #[track_caller]
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.file(name)).unwrap();
        assert!(text.contains(from), "`{from}` does not stand in {name}");
        std::fs::write(self.file(name), text.replacen(from, to, 1)).unwrap();
    }

    /// The arguments of a question with the answer as JSON.
    pub(crate) fn asked<'a>(&'a self, question: &[&'a str]) -> Vec<&'a str> {
        let mut arguments = vec!["as-at", "--ledger", &self.ledger, "--json"];
        arguments.extend(question);
        arguments
    }
}
