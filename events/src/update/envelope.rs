//! The envelope of an update: CloudEvents 1.0.2 in structured JSON.
//!
//! **Invariant:** the id follows from ledger, position and part, so two programs that derive the same
//! update write the same bytes, and a consumer that meets an id twice has met one update twice.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Update;
use crate::envelope::{micros, parse_micros};
use crate::ids::{EventId, LedgerId, Position};

/// Where an update comes from: an event of the ledger, and which of the event's updates it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Placing {
    /// The event's place in the ledger.
    pub position: Position,
    /// Which update of that event, from 1.
    pub part: u32,
    /// How many updates the event gives.
    pub parts: u32,
}

impl Placing {
    /// Whether it is the last one of its event.
    #[must_use]
    pub const fn is_last(self) -> bool {
        self.part >= self.parts
    }
}

/// An update in its envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The ledger that it is of.
    pub ledger: LedgerId,
    /// Where it comes from.
    pub placing: Placing,
    /// When the event was recorded, by the writer's clock.
    pub time: DateTime<Utc>,
    /// What it says.
    pub update: Update,
}

/// Why a body is not an update that this release understands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnUpdate {
    /// Not as its schema says.
    #[error("the body is no update of Piperoll: {0}")]
    Malformed(String),
    /// A kind or a revision of another release.
    #[error("updates of schema `{0}` need another release of Piperoll")]
    Unknown(String),
}

#[derive(Serialize)]
struct Written<'a> {
    specversion: &'static str,
    id: String,
    source: String,
    r#type: &'static str,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    dataschema: &'static str,
    position: String,
    part: u32,
    parts: u32,
    data: &'a Update,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<'a> {
    specversion: &'a str,
    id: &'a str,
    source: &'a str,
    r#type: &'a str,
    subject: &'a str,
    time: &'a str,
    datacontenttype: &'a str,
    dataschema: &'a str,
    position: &'a str,
    part: u32,
    parts: u32,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Published {
    /// The id, derived from ledger, position and part.
    #[must_use]
    pub fn id(&self) -> Uuid {
        let (position, part) = (self.placing.position.to_string(), self.placing.part.to_string());
        EventId::derived(&[&self.ledger.to_string(), "update", &position, &part]).uuid()
    }

    /// The bytes to publish.
    ///
    /// # Errors
    /// It can't be written as JSON; this is a fault of ours.
    pub fn encode(&self) -> Result<Vec<u8>, NotAnUpdate> {
        let (kind, id) = self.update.about();
        let Placing { position, part, parts } = self.placing;
        let written = Written {
            specversion: "1.0",
            id: self.id().to_string(),
            source: format!("/ledgers/{}", self.ledger),
            r#type: self.update.update_type(),
            subject: format!("{kind}/{}", id.simple()),
            time: micros(self.time),
            datacontenttype: "application/json",
            dataschema: self.update.dataschema(),
            // A whole number of CloudEvents has 32 bits, which a position outgrows.
            position: position.to_string(),
            part,
            parts,
            data: &self.update,
        };
        serde_json::to_vec(&written).map_err(|error| NotAnUpdate::Malformed(error.to_string()))
    }

    /// Reads a body.
    ///
    /// # Errors
    /// Not as its schema says, or of another release.
    pub fn decode(body: &[u8]) -> Result<Self, NotAnUpdate> {
        let read = read(body)?;
        let placed = placed(&read)?;
        let schema = read.dataschema;
        let update = Update::decode(schema, read.data.get())
            .ok_or_else(|| NotAnUpdate::Unknown(schema.to_owned()))?
            .map_err(|error| NotAnUpdate::Malformed(error.to_string()))?;
        let time = parse_micros(read.time).ok_or_else(|| malformed("`time` is malformed"))?;
        let (ledger, placing) = placed;
        let published = Self { ledger, placing, time, update };
        let (kind, id) = published.update.about();
        let subject = format!("{kind}/{}", id.simple());
        let named = read.r#type == published.update.update_type() && read.subject == subject;
        if !named || read.id != published.id().to_string() {
            return Err(malformed("`id`, `type` or `subject` is another's"));
        }
        Ok(published)
    }

    /// Of which ledger a body is and where it comes from, whatever release wrote it.
    ///
    /// # Errors
    /// It is no update.
    pub fn placed(body: &[u8]) -> Result<(LedgerId, Placing), NotAnUpdate> {
        placed(&read(body)?)
    }
}

fn read(body: &[u8]) -> Result<Read<'_>, NotAnUpdate> {
    let read: Read<'_> =
        serde_json::from_slice(body).map_err(|error| NotAnUpdate::Malformed(error.to_string()))?;
    if read.specversion != "1.0" || read.datacontenttype != "application/json" {
        return Err(malformed("`specversion` or `datacontenttype` is another"));
    }
    Ok(read)
}

fn placed(read: &Read<'_>) -> Result<(LedgerId, Placing), NotAnUpdate> {
    let ledger = read.source.strip_prefix("/ledgers/").and_then(|id| id.parse().ok());
    let ledger = ledger.ok_or_else(|| malformed("`source` names no ledger"))?;
    let position = read.position.parse().map(Position);
    let position = position.map_err(|_| malformed("`position` is no number"))?;
    let (part, parts) = (read.part, read.parts);
    if part == 0 || part > parts {
        return Err(malformed("`part` is none of `parts`"));
    }
    Ok((ledger, Placing { position, part, parts }))
}

fn malformed(what: &str) -> NotAnUpdate {
    NotAnUpdate::Malformed(what.to_owned())
}
