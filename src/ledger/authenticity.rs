//! Who wrote an event: signatures, message authentication codes, and the keys of both.
//!
//! **Invariant:** what is signed is the exact bytes of the body with the subject bound in, in the
//! pre-authentication encoding (PAE) of DSSE. An event moved to another subject is not authentic.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::identity::secret::{self, SecretError};

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
    /// A key file that can't be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No key is there at all; a writer makes one on its first start.
    #[error("there are no keys in `{0}`; start a writer once, or give the writer's state folder")]
    Missing(PathBuf),
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
        let secret = secret::open_or_make(&state.join(FOLDER), WRITER)?;
        Ok(Self::new(&secret))
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
        Verifier { keys: HashMap::from([(self.mac.id.clone(), self.mac.clone())]) }
    }

    /// The `Piperoll-Signature` of a body on a subject.
    pub(super) fn sign(&self, subject: &str, body: &[u8]) -> String {
        let mut message = pae_head(subject, body.len());
        message.extend_from_slice(body);
        let signature = self.signing.sign(&message);
        format!("{}:{}", self.key_id, BASE64_STANDARD.encode(signature.to_bytes()))
    }

    /// The `Piperoll-Mac` of a body on a subject.
    pub(super) fn mac(&self, subject: &str, body: &[u8]) -> String {
        let code = self.mac.over(subject, body).finalize().into_bytes();
        format!("{}:{}", self.mac.id, BASE64_STANDARD.encode(code))
    }

    /// The first half is the seed of the signing key, the second the code's key.
    fn new(secret: &[u8; 64]) -> Self {
        let (mut seed, mut mac) = ([0; 32], [0; 32]);
        for (to, from) in seed.iter_mut().chain(&mut mac).zip(secret) {
            *to = *from;
        }
        let signing = SigningKey::from_bytes(&seed);
        let key_id = short_hash(b"", signing.verifying_key().as_bytes());
        Self { signing, key_id, mac: MacKey::new(&mac) }
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
        let mut keys = HashMap::new();
        for path in secret::files(&folder, SUFFIX)? {
            let key = WriterKey::new(&secret::read(&path)?).mac;
            keys.insert(key.id.clone(), key);
        }
        if keys.is_empty() { Err(KeyError::Missing(folder)) } else { Ok(Self { keys }) }
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
    fn new(key: &[u8; 32]) -> Self {
        // A key is filled up to a block with noughts (RFC 2104).
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(key) {
            *to = *from;
        }
        let keyed = HmacSha256::new(&block.into());
        Self { id: short_hash(b"piperoll mac key ", key), keyed }
    }

    fn over(&self, subject: &str, body: &[u8]) -> HmacSha256 {
        let mut code = self.keyed.clone();
        pae_head_of(&[PAYLOAD_TYPE, subject], body.len(), |part| code.update(part));
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
    let mut head = Vec::new();
    pae_head_of(&[PAYLOAD_TYPE, subject], body, |part| head.extend_from_slice(part));
    head
}

/// The same part by part, since a code is made over every event that is read.
fn pae_head_of(payload_type: &[&str], body: usize, mut put: impl FnMut(&[u8])) {
    let length: usize = payload_type.iter().map(|part| part.len()).sum();
    let mut room = [0; 64];
    let written = |room: &mut [u8; 64], text: std::fmt::Arguments<'_>| {
        let mut left = room.as_mut_slice();
        // Two numbers and a word fit.
        left.write_fmt(text).ok();
        64_usize.saturating_sub(left.len())
    };
    let head = written(&mut room, format_args!("DSSEv1 {length} "));
    put(room.get(..head).unwrap_or_default());
    for part in payload_type {
        put(part.as_bytes());
    }
    let tail = written(&mut room, format_args!(" {body} "));
    put(room.get(..tail).unwrap_or_default());
}

fn short_hash(label: &[u8], bytes: &[u8]) -> String {
    let digest = Sha256::new().chain_update(label).chain_update(bytes).finalize();
    let mut id = hex::encode(digest);
    id.truncate(16);
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn state() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn the_encoding_is_that_of_the_dsse_specification() {
        // https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md#test-vectors
        let mut pae = Vec::new();
        let put = |part: &[u8]| pae.extend_from_slice(part);
        pae_head_of(&["http://example.com/HelloWorld"], 11, put);
        pae.extend_from_slice(b"hello world");
        assert_eq!(pae, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
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
            assert!(!key.verifier().authentic(code, "a", b""), "`{code}` was accepted");
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
        let path = state.path().join(FOLDER).join(WRITER);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        for refused in [WriterKey::open(state.path()).err(), Verifier::open(state.path()).err()] {
            let error = refused.unwrap().to_string();
            assert!(error.contains("chmod 0600"), "{error}");
        }
    }
}
