//! Why something is done and on whose authority, as arguments.

use chrono::NaiveDate;
use clap::Args;
use piperoll_events::Authority;
use piperoll_events::reason::{AuthorityKind, Reason, ReasonCode, Resolution};
use piperoll_events::text::{Label, Prose};
use serde::de::DeserializeOwned;

/// Why, and by whose leave. What is not given is taken from the file's [amendment].
#[derive(Debug, Args)]
pub(super) struct Because {
    /// Why: a code of the format, such as `ambition_raised` or `law_or_funding_changed`.
    #[arg(long, value_parser = word::<ReasonCode>)]
    reason_code: Option<ReasonCode>,
    /// Why, in words.
    #[arg(long, requires = "reason_code")]
    reason: Option<Prose>,
    /// What kind of decision allows it: `body_decision`, `delegated_decision`,
    /// `external_requirement` or `officer_correction`.
    #[arg(long, value_parser = word::<AuthorityKind>)]
    authority: Option<AuthorityKind>,
    /// The body or the post that decided.
    #[arg(long, requires = "authority")]
    authority_body: Option<Label>,
    /// The day of the decision.
    #[arg(long, requires = "authority")]
    decided_on: Option<NaiveDate>,
    /// The minute, item or notice.
    #[arg(long, requires = "authority")]
    reference: Option<Label>,
    /// What was resolved: approved, agreed, endorsed, noted or `recommended_to`.
    #[arg(long, requires = "authority", value_parser = word::<Resolution>)]
    resolution: Option<Resolution>,
    /// Who was asked before; may be given several times.
    #[arg(long, requires = "authority")]
    consulted: Vec<Label>,
}

impl Because {
    /// What was given.
    pub(super) fn given(self) -> anyhow::Result<(Option<Reason>, Option<Authority>)> {
        let reason = self.reason_code.map(|code| Reason { code, text: self.reason });
        if reason.as_ref().is_some_and(|it| it.code == ReasonCode::NoneRecorded) {
            anyhow::bail!(
                "only history that files assert has no reason; give another --reason-code"
            );
        }
        let authority = self.authority.map(|kind| Authority {
            body: self.authority_body,
            decided_on: self.decided_on,
            reference: self.reference,
            resolution: self.resolution,
            consulted: self.consulted,
            ..Authority::of(kind)
        });
        Ok((reason, authority))
    }
}

/// A word of the format.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|error| error.to_string())
}
