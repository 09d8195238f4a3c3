//! The envelope: CloudEvents 1.0.2 in structured JSON, with Piperoll's record inside `data`.
//!
//! **Invariant:** a body is read as it was published. Nothing is normalised and written again, so
//! the bytes that were signed are the bytes that are kept.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ids::{ActorId, CommandId, EntityRef, EventId, ImportId, LedgerId, Position, Revision};
use crate::profile;
use crate::registry::{DecodeError, Fact};
use crate::text::{Digest, Label};

/// One event: who recorded what of which entity, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The event's own id.
    pub id: EventId,
    /// The ledger it belongs to.
    pub ledger: LedgerId,
    /// The entity it is about.
    pub entity: EntityRef,
    /// The clock of the service that wrote it, UTC, to the microsecond.
    pub time: DateTime<Utc>,
    /// Who, why, on which version.
    pub record: Record,
    /// What happened.
    pub fact: Fact,
}

/// An event at its place in a ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its place.
    pub position: Position,
    /// The event.
    pub event: Event,
}

/// What stands beside every fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// How many events this entity has with this one.
    pub revision: Revision,
    /// Where the entity's last event stands; absent for its first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Position>,
    /// Who acted.
    pub actor: ActorId,
    /// The post held in acting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<Label>,
    /// For whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<ActorId>,
    /// In which role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Label>,
    /// Through which door.
    pub channel: Channel,
    /// The request, repeated by a caller who had no answer.
    pub command_id: CommandId,
    /// SHA-256 of the request.
    pub request_digest: Digest,
    /// The undertaking that several events belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<CommandId>,
    /// The event that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    /// 128 random bits in hexadecimal, so that a digest can't be found by guessing the body.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub nonce: String,
    /// Versions of other entities that the decision used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub relied_on: Vec<Position>,
    /// The file that says so, where nobody witnessed it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asserted: Option<Asserted>,
}

impl Record {
    /// The person behind the act: the one on whose behalf, where there is one.
    #[must_use]
    pub fn person(&self) -> ActorId {
        self.on_behalf_of.unwrap_or(self.actor)
    }
}

/// Which file asserts a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asserted {
    /// When the file says it was known. It orders the prologue; after a ledger has opened it is
    /// shown and never used to answer.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "micros_option")]
    #[schemars(with = "Option<String>")]
    pub known_at: Option<DateTime<Utc>>,
    /// The application of the file.
    pub import: ImportId,
    /// SHA-256 of the file.
    pub file_digest: Digest,
    /// The line of the file, the heading being line 1; absent for what the plan itself states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
}

/// The door that an act came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A page.
    Page,
    /// A program or the command line.
    Api,
    /// A file.
    Import,
    /// The service itself.
    System,
}

#[derive(Serialize)]
struct Written<'a> {
    specversion: &'static str,
    id: EventId,
    source: String,
    r#type: &'static str,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    dataschema: &'static str,
    data: WrittenData<'a>,
}

#[derive(Serialize)]
struct WrittenData<'a> {
    record: &'a Record,
    fact: &'a Fact,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<'a> {
    specversion: &'a str,
    id: EventId,
    source: &'a str,
    r#type: &'a str,
    subject: &'a str,
    time: &'a str,
    datacontenttype: &'a str,
    dataschema: &'a str,
    #[serde(borrow)]
    data: ReadData<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadData<'a> {
    record: Record,
    #[serde(borrow)]
    fact: &'a RawValue,
}

impl Event {
    /// The bytes to publish.
    ///
    /// # Errors
    /// Outside the profile: too long, or nested too deeply.
    pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        let written = Written {
            specversion: "1.0",
            id: self.id,
            source: format!("/ledgers/{}", self.ledger),
            r#type: self.fact.event_type(),
            subject: self.entity.to_string(),
            time: micros(self.time),
            datacontenttype: "application/json",
            dataschema: self.fact.dataschema(),
            data: WrittenData { record: &self.record, fact: &self.fact },
        };
        let body =
            serde_json::to_vec(&written).map_err(|error| DecodeError::Schema(error.to_string()))?;
        profile::check(&body)?;
        Ok(body)
    }

    /// Reads a body, checking the profile first.
    ///
    /// # Errors
    /// Outside the profile, not as its schema says, or of another release.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let text = profile::check(body)?;
        let wrong = |what: &str| DecodeError::Schema(what.to_owned());
        let read: Read<'_> =
            serde_json::from_str(text).map_err(|error| DecodeError::Schema(error.to_string()))?;
        if read.specversion != "1.0" || read.datacontenttype != "application/json" {
            return Err(wrong("`specversion` or `datacontenttype` is another"));
        }
        let ledger = read.source.strip_prefix("/ledgers/").unwrap_or_default();
        let ledger = ledger.parse().map_err(|_| wrong("`source` names no ledger"))?;
        let entity =
            EntityRef::parse(read.subject).ok_or_else(|| wrong("`subject` names no entity"))?;
        let time = parse_micros(read.time).ok_or_else(|| wrong("`time` is malformed"))?;
        let fact = Fact::decode(entity, read.r#type, read.dataschema, read.data.fact)?;
        Ok(Self { id: read.id, ledger, entity, time, record: read.data.record, fact })
    }
}

/// RFC 3339, UTC, to the microsecond.
#[must_use]
pub fn micros(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Reads what [`micros`] writes, and nothing else.
#[must_use]
pub fn parse_micros(text: &str) -> Option<DateTime<Utc>> {
    if let Some(time) = usual_micros(text.as_bytes()) {
        return Some(time);
    }
    let time = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    (text.len() == 27 && text.ends_with('Z')).then_some(time)
}

/// The same for an instant as nearly all are: every event has one or two.
fn usual_micros(text: &[u8]) -> Option<DateTime<Utc>> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', rest @ ..] = text else { return None };
    let [h1, h2, b':', n1, n2, b':', s1, s2, b'.', f @ .., b'Z'] = rest else { return None };
    let six: &[u8; 6] = f.try_into().ok()?;
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u32, |sum, digit| {
            let digit = u32::from(digit.wrapping_sub(b'0'));
            (digit < 10).then(|| sum.wrapping_mul(10).wrapping_add(digit))
        })
    };
    let year = i32::try_from(number(&[*y1, *y2, *y3, *y4])?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, number(&[*m1, *m2])?, number(&[*d1, *d2])?)?;
    let (hour, minute) = (number(&[*h1, *h2])?, number(&[*n1, *n2])?);
    let time = day.and_hms_micro_opt(hour, minute, number(&[*s1, *s2])?, number(six)?)?;
    Some(time.and_utc())
}

pub(crate) mod micros_option {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
    pub(crate) fn serialize<S: Serializer>(
        time: &Option<DateTime<Utc>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.serialize_str(&super::micros(*time)),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        Ok(Option::<Instant>::deserialize(from)?.map(|instant| instant.0))
    }

    struct Instant(DateTime<Utc>);

    impl<'de> Deserialize<'de> for Instant {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            struct Text;
            impl serde::de::Visitor<'_> for Text {
                type Value = Instant;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an instant")
                }
                fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Instant, E> {
                    let instant = super::parse_micros(text);
                    instant.map(Instant).ok_or_else(|| E::custom("an instant is malformed"))
                }
            }
            from.deserialize_str(Text)
        }
    }
}
