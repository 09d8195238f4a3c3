//! Words on their way into an event: sealed already, known to a rule only by a keyed digest.

use std::borrow::Cow;

use piperoll_events::text::{Digest, Prose, SealedText};

/// A sealed text with the vault's keyed digest of what it says.
///
/// The digest stands in for the text in a request's digest, so that the same words sealed twice
/// are the same request, and erased words can't be confirmed by guessing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedWords {
    /// What goes into the event.
    pub sealed: SealedText,
    /// HMAC-SHA-256 of the words under a key of the vault.
    pub digest: Digest,
}

impl serde::Serialize for SealedWords {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.digest.serialize(to)
    }
}

/// What a caller gives: plain words. Whoever takes them in seals them first.
impl schemars::JsonSchema for SealedWords {
    fn schema_name() -> Cow<'static, str> {
        Prose::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Prose::json_schema(generator)
    }
}
