//! Who wrote an event: signatures, message authentication codes, and the keys of both.
//!
//! **Invariant:** what is signed is the exact bytes of the body with the subject bound in, in the
//! pre-authentication encoding (PAE) of DSSE. An event moved to another subject is not authentic.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::ids::{NoRandomness, random};

/// The DSSE payload type; the subject follows.
const PAYLOAD_TYPE: &str = "application/vnd.piperoll.event.v1;";
/// The folder of keys inside the state folder, the writer's own key, and what every key ends in.
const FOLDER: &str = "keys";
const WRITER: &str = "writer.key";
const SUFFIX: &str = "key";

type HmacSha256 = Hmac<Sha256>;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Others could read it; the operator closes it after asking who may have.
    #[error(
        "`{path}` is open to others (mode {mode:04o}); `chmod {wanted:04o} {path}`, and consider whether the key was read"
    )]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode it needs.
        wanted: u32,
    },
    /// The file is not a key file; the operator restores it from the backup.
    #[error("`{0}` is not a key file; restore it from its backup")]
    Malformed(PathBuf),
    /// No key is there at all; a writer makes one on its first start.
    #[error("there are no keys in `{0}`; start a writer once, or give the writer's state folder")]
    Missing(PathBuf),
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

/// A writer's two keys: Ed25519 for signatures, HMAC-SHA-256 for what projectors check.
#[derive(Clone)]
pub struct WriterKey {
    signing: SigningKey,
    key_id: String,
    mac: MacKey,
}

/// What checks the codes of the writers it knows.
#[derive(Debug, Clone, Default)]
pub struct Verifier {
    keys: HashMap<String, MacKey>,
}

#[derive(Clone)]
struct MacKey {
    id: String,
    keyed: HmacSha256,
}

impl WriterKey {
    /// The writer's keys in the state folder; made there on the first start, complete or not at
    /// all, so that two first starts at once agree on one.
    ///
    /// # Errors
    /// Open to others, malformed, or the file system says no.
    pub fn open(state: &Path) -> Result<Self, KeyError> {
        let folder = state.join(FOLDER);
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(KeyError::Io {
                    path: folder,
                    source: error,
                });
            }
            _ => {}
        }
        closed(&folder, 0o700)?;
        let path = folder.join(WRITER);
        if !path.exists() {
            make(&folder, &path)?;
        }
        read_key(&path)
    }

    /// The name that signatures bear: the first 16 hexadecimal digits of the public key's SHA-256.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The public half, base64, as `ledger.key_added` announces it.
    #[must_use]
    pub fn public_key(&self) -> String {
        BASE64_STANDARD.encode(self.signing.verifying_key().as_bytes())
    }

    /// A verifier that knows this writer alone.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier {
            keys: HashMap::from([(self.mac.id.clone(), self.mac.clone())]),
        }
    }

    /// The `Piperoll-Signature` of a body on a subject.
    pub(super) fn sign(&self, subject: &str, body: &[u8]) -> String {
        let mut message = pae_head(subject, body.len());
        message.extend_from_slice(body);
        let signature = self.signing.sign(&message);
        format!(
            "{}:{}",
            self.key_id,
            BASE64_STANDARD.encode(signature.to_bytes())
        )
    }

    /// The `Piperoll-Mac` of a body on a subject.
    pub(super) fn mac(&self, subject: &str, body: &[u8]) -> String {
        let code = self.mac.over(subject, body).finalize().into_bytes();
        format!("{}:{}", self.mac.id, BASE64_STANDARD.encode(code))
    }

    fn new(seed: &[u8; 32], mac: &[u8; 32]) -> Option<Self> {
        let signing = SigningKey::from_bytes(seed);
        let key_id = short_hash(b"", signing.verifying_key().as_bytes());
        Some(Self {
            signing,
            key_id,
            mac: MacKey::new(mac)?,
        })
    }
}

impl std::fmt::Debug for WriterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WriterKey({})", self.key_id)
    }
}

