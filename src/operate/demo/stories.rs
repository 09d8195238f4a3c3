//! The four stories that the demo tells of each body: a target lowered when its result was known, a
//! signature that lapsed, a series restated, a measure dropped while it was off track.

use piperoll_events::Authority;
use piperoll_events::framework::SignOffChainSet;
use piperoll_events::ids::{FrameworkId, MeasureId, PostId};
use piperoll_events::measure::{DefinitionSet, Retired, StewardAssigned};
use piperoll_events::post::{Created, Held, created::PostKind, held::Basis};
use piperoll_events::reason::{Reason, ReasonCode};
use piperoll_events::sign_off::{SignOffChain, SignedScope, Signer, SigningMode, Stage};
use piperoll_events::text::Words;

use super::{Act, DemoError, Script, What, Who, act, cell, key, period, point, why};
use crate::asking::moment::When;
use crate::commands::{framework, measure, post, submission};

/// What somebody did to a number, and why.
type Said = (Who, &'static str, ReasonCode, &'static str);

/// A target made easier when the result was known, and put back.
pub(super) struct LoweredTarget {
    pub(super) measure: MeasureId,
    pub(super) period: &'static str,
    pub(super) lowered: Said,
    pub(super) put_back: Said,
    pub(super) authority: Authority,
}

impl LoweredTarget {
    pub(super) fn acts(self) -> Result<Vec<Act>, DemoError> {
        let change = |(who, at, code, text): Said| -> Result<Act, DemoError> {
            let change = measure::ChangeTarget {
                measure: self.measure,
                key: key(period(self.period)?),
                new: point(at)?,
                reason: why(code, text),
                authority: Some(self.authority.clone()),
                case: None,
            };
            Ok(act(who, change))
        };
        Ok(vec![change(self.lowered)?, change(self.put_back)?])
    }
}

/// A figure signed at both stages, and revised after that: what was signed is not what stands.
pub(super) struct LapsedSignature {
    pub(super) ledger: &'static str,
    pub(super) monitoring: Who,
    pub(super) steward: Who,
    pub(super) signatory: Who,
    pub(super) measure: &'static str,
    pub(super) period: &'static str,
    pub(super) revised: Said,
}

/// Several figures told anew under a definition that says more.
pub(super) struct RestatedSeries {
    pub(super) measure: &'static str,
    pub(super) by: Who,
    pub(super) formula: &'static str,
    pub(super) because: (ReasonCode, &'static str),
    pub(super) authority: Authority,
    pub(super) figures: &'static [(&'static str, &'static str)],
}

/// A measure retired while it was off track.
pub(super) struct Dropped {
    pub(super) measure: &'static str,
    pub(super) by: Who,
    pub(super) from: &'static str,
    pub(super) because: (ReasonCode, &'static str),
    pub(super) authority: Authority,
}

impl Script<'_> {
    pub(super) async fn a_lapsed_signature(
        &self,
        told: &LapsedSignature,
    ) -> Result<Vec<Act>, DemoError> {
        let line = self.desk.measure_of(told.measure, When::Now).await?.1;
        let framework = FrameworkId::new(line.framework);
        let post_of = |(_, title): Who| PostId::derived(&[told.ledger, title]);
        let (steward, signatory) = (post_of(told.steward), post_of(told.signatory));
        let from = "2024-04-01".parse().map_err(|_| DemoError::Script("2024-04-01"))?;
        let held = Held {
            holder: self.vault.actor(told.steward.0).await?,
            basis: Basis::Substantive,
            from,
            until: None,
            reason: unasked("Appointed in March."),
        };
        let (chain, reason) = (chain(signatory)?, unasked("Agreed with internal audit."));
        let chain = SignOffChainSet { chain, reason: reason.clone(), authority: None };
        let assigned = StewardAssigned { post: steward, from, reason, authority: None };
        let sign = |(who, title): Who, stage, post| Act {
            who,
            post: title,
            what: What::Sign { measure: told.measure, period: told.period, stage, post },
        };
        let (reviser, value, code, text) = told.revised;
        let revised = submission::Revise {
            reason: why(code, text),
            ..revised(line.measure, told.period, value)?
        };
        let assign = measure::AssignSteward { measure: line.measure, fact: assigned };
        Ok(vec![
            created(told.monitoring, steward, told.steward.1)?,
            created(told.monitoring, signatory, told.signatory.1)?,
            act(told.monitoring, post::Hold { post: steward, fact: held }),
            act(told.monitoring, framework::SetSignOffChain { framework, fact: chain }),
            act(told.monitoring, assign),
            sign(told.steward, "verified", steward),
            sign(told.signatory, "accepted", signatory),
            act(reviser, revised),
        ])
    }

