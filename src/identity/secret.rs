//! Key files: made once, readable by their owner only.
//!
//! **Invariant:** a key file is there whole or not at all, and nobody but its owner can read it.
//! Two processes that start at once end with the same key.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::ids::{NoRandomness, nonce, random};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Others could read it.
    #[error(
        "`{path}` is open to others (mode {mode:04o}); run `chmod {wanted:04o} {path}`, and consider whether it was read"
    )]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode it needs.
        wanted: u32,
    },
    /// Of another length.
    #[error("`{0}` is not a key file; restore it from its backup")]
    Malformed(PathBuf),
    /// The file system said no.
    #[error("`{path}` can't be used")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No random bits.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// The `N` secret bytes of `folder/name`; drawn and kept there when there are none.
///
/// # Errors
/// Open to others, of another length, or the file system says no.
pub fn open_or_make<const N: usize>(folder: &Path, name: &str) -> Result<[u8; N], SecretError> {
    make_folder(folder)?;
    let path = folder.join(name);
    if !path.exists() {
        make(folder, &path, &random::<N>()?)?;
    }
    read(&path)
}

/// The `N` secret bytes of a file.
///
/// # Errors
/// As [`open_or_make`]; a missing file is the file system's `NotFound`.
pub fn read<const N: usize>(path: &Path) -> Result<[u8; N], SecretError> {
    closed(path, 0o600)?;
    let text = fs::read_to_string(path).map_err(|source| failed(path, source))?;
    let bytes = hex::decode(text.trim_end()).unwrap_or_default();
    bytes.try_into().map_err(|_| SecretError::Malformed(path.to_owned()))
}

/// The files of a folder whose names end in `.suffix`.
///
/// # Errors
/// The folder is open to others, or the file system says no.
pub fn files(folder: &Path, suffix: &str) -> Result<Vec<PathBuf>, SecretError> {
    closed(folder, 0o700)?;
    let entries = fs::read_dir(folder).map_err(|source| failed(folder, source))?;
    let paths: Result<Vec<_>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(|source| failed(folder, source))?;
    paths.retain(|path| path.extension().is_some_and(|end| end == suffix));
    Ok(paths)
}

/// Makes a folder that only its owner enters, and checks one that is there.
///
/// # Errors
/// Open to others, or the file system says no.
pub fn make_folder(folder: &Path) -> Result<(), SecretError> {
    match DirBuilder::new().mode(0o700).recursive(true).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(folder, error)),
        _ => closed(folder, 0o700),
    }
}

/// Checks that only its owner can use a file or folder.
///
/// # Errors
/// Open to others, or the file system says no.
pub fn closed(path: &Path, wanted: u32) -> Result<(), SecretError> {
    let found = fs::metadata(path).map_err(|source| failed(path, source))?;
    let mode = found.permissions().mode() & 0o7777;
    if mode.trailing_zeros() >= 6 {
        return Ok(());
    }
    Err(SecretError::Open { path: path.to_owned(), mode, wanted })
}

/// Writes beside, then links into place: a link fails where another process was first.
fn make(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), SecretError> {
    let draft = folder.join(format!(".draft-{}", nonce()?));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| {
            file.write_all(format!("{}\n", hex::encode(bytes)).as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::File::open(folder)?.sync_all(),
        });
    let removed = fs::remove_file(&draft);
    written.and(removed).map_err(|source| failed(path, source))
}

fn failed(path: &Path, source: io::Error) -> SecretError {
    SecretError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("keys");
        let first = open_or_make::<32>(&inner, "vault.key").unwrap();
        assert_eq!(open_or_make::<32>(&inner, "vault.key").unwrap(), first);
        let path = inner.join("vault.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read::<32>(&path), Err(SecretError::Open { .. })));
    }

    #[test]
    fn a_file_of_another_length_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("keys");
        open_or_make::<16>(&inner, "x.key").unwrap();
        assert!(matches!(read::<32>(&inner.join("x.key")), Err(SecretError::Malformed(_))));
    }
}