impl Verifier {
    /// Every writer whose key lies in the state folder.
    ///
    /// # Errors
    /// None there, open to others, malformed, or the file system says no.
    pub fn open(state: &Path) -> Result<Self, KeyError> {
        let folder = state.join(FOLDER);
        if !folder.exists() {
            return Err(KeyError::Missing(folder));
        }
        closed(&folder, 0o700)?;
        let failed = |source| KeyError::Io {
            path: folder.clone(),
            source,
        };
        let mut keys = HashMap::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|end| end == SUFFIX) {
                let key = read_key(&path)?.mac;
                keys.insert(key.id.clone(), key);
            }
        }
        if keys.is_empty() {
            Err(KeyError::Missing(folder))
        } else {
            Ok(Self { keys })
        }
    }

    /// Whether `header` is the code of `body` on `subject` by a writer that is known here. The
    /// comparison takes the same time wherever it fails.
    #[must_use]
    pub fn authentic(&self, header: &str, subject: &str, body: &[u8]) -> bool {
        let Some((id, code)) = header.split_once(':') else {
            return false;
        };
        let Some(key) = self.keys.get(id) else {
            return false;
        };
        let mut bytes = [0; 48];
        let Ok(length) = BASE64_STANDARD.decode_slice(code, &mut bytes) else {
            return false;
        };
        let code = bytes.get(..length).unwrap_or_default();
        key.over(subject, body).verify_slice(code).is_ok()
    }
}

/// Whether `header` is the signature of `body` on `subject` under the public key given (base64).
#[must_use]
pub fn signed(header: &str, public_key: &str, subject: &str, body: &[u8]) -> bool {
    let check = || {
        let (_, signature) = header.split_once(':')?;
        let signature = BASE64_STANDARD.decode(signature).ok()?;
        let signature = Signature::from_slice(&signature).ok()?;
        let key = BASE64_STANDARD.decode(public_key).ok()?;
        let key = VerifyingKey::from_bytes(&key.try_into().ok()?).ok()?;
        let mut message = pae_head(subject, body.len());
        message.extend_from_slice(body);
        key.verify_strict(&message, &signature).ok()
    };
    check().is_some()
}

impl MacKey {
    fn new(key: &[u8; 32]) -> Option<Self> {
        let keyed = HmacSha256::new_from_slice(key).ok()?;
        Some(Self {
            id: short_hash(b"piperoll mac key ", key),
            keyed,
        })
    }

    fn over(&self, subject: &str, body: &[u8]) -> HmacSha256 {
        let mut code = self.keyed.clone();
        code.update(&pae_head(subject, body.len()));
        code.update(body);
        code
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MacKey({})", self.id)
    }
}

/// `DSSEv1 SP LEN(type) SP type SP LEN(body) SP`; the body follows.
fn pae_head(subject: &str, body: usize) -> Vec<u8> {
    pae_head_of(&[PAYLOAD_TYPE, subject], body)
}

fn pae_head_of(payload_type: &[&str], body: usize) -> Vec<u8> {
    let length: usize = payload_type.iter().map(|part| part.len()).sum();
    format!("DSSEv1 {length} {} {body} ", payload_type.concat()).into_bytes()
}

fn short_hash(label: &[u8], bytes: &[u8]) -> String {
    let digest = Sha256::new()
        .chain_update(label)
        .chain_update(bytes)
        .finalize();
    let mut id = hex::encode(digest);
    id.truncate(16);
    id
}

/// Two lines, `ed25519 <seed>` and `hmac-sha256 <key>`, in one file, so that neither is without
/// the other.
fn make(folder: &Path, path: &Path) -> Result<(), KeyError> {
    let seed = BASE64_STANDARD.encode(random::<32>()?);
    let mac = BASE64_STANDARD.encode(random::<32>()?);
    let draft = folder.join(format!("{}.draft", hex::encode(random::<8>()?)));
    let failed = |source| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(format!("ed25519 {seed}\nhmac-sha256 {mac}\n").as_bytes())?;
        file.sync_all()?;
        // A link, not a rename: it fails when another first start was quicker, and then that
        // one's key is the writer's key.
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    };
    let written = write();
    let removed = fs::remove_file(&draft);
    written.and(removed).map_err(failed)?;
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
}

