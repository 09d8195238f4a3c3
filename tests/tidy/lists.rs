//! Lists and folders agree, so that a reader finds any file from the README in three steps.

use std::collections::BTreeSet;
use std::path::Path;

use super::source::{self, File, lines_with};
use super::{Offence, judge};

/// The file that lists a top-level folder.
const TOP: &[(&str, &str)] = &[
    ("events", "events/src/lib.rs"),
    ("projections", "projections/src/lib.rs"),
    ("src", "src/lib.rs"),
    ("tests", "tests/README.md"),
    ("deploy", "deploy/README.md"),
];

#[test]
fn the_readme_links_the_list_of_every_folder() {
    let files = source::files();
    let readme = files.iter().find(|f| f.path == "README.md");
    let readme = readme.expect("HOUSE: README.md is the first of three steps, and there is none");
    let links = links(readme);
    let mut offences = Vec::new();
    let folders: BTreeSet<&str> =
        files.iter().filter_map(|f| f.path.split_once('/')).map(|(folder, _)| folder).collect();
    for folder in folders.into_iter().filter(|folder| !folder.starts_with('.')) {
        match TOP.iter().find(|(name, _)| *name == folder) {
            None => offences.push(Offence::new(readme, 1, format!("`{folder}/` has no list"))),
            Some((_, list)) if !links.contains(*list) => {
                offences.push(Offence::new(readme, 1, format!("does not link {list}")));
            }
            Some(_) => {}
        }
    }
    judge("README.md links the list of every folder", &offences);
}

#[test]
fn every_rust_file_is_named_by_the_list_beside_it() {
    let rust = source::rust();
    let mut offences = Vec::new();
    for file in &rust {
        let (folder, name) = file.path.rsplit_once('/').unwrap();
        let is_list = ["mod.rs", "lib.rs", "main.rs"].contains(&name);
        if is_list && ["src", "events/src", "projections/src", "tests"].contains(&folder) {
            continue;
        }
        // A folder's list is named by the list above it.
        let (folder, name) =
            if is_list { folder.rsplit_once('/').unwrap() } else { (folder, name) };
        let stem = name.trim_end_matches(".rs");
        let lists: Vec<&File> = ["mod.rs", "lib.rs", "main.rs"]
            .iter()
            .filter_map(|list| rust.iter().find(|f| f.path == format!("{folder}/{list}")))
            .collect();
        if !lists.iter().any(|list| !lines_with(&list.code(), stem).is_empty()) {
            offences.push(Offence::new(file, 1, format!("no list in {folder}/ names it")));
        }
    }
    judge("a folder's list names every file in it", &offences);
}

#[test]
fn a_folder_with_several_files_says_what_is_absent_or_must_hold() {
    let mut offences = Vec::new();
    for file in source::rust().iter().filter(|f| f.path.ends_with("/lib.rs")) {
        if !file.text.contains("**Invariant:**") {
            offences.push(Offence::new(file, 1, "states no invariant"));
        }
    }
    judge("every crate states its invariant", &offences);
}

#[test]
fn the_readme_of_a_folder_links_every_file_in_it() {
    let files = source::files();
    let mut offences = Vec::new();
    for (folder, deep) in [("deploy", true), ("tests", false)] {
        let list = files.iter().find(|f| f.path == format!("{folder}/README.md")).unwrap();
        let links = links(list);
        for file in files.iter().filter(|f| f.path.starts_with(&format!("{folder}/"))) {
            let inside = &file.path[folder.len() + 1..];
            let linked = match inside.split_once('/') {
                Some((below, _)) if !deep => {
                    links.iter().any(|link| link.starts_with(&format!("{folder}/{below}/")))
                }
                // A folder of figures is linked as a whole.
                _ => Path::new(&file.path)
                    .ancestors()
                    .take_while(|path| path != &Path::new(folder))
                    .any(|path| links.contains(&*path.to_string_lossy())),
            };
            let own =
                ["README.md", ".gitignore"].contains(&inside) || file.path.contains("/snapshots/");
            if !linked && !own {
                offences.push(Offence::new(list, 1, format!("does not link {inside}")));
            }
        }
    }
    judge("a folder's README links every file in it", &offences);
}

#[test]
fn every_link_in_a_document_leads_somewhere() {
    let mut offences = Vec::new();
    for file in source::files().iter().filter(|f| f.ends_with(&[".md"])) {
        for link in links(file) {
            if !source::root().join(&link).exists() {
                offences.push(Offence::new(file, 1, format!("links {link}, which is not there")));
            }
        }
    }
    judge("every link in a document leads somewhere", &offences);
}

#[test]
fn every_event_and_update_has_a_schema_and_a_line_in_the_change_log() {
    let files = source::files();
    let log = files.iter().find(|f| f.path == "events/CHANGELOG.md").unwrap();
    let events = piperoll_events::schemas().into_iter();
    let types = events.chain(piperoll_events::update::schemas()).map(|event| event.file);
    let types: BTreeSet<String> = types.collect();
    let mut offences = Vec::new();
    let on_file: BTreeSet<String> = files
        .iter()
        .filter_map(|f| {
            let of_updates = || f.path.strip_prefix("events/updates/schemas/");
            let name = f.path.strip_prefix("events/schemas/").or_else(of_updates)?;
            name.strip_suffix(".json")
        })
        .map(str::to_owned)
        .collect();
    for name in types.union(&on_file) {
        if !log.text.contains(&format!("`{name}`")) {
            offences.push(Offence::new(log, 1, format!("does not mention `{name}`")));
        }
    }
    for name in types.difference(&on_file) {
        offences.push(Offence::new(log, 1, format!("`{name}` has no schema on file")));
    }
    judge("every event has a schema and a line in the change log", &offences);
}

/// Every relative link of a document, as a path from the root.
fn links(file: &File) -> BTreeSet<String> {
    let base = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    file.text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#', ' ']).next())
        .filter(|link| !link.is_empty() && !link.contains("://") && !link.starts_with("mailto:"))
        .map(|link| {
            let mut path: Vec<&str> = base.iter().filter_map(|part| part.to_str()).collect();
            for part in link.split('/').filter(|part| !part.is_empty() && *part != ".") {
                if part == ".." {
                    path.truncate(path.len().saturating_sub(1));
                } else {
                    path.push(part);
                }
            }
            path.join("/")
        })
        .collect()
}
