//! Where a request stands among others: trace and span (W3C Trace Context, version 00), and the spans that
//! are told to a collector.
//!
//! **Invariant:** what comes from outside is taken only where it is well-formed, and proves nothing: it is
//! no part of what is signed. OpenTelemetry is named here and in no other room.

mod client;
pub mod export;
mod span;

use std::fmt;

pub use span::{Kind, Span};

use crate::ids::{self, NoRandomness};

/// A trace, and the span in it that something belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    id: [u8; 16],
    span: [u8; 8],
    flags: u8,
}

impl Trace {
    /// What a `traceparent` says; none where it is malformed.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let version = bytes::<1>(parts.next()?)?;
        let (id, span) = (bytes(parts.next()?)?, bytes(parts.next()?)?);
        let [flags] = bytes::<1>(parts.next()?)?;
        // Later versions may say more at the end; 255 is none.
        let ended = version > [0] || parts.next().is_none();
        let real = version < [255] && id != [0; 16] && span != [0; 8];
        (ended && real).then_some(Self { id, span, flags })
    }

    /// A span of its own in the same trace; in one of its own where there is none.
    ///
    /// # Errors
    /// No random bits.
    pub fn below(parent: Option<Self>) -> Result<Self, NoRandomness> {
        let span = ids::random()?;
        Ok(match parent {
            Some(parent) => Self { span, ..parent },
            None => Self { id: ids::random()?, span, flags: 0 },
        })
    }

    /// Whether whoever began the trace wants its spans kept.
    #[must_use]
    pub const fn sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// The trace's id in hexadecimal.
    #[must_use]
    pub fn id(&self) -> String {
        hex::encode(self.id)
    }
}

/// As a `traceparent` says it.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", hex::encode(self.id), hex::encode(self.span), self.flags)
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let lower = !text.bytes().any(|letter| letter.is_ascii_uppercase());
    hex::decode_to_slice(text, &mut bytes).ok().filter(|()| lower)?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_trace_is_taken_in_where_it_is_well_formed_and_said_again() {
        let trace = Trace::parse(GIVEN).unwrap();
        assert_eq!(trace.to_string(), GIVEN);
        let below = Trace::below(Some(trace)).unwrap();
        assert_eq!(below.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(below.span, trace.span);
        let later = GIVEN.replacen("00", "01", 1) + "-more";
        assert_eq!(Trace::parse(&later), Some(trace));
    }

    #[test]
    fn what_is_malformed_begins_no_trace() {
        let more = format!("{GIVEN}-more");
        let (upper, none) = (GIVEN.to_uppercase(), GIVEN.replacen("00", "ff", 1));
        let (no_span, cut) = (GIVEN.replace("00f067aa0ba902b7", "0000000000000000"), &GIVEN[..54]);
        let no_trace = GIVEN.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32));
        for bad in ["", "00-x-y-z", "-", &more, &upper, &none, &no_span, cut, &no_trace] {
            assert_eq!(Trace::parse(bad), None, "{bad}");
        }
    }
}
