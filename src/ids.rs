//! New ids and nonces: the only reader of randomness for them.
//!
//! **Invariant:** what is drawn here says nothing about whom or what it stands for; only an event's
//! id shows its time, which the event shows as well.

use chrono::{DateTime, Utc};
use piperoll_events::ids::{ActorId, CommandId, EventId, LedgerId};
use uuid::{Builder, Uuid};

/// The operating system gave no random bits. The operator looks at the machine; nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bits; nothing can be signed or named until it does")]
pub struct NoRandomness(#[from] getrandom::Error);

/// An event's id: UUIDv7 (RFC 9562) of the event's own time.
///
/// # Errors
/// No random bits.
pub fn event_id(time: DateTime<Utc>) -> Result<EventId, NoRandomness> {
    let millis = u64::try_from(time.timestamp_millis()).unwrap_or_default();
    Ok(EventId::new(Builder::from_unix_timestamp_millis(millis, &random()?).into_uuid()))
}

/// The id of one request; who repeats the request repeats it.
///
/// # Errors
/// No random bits.
pub fn command_id() -> Result<CommandId, NoRandomness> {
    uuid_v4().map(CommandId::new)
}

/// The id of one who acts in one ledger.
///
/// # Errors
/// No random bits.
pub fn actor_id() -> Result<ActorId, NoRandomness> {
    uuid_v4().map(ActorId::new)
}

/// The id of a ledger that is about to begin.
///
/// # Errors
/// No random bits.
pub fn ledger_id() -> Result<LedgerId, NoRandomness> {
    uuid_v4().map(LedgerId::new)
}

/// 128 random bits in hexadecimal.
///
/// # Errors
/// No random bits.
pub fn nonce() -> Result<String, NoRandomness> {
    random::<16>().map(hex::encode)
}

/// `N` random bytes.
///
/// # Errors
/// No random bits.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn uuid_v4() -> Result<Uuid, NoRandomness> {
    Ok(Builder::from_random_bytes(random()?).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_events_id_is_of_its_time_and_never_the_same() {
        let time = DateTime::from_timestamp_micros(1_784_000_000_123_456).unwrap();
        let (one, other) = (event_id(time).unwrap(), event_id(time).unwrap());
        assert_ne!(one, other);
        assert_eq!(one.uuid().get_version_num(), 7);
        assert_eq!(one.uuid().get_timestamp().unwrap().to_unix().0, 1_784_000_000);
    }

    #[test]
    fn ids_and_nonces_are_random() {
        assert_eq!(actor_id().unwrap().uuid().get_version_num(), 4);
        assert_ne!(command_id().unwrap(), command_id().unwrap());
        let nonce = nonce().unwrap();
        assert_eq!((nonce.len(), nonce == super::nonce().unwrap()), (32, false));
    }
}
