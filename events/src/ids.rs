//! Identifiers and places: which ledger, which entity, which position.
//!
//! **Invariant:** an id says nothing about what it names. Codes that people use are dated aliases
//! and live in events; an id never changes and is never used twice.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The namespace under which derived ids are made (RFC 9562, version 5).
const DERIVED: Uuid = Uuid::from_u128(0x6f1d_3c0e_8a54_5b2f_9d17_c2a4_70e1_5b90);

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an identifier: 32 hexadecimal digits are needed")]
pub struct NotAnId(pub String);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(#[serde(with = "uuid::serde::simple")] Uuid);

        impl $name {
            /// Wraps a UUID made elsewhere.
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The bare UUID, for storage.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// An id that follows from other facts: the same parts always give the same id.
            #[must_use]
            pub fn derived(parts: &[&str]) -> Self {
                Self(derive(stringify!($name), parts))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.simple().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse(text).map(Self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{32}$"})
            }
        }
    )*};
}

ids! {
    /// One body's whole record.
    LedgerId,
    /// One application of one file.
    ImportId,
    /// An agreed set of objectives and measures for a span of time.
    FrameworkId,
    /// A top outcome.
    ObjectiveId,
    /// A planned action towards an objective.
    StepId,
    /// A group of a balanced scorecard.
    AreaId,
    /// A measure.
    MeasureId,
    /// The return for one measure and one reference period.
    SubmissionId,
    /// A post, whoever holds it.
    PostId,
    /// What one person may do with one part of a ledger.
    RoleId,
    /// One event.
    EventId,
    /// One request; repeated by a caller who had no answer.
    CommandId,
    /// Who acted: random for each ledger; the name lives in the vault.
    ActorId,
    /// The key record of one sealed text.
    TextKeyId,
}

impl SubmissionId {
    /// The return for `measure` and the reference period written `period` (empty: the measure as
    /// a whole, for a declared absence).
    #[must_use]
    pub fn of(measure: MeasureId, period: Option<crate::Period>) -> Self {
        let period = period.map(|p| p.to_string()).unwrap_or_default();
        Self::derived(&[&measure.to_string(), &period])
    }
}

fn derive(kind: &str, parts: &[&str]) -> Uuid {
    let mut name = String::from(kind);
    for part in parts {
        name.push('\u{1f}');
        name.push_str(part);
    }
    Uuid::new_v5(&DERIVED, name.as_bytes())
}

fn parse(text: &str) -> Result<Uuid, NotAnId> {
    let plain = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !plain {
        return Err(NotAnId(text.to_owned()));
    }
    Uuid::try_parse(text).map_err(|_| NotAnId(text.to_owned()))
}

/// A place in a ledger: 1 for the first event. The order of everything, and the version that a
/// writer expects.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);

    /// The next place.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The place before; `START` stays where it is.
    #[must_use]
    pub const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many events an entity has had: 1, 2, 3 …
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// No event yet.
    pub const NONE: Self = Self(0);

    /// The revision that the entity's next event bears.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The kinds of things that events are about; each is one token of a subject.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// The ledger itself.
    Ledger,
    /// One application of one file.
    Import,
    /// A framework.
    Framework,
    /// An objective.
    Objective,
    /// A step.
    Step,
    /// An area of a scorecard.
    Area,
    /// A measure.
    Measure,
    /// A submission.
    Submission,
    /// A post.
    Post,
    /// A role.
    Role,
}

impl EntityKind {
    /// Every kind, in the order of the tree.
    pub const ALL: [Self; 10] = [
        Self::Ledger,
        Self::Import,
        Self::Framework,
        Self::Objective,
        Self::Step,
        Self::Area,
        Self::Measure,
        Self::Submission,
        Self::Post,
        Self::Role,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Import => "import",
            Self::Framework => "framework",
            Self::Objective => "objective",
            Self::Step => "step",
            Self::Area => "area",
            Self::Measure => "measure",
            Self::Submission => "submission",
            Self::Post => "post",
            Self::Role => "role",
        }
    }

    /// The kind that a word names, if any.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One entity: what an event is about, and the exact subject that its events share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityRef {
    /// What kind of thing.
    pub kind: EntityKind,
    /// Which one.
    pub id: Uuid,
}