fn read_key(path: &Path) -> Result<WriterKey, KeyError> {
    closed(path, 0o600)?;
    let failed = |source| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let text = fs::read_to_string(path).map_err(failed)?;
    let key = |line: Option<&str>, name: &str| -> Option<[u8; 32]> {
        let key = line?.strip_prefix(name)?.strip_prefix(' ')?;
        BASE64_STANDARD.decode(key).ok()?.try_into().ok()
    };
    let mut lines = text.lines();
    let seed = key(lines.next(), "ed25519");
    let mac = key(lines.next(), "hmac-sha256");
    seed.zip(mac)
        .filter(|_| lines.next().is_none())
        .and_then(|(seed, mac)| WriterKey::new(&seed, &mac))
        .ok_or_else(|| KeyError::Malformed(path.to_owned()))
}

fn closed(path: &Path, wanted: u32) -> Result<(), KeyError> {
    let failed = |source| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o7777;
    let by_others = mode & 0o077;
    if by_others == 0 {
        Ok(())
    } else {
        Err(KeyError::Open {
            path: path.to_owned(),
            mode,
            wanted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loosen(path: &Path) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }

    fn state() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn the_encoding_is_that_of_the_dsse_specification() {
        // https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md#test-vectors
        let mut pae = pae_head_of(&["http://example.com/HelloWorld"], 11);
        pae.extend_from_slice(b"hello world");
        assert_eq!(
            pae,
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn a_body_on_another_subject_is_not_authentic() {
        let key = WriterKey::open(state().path()).unwrap();
        let (mac, signature) = (key.mac("a.b", b"{}"), key.sign("a.b", b"{}"));
        let verifier = key.verifier();
        assert!(verifier.authentic(&mac, "a.b", b"{}"));
        assert!(!verifier.authentic(&mac, "a.c", b"{}"));
        assert!(!verifier.authentic(&mac, "a.b", b"[]"));
        assert!(signed(&signature, &key.public_key(), "a.b", b"{}"));
        assert!(!signed(&signature, &key.public_key(), "a.c", b"{}"));
    }

    #[test]
    fn codes_that_are_no_codes_are_not_authentic() {
        let key = WriterKey::open(state().path()).unwrap();
        let id = key.mac.id.clone();
        let stranger = WriterKey::open(state().path()).unwrap();
        let long = format!("{id}:{}", "A".repeat(4000));
        let short = format!("{id}:AAAA");
        for code in ["", ":", "x:y", &long, &short, &stranger.mac("a", b"")] {
            assert!(
                !key.verifier().authentic(code, "a", b""),
                "`{code}` was accepted"
            );
        }
    }

    #[test]
    fn keys_are_made_once_and_every_later_start_reads_them() {
        let state = state();
        let first = WriterKey::open(state.path()).unwrap();
        let second = WriterKey::open(state.path()).unwrap();
        assert_eq!(first.public_key(), second.public_key());
        assert_eq!(first.mac("a", b"b"), second.mac("a", b"b"));
        let verifier = Verifier::open(state.path()).unwrap();
        assert!(verifier.authentic(&first.mac("a", b"b"), "a", b"b"));
        assert_eq!(fs::read_dir(state.path().join(FOLDER)).unwrap().count(), 1);
    }

    #[test]
    fn keys_that_others_can_read_are_refused() {
        let state = state();
        WriterKey::open(state.path()).unwrap();
        loosen(&state.path().join(FOLDER).join(WRITER));
        let error = WriterKey::open(state.path()).unwrap_err();
        assert!(
            matches!(
                error,
                KeyError::Open {
                    mode: 0o644,
                    wanted: 0o600,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("chmod 0600"), "{error}");
        loosen(&state.path().join(FOLDER));
        assert!(matches!(
            Verifier::open(state.path()),
            Err(KeyError::Open { .. })
        ));
    }

    #[test]
    fn a_key_file_cut_short_is_named() {
        let state = state();
        WriterKey::open(state.path()).unwrap();
        let path = state.path().join(FOLDER).join(WRITER);
        fs::write(&path, "ed25519 AAAA\n").unwrap();
        assert!(matches!(
            WriterKey::open(state.path()),
            Err(KeyError::Malformed(_))
        ));
    }
}