    pub(super) async fn a_restated_series(
        &self,
        told: &RestatedSeries,
    ) -> Result<Vec<Act>, DemoError> {
        let answer = self.desk.measure(told.measure, When::Now).await?.answer;
        let first = answer.definitions.into_iter().next();
        // The first one: a demo that runs again says the same.
        let mut definition = first.ok_or(DemoError::Script(told.measure))?.definition;
        definition.formula = told.formula.parse().ok();
        let measure = answer.line.facts.measure.measure;
        let (code, text) = told.because;
        let fact = DefinitionSet {
            definition,
            reason: why(code, text),
            authority: Some(told.authority.clone()),
            change: None,
        };
        let mut acts = vec![act(told.by, measure::SetDefinition { measure, fact, factor: None })];
        for (of, value) in told.figures {
            let restated =
                submission::Revise { reason: why(code, text), ..revised(measure, of, value)? };
            acts.push(act(told.by, restated));
        }
        Ok(acts)
    }

    pub(super) async fn a_measure_dropped(&self, told: &Dropped) -> Result<Act, DemoError> {
        let measure = self.measure(told.measure).await?;
        let (code, text) = told.because;
        let fact = Retired {
            from: told.from.parse().map_err(|_| DemoError::Script(told.from))?,
            reason: why(code, text),
            authority: Some(told.authority.clone()),
        };
        Ok(act(told.by, measure::Retire { measure, fact }))
    }
}

/// Another figure for the headline; whoever says it says why.
pub(super) fn revised(
    measure: MeasureId,
    of: &'static str,
    value: &'static str,
) -> Result<submission::Revise, DemoError> {
    Ok(submission::Revise {
        measure,
        period: period(of)?,
        content_from: None,
        changed: vec![cell(value)?],
        removed: Vec::new(),
        rating_as_reported: None,
        reason: unasked(""),
    })
}

fn unasked(text: &str) -> Reason {
    why(ReasonCode::NoneRecorded, text)
}

fn words(text: &'static str) -> Result<Words, DemoError> {
    Ok(Words { en: text.parse().map_err(|_| DemoError::Script(text))?, cy: None })
}

pub(super) fn created(by: Who, post: PostId, title: &'static str) -> Result<Act, DemoError> {
    let fact = Created {
        title: words(title)?,
        kind: PostKind::Officer,
        organisation: None,
        reason: unasked("The structure of April 2024."),
    };
    Ok(act(by, post::Create { post, fact }))
}

/// The steward verifies, another post accepts.
fn chain(accepts: PostId) -> Result<SignOffChain, DemoError> {
    let stage = |code: &'static str, title, signer| {
        Ok::<_, DemoError>(Stage {
            code: code.parse().map_err(|_| DemoError::Script(code))?,
            title: words(title)?,
            covers: vec![SignedScope::Figures, SignedScope::Judgement],
            signers: vec![signer],
            mode: SigningMode::One {},
        })
    };
    let accepts = Signer::Post { post: accepts };
    Ok(SignOffChain {
        stages: vec![
            stage("verified", "Verified by its data steward", Signer::Steward {})?,
            stage("accepted", "Accepted by whoever answers for it", accepts)?,
        ],
    })
}
