//! Loading: a plan with what it names, and the digest over every byte of all of it.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use piperoll_events::text::{Digest, Label};
use sha2::{Digest as _, Sha256};

use super::plan::{FilePart, Plan, PlanError, key, parse};

/// A plan with its mappings, and the digests of the files that it names.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What the plan says.
    pub plan: Plan,
    /// The plan's file name.
    pub name: Label,
    /// The length of the plan in bytes.
    pub bytes: u64,
    /// SHA-256 of the plan alone.
    pub own_digest: Digest,
    /// SHA-256 of plan, mappings and files together.
    pub digest: Digest,
    /// The files, each pattern spelt out, in the order that settles ties.
    pub files: Vec<LoadedFile>,
}

/// A file that a plan names.
#[derive(Debug, Clone)]
pub struct LoadedFile {
    /// Where it lies.
    pub path: PathBuf,
    /// SHA-256 of its bytes, which may be many and are read when they are needed.
    pub digest: Digest,
    /// Where its mapping lies.
    pub mapping_path: PathBuf,
    /// The mapping's bytes.
    pub mapping: Vec<u8>,
    /// What the plan says for this file.
    pub part: FilePart,
}

/// Reads the plan at `path` and all it names; files are looked for from `base`, or else from the
/// plan's own folder.
///
/// # Errors
/// A file that is missing, or a plan that says something else than plans may.
pub fn load(path: &Path, base: Option<&Path>) -> Result<Loaded, PlanError> {
    let folder = folder_of(path);
    let base = base.unwrap_or(folder);
    let bytes = read(path, folder)?;
    let plan = parse(path, &bytes)?;
    let mut files = Vec::new();
    for part in &plan.files {
        let mapping_path = folder.join(&part.mapping);
        let mapping = read(&mapping_path, folder)?;
        for path in spelt_out(&base.join(&part.path))? {
            files.push(LoadedFile {
                digest: digest_of(&path, base)?,
                path,
                mapping_path: mapping_path.clone(),
                mapping: mapping.clone(),
                part: part.clone(),
            });
        }
    }
    let mut all = Sha256::new();
    all.update(sha256(&bytes).bytes());
    for file in &files {
        all.update(sha256(&file.mapping).bytes());
        all.update(file.digest.bytes());
    }
    let named = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Loaded {
        name: named.parse().map_err(|_| key("the plan's file name", &named, "name it plainly"))?,
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        own_digest: sha256(&bytes),
        digest: Digest::new(all.finalize().into()),
        plan,
        files,
    })
}

/// SHA-256 of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest::new(Sha256::digest(bytes).into())
}

/// The folder that a path lies in; a bare name lies in the working folder.
fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn read(path: &Path, base: &Path) -> Result<Vec<u8>, PlanError> {
    std::fs::read(path).map_err(unreadable(path, base))
}

fn digest_of(path: &Path, base: &Path) -> Result<Digest, PlanError> {
    let hash = || {
        let mut raw = BufReader::new(File::open(path)?);
        let mut hash = Sha256::new();
        loop {
            let chunk = raw.fill_buf()?;
            let length = chunk.len();
            if length == 0 {
                return Ok(Digest::new(hash.finalize().into()));
            }
            hash.update(chunk);
            raw.consume(length);
        }
    };
    hash().map_err(unreadable(path, base))
}

fn unreadable(path: &Path, base: &Path) -> impl Fn(io::Error) -> PlanError {
    move |source| PlanError::Unreadable { path: path.to_owned(), base: base.to_owned(), source }
}

/// The files that a path stands for: itself, or those that its pattern fits, by name.
fn spelt_out(path: &Path) -> Result<Vec<PathBuf>, PlanError> {
    let pattern = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !pattern.contains('*') {
        return Ok(vec![path.to_owned()]);
    }
    let folder = folder_of(path);
    let unreadable = unreadable(folder, folder);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(&unreadable)? {
        let name = entry.map_err(&unreadable)?.file_name().to_string_lossy().into_owned();
        if fits(&pattern, &name) {
            found.push(folder.join(name));
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(PlanError::NoFile { pattern, folder: folder.to_owned() });
    }
    Ok(found)
}

/// Whether `*` of the pattern can stand for parts of the name so that the two are one.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).filter_map(|from| rest.get(from..)).any(|rest| fits(tail, rest))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::PLAN;
    use super::*;

    #[test]
    fn a_pattern_stands_for_all_files_that_fit_by_name_and_every_byte_counts_in_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("p.toml", PLAN);
        write("m.toml", "m");
        let path = folder.path().join("p.toml");
        assert!(matches!(load(&path, None), Err(PlanError::NoFile { .. })));
        write("b.csv", "b");
        write("a.csv", "a");
        let first = load(&path, None).unwrap();
        let names = first.files.iter().map(|it| it.path.file_name().unwrap().to_owned());
        assert_eq!(names.collect::<Vec<_>>(), ["a.csv", "b.csv"]);
        for (name, text) in [("b.csv", "c"), ("m.toml", "n"), ("p.toml", &format!("{PLAN} "))] {
            let before = load(&path, None).unwrap().digest;
            write(name, text);
            assert_ne!(load(&path, None).unwrap().digest, before, "{name}");
        }
    }

    #[test]
    fn a_star_stands_for_any_part_of_a_name() {
        assert!(fits("2014-*.csv", "2014-08-10.csv") && fits("*", "é") && fits("a*b*c", "abbc"));
        assert!(!fits("*.csv", "a.csv.bak") && !fits("a*a", "a"));
    }
}
