//! Opening: the files of a plan, each read with its mapping and checked.
//!
//! **Invariant:** all files are read before the first is used, and all that is wrong is told at
//! once, file by file.

use std::collections::BTreeMap;
use std::{fmt, io};

use piperoll_events::text::Digest;

use super::mapping::{Constants, Mapping, MappingError};
use super::plan::{FilePart, Loaded, sha256};
use super::read::{ReadError, read_file};
use super::reading::Reading;
use super::table::TableError;

/// A file of a plan, read with its mapping.
#[derive(Debug, Clone)]
pub struct Source {
    /// What it says.
    pub reading: Reading,
    /// How it was read.
    pub mapping: Mapping,
    /// What the plan says of it.
    pub part: FilePart,
}

/// Why the files of a plan can't be used. Nothing has been recorded.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A mapping is none.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// Files that can't be read, or whose rows are wrong.
    #[error("{0}")]
    Files(Wrong),
}

/// The files that are wrong, each with all that is wrong with it.
#[derive(Debug)]
pub struct Wrong(pub Vec<ReadError>);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.0.iter().enumerate() {
            let gap = if n == 0 { "" } else { "\n" };
            write!(f, "{gap}{error}")?;
        }
        Ok(())
    }
}

/// Reads every file of a plan with its mapping.
///
/// # Errors
/// A mapping that is none; or all that is wrong with the files.
pub fn open(plan: &Loaded) -> Result<Vec<Source>, OpenError> {
    let mut mappings: BTreeMap<Digest, Mapping> = BTreeMap::new();
    let (mut sources, mut wrong) = (Vec::new(), Vec::new());
    for file in &plan.files {
        let digest = sha256(&file.mapping);
        let mapping = if let Some(mapping) = mappings.get(&digest) {
            mapping.clone()
        } else {
            let name = file.mapping_path.to_string_lossy();
            let mapping = Mapping::parse(&name, &file.mapping)?;
            mappings.insert(digest, mapping.clone());
            mapping
        };
        let constants = Constants {
            values: file.part.constants.clone(),
            known_at: file.part.known_at.map(|at| at.0),
        };
        match read_file(&file.path, &mapping, &constants) {
            // The plan's digest is over the bytes that were there when it was loaded.
            Ok(reading) if reading.file_digest != file.digest => wrong.push(changed(&reading)),
            Ok(reading) => sources.push(Source { reading, mapping, part: file.part.clone() }),
            Err(error) => wrong.push(error),
        }
    }
    if wrong.is_empty() { Ok(sources) } else { Err(OpenError::Files(Wrong(wrong))) }
}

fn changed(reading: &Reading) -> ReadError {
    let name = reading.file_name.to_string();
    let source = io::Error::other("the file changed while it was being read");
    ReadError::Table(TableError::Io { name, source })
}
