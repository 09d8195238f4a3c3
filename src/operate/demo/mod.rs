//! The demo: two invented bodies moved in and opened, and what was witnessed since.
//!
//! **Invariant:** every act has a command id that follows from the ledger and its place in the list
//! below, so a demo that was killed goes on, and one that runs twice changes nothing.

use piperoll_events::ids::{CommandId, FrameworkId, LedgerName, MeasureId, PostId};
use piperoll_events::reason::{Authority, AuthorityKind, Reason, ReasonCode};
use piperoll_events::role::granted::RoleName;
use piperoll_events::target::{Level, TargetShape};
use piperoll_events::text::Prose;
use piperoll_events::{
    Breakdown, Cell, Channel, Period, Position, Quantity, Target, TargetKey, Tier,
};

use piperoll_projections::score::Rating;

mod northmoor;
mod severnside;
mod stories;

use super::moving_in::MoveInError;
use super::projecting;
use super::site::{Site, SiteError};
use crate::asking::answer::{AskingError, Desk};
use crate::asking::moment::When;
use crate::commands::{Request, submission};
use crate::config::Config;
use crate::identity::vault::{Vault, VaultError};
use crate::ledger::{Acting, Answer, CoverError, ExecuteError, Ledger};

/// The two bodies. Neither exists.
pub const BODIES: [&str; 2] = ["northmoor", "severnside"];

/// Somebody of the demo, to look at it as.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// The name.
    pub name: &'static str,
    /// The post.
    pub post: &'static str,
    /// What they do here: a message of the front page.
    pub what: &'static str,
    /// The doors they may use.
    pub roles: &'static [RoleName],
}

/// Who may sign in to the demo's bodies.
pub const PEOPLE: [Person; 3] = [
    Person {
        name: "Gwen Marsh",
        post: "Monitoring Officer",
        what: "person-auditor",
        roles: &[RoleName::InternalAuditor],
    },
    Person {
        name: "Ewan Pryce",
        post: "Member of scrutiny",
        what: "person-member",
        roles: &[RoleName::ScrutinyReader],
    },
    Person {
        name: "Rhys Calder",
        post: "Performance Manager",
        what: "person-officer",
        roles: &[RoleName::Officer, RoleName::Coordinator],
    },
];