impl EntityRef {
    /// The entity of this kind and id.
    #[must_use]
    pub const fn new(kind: EntityKind, id: Uuid) -> Self {
        Self { kind, id }
    }

    /// The exact JetStream subject of this entity in the ledger called `ledger`.
    #[must_use]
    pub fn subject(self, ledger: &LedgerName) -> String {
        format!("piperoll.{ledger}.{}.{}", self.kind, self.id.simple())
    }

    /// The entity that a `subject` attribute (`measure/…`) names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once('/')?;
        Some(Self { kind: EntityKind::find(kind)?, id: parse(id).ok()? })
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id.simple())
    }
}

macro_rules! entity_of {
    ($($id:ident => $kind:ident),* $(,)?) => {$(
        impl From<$id> for EntityRef {
            fn from(id: $id) -> Self {
                Self::new(EntityKind::$kind, id.uuid())
            }
        }
    )*};
}

entity_of! {
    LedgerId => Ledger, ImportId => Import, FrameworkId => Framework, ObjectiveId => Objective,
    StepId => Step, AreaId => Area, MeasureId => Measure, SubmissionId => Submission,
    PostId => Post, RoleId => Role,
}

/// A ledger's name: a lower-case word that stands in subjects, schemas and addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct LedgerName(#[schemars(regex(pattern = "^[a-z][a-z0-9]{1,30}$"))] String);

/// Why a text is not a ledger's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotALedgerName {
    /// Wrong letters or length.
    #[error("`{0}` is not a ledger's name: 2 to 31 lower-case letters and digits, a letter first")]
    Form(String),
    /// A word that addresses need for something else.
    #[error("`{0}` is reserved and can't be a ledger's name")]
    Reserved(String),
}

impl LedgerName {
    /// Words that are not ledgers.
    pub const RESERVED: [&'static str; 3] = ["api", "cy", "assets"];

    /// The word itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LedgerName {
    type Err = NotALedgerName;

    fn from_str(text: &str) -> Result<Self, NotALedgerName> {
        let mut bytes = text.bytes();
        let good = (2..=31).contains(&text.len())
            && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !good {
            return Err(NotALedgerName::Form(text.to_owned()));
        }
        if Self::RESERVED.contains(&text) {
            return Err(NotALedgerName::Reserved(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for LedgerName {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for LedgerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_built_from_words_that_cannot_break_it() {
        let measure = MeasureId::derived(&["x"]);
        let name: LedgerName = "northmoor".parse().unwrap();
        let subject = EntityRef::from(measure).subject(&name);
        assert_eq!(subject, format!("piperoll.northmoor.measure.{measure}"));
        assert_eq!(subject.split('.').count(), 4);
    }

    #[test]
    fn names_that_would_reach_another_subject_are_refused() {
        for bad in ["", "a", "A", "north.moor", "north*", ">", "api", "cy", "1st", "é", "a b"] {
            assert!(bad.parse::<LedgerName>().is_err(), "`{bad}` was accepted");
        }
    }

    #[test]
    fn ids_are_read_in_one_form_only() {
        let id = MeasureId::derived(&["x"]).to_string();
        assert!(id.parse::<MeasureId>().is_ok());
        assert!(id.to_uppercase().parse::<MeasureId>().is_err());
        assert!(format!("{id}.>").parse::<MeasureId>().is_err());
        assert!(EntityRef::parse("measure/../x").is_none());
    }

    #[test]
    fn derived_ids_of_two_kinds_never_meet() {
        assert_ne!(
            MeasureId::derived(&["a", "b"]).uuid(),
            SubmissionId::derived(&["a", "b"]).uuid()
        );
        assert_ne!(MeasureId::derived(&["a", "b"]), MeasureId::derived(&["ab"]));
    }
}
