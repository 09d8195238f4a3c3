//! What stands at a position, examined: is it part of the record, and does its signature verify?
//!
//! **Invariant:** a public key counts only where an authentic event of the ledger's own announces it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use piperoll_events::ids::LedgerId;
use piperoll_events::ledger::Ledger as LedgerFact;
use piperoll_events::ledger::configuration_observed::Difference;
use piperoll_events::{EntityRef, Fact, Position};
use piperoll_projections::{Outcome, RejectReason};
use schemars::JsonSchema;
use serde::Serialize;

use super::authenticity::{Verifier, signed};
use super::connection::AskError;
use super::place::{Judge, Raw, UnknownEvent};
use super::read::{Stored, Stream};

/// Examines messages of one ledger.
#[derive(Debug)]
pub struct Examiner {
    stream: Stream,
    ledger: EntityRef,
    judge: Judge,
    announced: Mutex<Announced>,
}

/// The keys announced up to a position.
#[derive(Debug)]
struct Announced {
    upto: Position,
    keys: HashMap<String, String>,
}

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Why it is no part of the record; none where it is.
    pub reject: Option<(RejectReason, String)>,
    /// What its signature is worth.
    pub signature: Signature,
}

/// What a signature is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// It is over these bytes on this subject, by a key that the ledger announces.
    Verified,
    /// It is not.
    DoesNotVerify,
    /// The ledger announces no such key.
    UnknownKey,
    /// There is none.
    Absent,
}

/// Why something can't be examined.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// NATS can't be asked.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Another release wrote it.
    #[error(transparent)]
    Unknown(#[from] UnknownEvent),
}

impl Examiner {
    /// An examiner of a ledger's stream.
    #[must_use]
    pub fn new(stream: Stream, ledger_id: LedgerId, verifier: Verifier) -> Self {
        let judge = Judge::new(stream.name(), ledger_id, verifier);
        Self {
            stream,
            ledger: ledger_id.into(),
            judge,
            announced: Mutex::new(Announced { upto: Position::START, keys: HashMap::new() }),
        }
    }

    /// Examines what stands somewhere. By the rules for one message: whether its revision follows the
    /// one before is for those who read the whole history.
    ///
    /// # Errors
    /// NATS, or an event of a later release.
    pub async fn examine(&self, stored: &Stored) -> Result<Examined, ExamineError> {
        let placed = self.judge.judge(&Raw::from(stored))?;
        let reject = match placed.outcome {
            Outcome::Event(_) => None,
            Outcome::Reject(reason, detail) => Some((reason, detail)),
        };
        Ok(Examined { reject, signature: self.signature(stored).await? })
    }

    /// What differs in the stream and was accepted on the record; the last decision counts.
    ///
    /// # Errors
    /// NATS, or an event of a later release.
    pub async fn accepted(&self) -> Result<Vec<Difference>, ExamineError> {
        let (mut at, mut accepted) = (Position::START, Vec::new());
        while let Some(stored) = self.stream.next_of(self.ledger, at).await? {
            at = stored.position;
            if let Outcome::Event(event) = self.judge.judge(&Raw::from(&stored))?.outcome
                && let Fact::Ledger(LedgerFact::ConfigurationObserved(observed)) = event.fact
            {
                accepted = observed.differences;
            }
        }
        Ok(accepted)
    }

    async fn signature(&self, stored: &Stored) -> Result<Signature, ExamineError> {
        let Some(header) = stored.signature.as_deref() else { return Ok(Signature::Absent) };
        let key_id = header.split(':').next().unwrap_or_default();
        let mut key = self.known(key_id);
        if key.is_none() {
            self.read_on().await?;
            key = self.known(key_id);
        }
        Ok(match key {
            None => Signature::UnknownKey,
            Some(key) if signed(header, &key, &stored.subject, &stored.body) => Signature::Verified,
            Some(_) => Signature::DoesNotVerify,
        })
    }

    fn known(&self, key_id: &str) -> Option<String> {
        self.announced.lock().unwrap_or_else(PoisonError::into_inner).keys.get(key_id).cloned()
    }

    /// Takes in the keys announced since.
    async fn read_on(&self) -> Result<(), ExamineError> {
        let mut upto = self.announced.lock().unwrap_or_else(PoisonError::into_inner).upto;
        while let Some(stored) = self.stream.next_of(self.ledger, upto).await? {
            upto = stored.position;
            let placed = self.judge.judge(&Raw::from(&stored))?;
            let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
            announced.upto = announced.upto.max(upto);
            if let Outcome::Event(event) = placed.outcome
                && let Fact::Ledger(LedgerFact::KeyAdded(added)) = event.fact
            {
                announced.keys.insert(added.key_id.as_str().to_owned(), added.public_key);
            }
        }
        Ok(())
    }
}