/// Why the demo stopped; the same command goes on.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Moving in.
    #[error(transparent)]
    MoveIn(#[from] MoveInError),
    /// The servers.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// A rule, or NATS.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A question about what stands.
    #[error(transparent)]
    Asking(#[from] AskingError),
    /// The read models.
    #[error(transparent)]
    Project(#[from] projecting::ProjectError),
    /// NATS, asked for what is signed.
    #[error(transparent)]
    Cover(#[from] CoverError),
    /// A word of the script below that is none.
    #[error("the demo's own script is wrong at `{0}`; this is a fault of ours")]
    Script(&'static str),
}

/// One witnessed act.
struct Act {
    who: &'static str,
    post: &'static str,
    what: What,
}

/// What somebody does.
enum What {
    /// Something that is known beforehand.
    Request(Box<dyn Request>),
    /// Signing what a page shows once the acts before are recorded.
    Sign { measure: &'static str, period: &'static str, stage: &'static str, post: PostId },
    /// Saying that a figure is doing otherwise than the rule makes it, likewise.
    Override {
        measure: &'static str,
        period: &'static str,
        stated: &'static str,
        reason: Reason,
        authority: Authority,
    },
}

/// Records what happened since the bodies moved in. Returns how many acts stand.
///
/// # Errors
/// See [`DemoError`]; call again to go on.
pub async fn witness(config: &Config, body: &LedgerName) -> Result<usize, DemoError> {
    let site = Site::new(config, body);
    let (ledger, _guard) = site.writer().await?;
    let vault = site.vault(ledger.identity()).await?;
    let desk = Desk::open(config, body).await?;
    let script = Script { desk: &desk, vault: &vault };
    let acts = match body.as_str() {
        "northmoor" => script.northmoor().await?,
        _ => script.severnside().await?,
    };
    let count = acts.len();
    let mut reached = Position::START;
    for (n, act) in acts.into_iter().enumerate() {
        let request = match act.what {
            What::Request(request) => request,
            // As it was shown then, also when the demo runs again.
            shown => {
                projecting::catch_up(&site).await?;
                script.of_what_is_shown(&ledger, shown, reached).await?
            }
        };
        let answer = perform(&ledger, &vault, n, (act.who, act.post), request.as_ref()).await?;
        reached = reached.max(answer.position);
    }
    projecting::catch_up(&site).await?;
    Ok(count)
}

async fn perform(
    ledger: &Ledger,
    vault: &Vault,
    n: usize,
    (who, post): Who,
    request: &dyn Request,
) -> Result<Answer, DemoError> {
    let ledger_id = ledger.identity().ledger_id.to_string();
    let command_id = CommandId::derived(&[&ledger_id, "demo", &n.to_string()]);
    let actor = vault.actor(who).await?;
    let mut acting = Acting::new(actor, Channel::Api, command_id);
    acting.post = post.parse().ok();
    Ok(ledger.execute(request, &acting).await?)
}

/// Who acts: a name and a post.
type Who = (&'static str, &'static str);

struct Script<'a> {
    desk: &'a Desk,
    vault: &'a Vault,
}

impl Script<'_> {
    async fn of_what_is_shown(
        &self,
        ledger: &Ledger,
        what: What,
        reached: Position,
    ) -> Result<Box<dyn Request>, DemoError> {
        let at = When::At(reached);
        Ok(match what {
            What::Request(request) => request,
            What::Sign { measure, period: of, stage, post } => {
                let shown = self.desk.shown(measure, period(of)?, at).await?;
                Box::new(submission::SignOff {
                    measure: shown.measure,
                    period: Some(period(of)?),
                    framework: shown.framework,
                    stage: stage.parse().map_err(|_| DemoError::Script(stage))?,
                    post,
                    covers: ledger.stream().covered(&shown.positions).await?,
                    rating: shown.rating,
                    statement: None,
                })
            }
            What::Override { measure, period: of, stated, reason, authority } => {
                let line = self.desk.submission(measure, Some(period(of)?), at).await?.answer.line;
                let computed = match line.by_rule() {
                    Rating::Level(level) => Some(level.clone()),
                    _ => None,
                };
                Box::new(submission::OverrideRating {
                    measure: line.facts.measure.measure,
                    period: period(of)?,
                    framework: FrameworkId::new(line.facts.measure.framework),
                    computed,
                    stated: stated.parse().map_err(|_| DemoError::Script(stated))?,
                    inputs: line.facts.inputs(),
                    reason,
                    authority: Some(authority),
                })
            }
        })
    }

    async fn measure(&self, code: &str) -> Result<MeasureId, DemoError> {
        Ok(self.desk.measure_of(code, When::Now).await?.1.measure)
    }

    async fn figure(
        &self,
        measure: MeasureId,
        quarter: &'static str,
        value: &'static str,
        words: &'static str,
    ) -> Result<submission::Submit, DemoError> {
        let commentary = match words.parse::<Prose>() {
            Ok(text) => self.vault.seal(&[text]).await?.pop(),
            Err(_) => None,
        };
        Ok(submission::Submit {
            measure,
            period: period(quarter)?,
            cells: vec![cell(value)?],
            rating_as_reported: None,
            commentary,
        })
    }
}

fn act((who, post): Who, request: impl Request + 'static) -> Act {
    Act { who, post, what: What::Request(Box::new(request)) }
}

fn why(code: ReasonCode, text: &str) -> Reason {
    Reason { code, text: text.parse().ok() }
}

fn period(text: &'static str) -> Result<Period, DemoError> {
    text.parse().map_err(|_| DemoError::Script(text))
}

fn quantity(text: &'static str) -> Result<Quantity, DemoError> {
    text.parse().map_err(|_| DemoError::Script(text))
}

fn cell(value: &'static str) -> Result<Cell, DemoError> {
    Ok(Cell::of(Breakdown::HEADLINE, quantity(value)?))
}

/// A figure with what was counted, out of what.
fn counted(value: &'static str, of: (&'static str, &'static str)) -> Result<Cell, DemoError> {
    let (numerator, denominator) = (Some(quantity(of.0)?), Some(quantity(of.1)?));
    Ok(Cell { numerator, denominator, ..cell(value)? })
}

const fn key(period: Period) -> TargetKey {
    TargetKey { period, breakdown: Breakdown::HEADLINE, tier: Tier::Expected }
}

fn point(at: &'static str) -> Result<Target, DemoError> {
    let level = Some(Level { at: quantity(at)?, to: None });
    Ok(Target { shape: TargetShape::Point, level, ..Target::standing(Quantity::ZERO) })
}

fn officer(reference: &'static str) -> Result<Authority, DemoError> {
    Ok(Authority {
        reference: Some(reference.parse().map_err(|_| DemoError::Script(reference))?),
        ..Authority::of(AuthorityKind::OfficerCorrection)
    })
}
