//! The story of a signature that lapsed: a chain, its posts, two signatures, and a revision after them.

use piperoll_events::framework::SignOffChainSet;
use piperoll_events::ids::{FrameworkId, MeasureId, PostId};
use piperoll_events::measure::StewardAssigned;
use piperoll_events::post::{Created, Held, created::PostKind, held::Basis};
use piperoll_events::reason::{Reason, ReasonCode};
use piperoll_events::sign_off::{SignOffChain, SignedScope, Signer, SigningMode, Stage};
use piperoll_events::text::Words;

use super::{Act, DemoError, Script, What, act, cell, period};
use crate::asking::moment::When;
use crate::commands::{framework, measure, post, submission};

/// Who keeps the framework's records.
const MONITORING: (&str, &str) = ("Gwen Marsh", "Monitoring Officer");
const STEWARD: (&str, &str) = ("Ines Okafor", "Finance Data Steward");
const DIRECTOR: (&str, &str) = ("Tom Brandreth", "Director of Resources");
const QUARTER: &str = "FY2023-Q4";

impl Script<'_> {
    /// A figure signed at both stages, and revised after that: what was signed is not what stands.
    pub(super) async fn a_lapsed_signature(
        &self,
        invoices: MeasureId,
    ) -> Result<Vec<Act>, DemoError> {
        let framework = self.desk.measure_of("NM09", When::Now).await?.1.framework;
        let framework = FrameworkId::new(framework);
        let [steward, director] = [STEWARD, DIRECTOR].map(|(_, title)| post_of(title));
        let from = "2024-04-01".parse().map_err(|_| DemoError::Script("2024-04-01"))?;
        let held = Held {
            holder: self.vault.actor(STEWARD.0).await?,
            basis: Basis::Substantive,
            from,
            until: None,
            reason: why("Appointed in March."),
        };
        let (chain, reason) = (chain(director)?, why("Agreed with internal audit."));
        let chain = SignOffChainSet { chain, reason: reason.clone(), authority: None };
        let assigned = StewardAssigned { post: steward, from, reason, authority: None };
        let sign = |(who, title), stage, post| Act {
            who,
            post: title,
            what: What::Sign { measure: "NM09", period: QUARTER, stage, post },
        };
        let assign = measure::AssignSteward { measure: invoices, fact: assigned };
        let performance = ("Rhys Calder", "Performance Manager");
        Ok(vec![
            created(steward, STEWARD.1)?,
            created(director, DIRECTOR.1)?,
            act(MONITORING, Box::new(post::Hold { post: steward, fact: held })),
            act(MONITORING, Box::new(framework::SetSignOffChain { framework, fact: chain })),
            act(MONITORING, Box::new(assign)),
            sign(STEWARD, "verified", steward),
            sign(DIRECTOR, "accepted", director),
            act(performance, Box::new(revised(invoices)?)),
        ])
    }
}

fn post_of(title: &str) -> PostId {
    PostId::derived(&["northmoor", title])
}

fn why(text: &str) -> Reason {
    Reason { code: ReasonCode::NoneRecorded, text: text.parse().ok() }
}

fn words(text: &'static str) -> Result<Words, DemoError> {
    Ok(Words { en: text.parse().map_err(|_| DemoError::Script(text))?, cy: None })
}

fn created(post: PostId, title: &'static str) -> Result<Act, DemoError> {
    let fact = Created {
        title: words(title)?,
        kind: PostKind::Officer,
        organisation: None,
        reason: why("The structure of April 2024."),
    };
    Ok(act(MONITORING, Box::new(post::Create { post, fact })))
}

/// The steward verifies, the director accepts.
fn chain(director: PostId) -> Result<SignOffChain, DemoError> {
    let stage = |code: &'static str, title, signer| {
        Ok::<_, DemoError>(Stage {
            code: code.parse().map_err(|_| DemoError::Script(code))?,
            title: words(title)?,
            covers: vec![SignedScope::Figures, SignedScope::Judgement],
            signers: vec![signer],
            mode: SigningMode::One {},
        })
    };
    let accepts = Signer::Post { post: director };
    Ok(SignOffChain {
        stages: vec![
            stage("verified", "Verified by its data steward", Signer::Steward {})?,
            stage("accepted", "Accepted by the director", accepts)?,
        ],
    })
}

fn revised(invoices: MeasureId) -> Result<submission::Revise, DemoError> {
    Ok(submission::Revise {
        measure: invoices,
        period: period(QUARTER)?,
        content_from: None,
        changed: vec![cell("95.1")?],
        removed: Vec::new(),
        rating_as_reported: None,
        reason: Reason {
            code: ReasonCode::LateData,
            text: "A batch of schools' invoices came in after the close.".parse().ok(),
        },
    })
}
