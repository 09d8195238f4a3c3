//! Scorecard, measures and submissions, as at any moment.

use std::time::Duration;

use piperoll_events::ids::FrameworkId;
use piperoll_events::sign_off::Covered;
use piperoll_events::text::{Label, SealedText};
use piperoll_events::{Period, Position};
use piperoll_projections::scorecard::MeasureLine;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pages::{self, Cursor, Page};
use super::problem::{Problem, still_behind};
use super::query::Moment;
use super::route::{Call, Route};
use crate::asking::answer::{Answer, Board, Desk, SubmissionAnswer};
use crate::asking::moment::When;
use crate::identity::policy::What;
use crate::identity::vault::Opened;

/// How long a read waits for the read model.
const PATIENCE: Duration = Duration::from_secs(2);
/// How the declaration about a measure as a whole is called in an address.
pub(super) const WHOLE: &str = "whole";

/// Which scorecard.
#[derive(Debug, Deserialize, JsonSchema)]
struct ScorecardAsked {
    /// One period; without it, the latest of each measure.
    period: Option<Period>,
    #[serde(flatten)]
    moment: Moment,
}

/// Which measures.
#[derive(Debug, Deserialize, JsonSchema)]
struct MeasuresAsked {
    #[serde(flatten)]
    moment: Moment,
    #[serde(flatten)]
    page: pages::Asked,
}

/// One submission, with its words opened and what a signature of it covers.
#[derive(Debug, Serialize, JsonSchema)]
struct SubmissionTold {
    #[serde(flatten)]
    answer: Answer<SubmissionAnswer>,
    /// What is written about it; absent where nothing is.
    commentary: Option<Commentary>,
    /// What a signature of exactly this covers; absent for a measure as a whole.
    to_sign: Option<ToSign>,
}

/// Words about a figure.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Commentary {
    /// As they were written.
    Open {
        /// The words.
        text: String,
    },
    /// Their key was deleted.
    Erased {},
    /// Your roles don't let you read them.
    Withheld {},
}

/// What a signature of a figure covers, as `sign-off` takes it.
#[derive(Debug, Serialize, JsonSchema)]
struct ToSign {
    /// The framework whose chain says who signs.
    framework: FrameworkId,
    /// Every version shown, with its digest.
    covers: Vec<Covered>,
    /// The level shown.
    rating: Option<Label>,
}

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    let scorecard = "Every measure with its figure, target, rating and directions.";
    let list = "The measures, by code, page by page.";
    let measure = "One measure over its periods, with every version of targets and definition.";
    let submission =
        "One figure with its cells, words and versions. `whole` for a measure as such.";
    let what = What::ReadScorecard;
    vec![
        Route::ask(
            ("/scorecard", "show_scorecard", scorecard),
            what,
            |call, asked: ScorecardAsked| async move {
                let desk = ready(&call, &asked.moment).await?;
                let answer: Answer<Board> =
                    desk.scorecard(asked.moment.when()?, asked.period).await?;
                Ok(answer)
            },
        ),
        Route::ask(("/measures", "list_measures", list), what, list_measures),
        Route::ask(
            ("/measures/{measure}", "show_measure", measure),
            what,
            |call, moment: Moment| async move {
                let desk = ready(&call, &moment).await?;
                Ok(desk.measure(call.part("measure"), moment.when()?).await?)
            },
        ),
        Route::ask(
            ("/measures/{measure}/submissions/{period}", "show_submission", submission),
            what,
            show_submission,
        ),
    ]
}

/// The desk of a call's ledger, once its read models hold what the caller has seen.
pub(crate) async fn ready<'a>(call: &'a Call, moment: &Moment) -> Result<&'a Desk, Problem> {
    let room = call.room()?;
    let desk = room.desk().await?;
    let known = match moment.when()? {
        When::At(position) => Some(position),
        _ => None,
    };
    let Some(furthest) = known.max(moment.min_position) else { return Ok(desk) };
    let mut reached = desk.reached().await?;
    if furthest > reached {
        let head = room.head_from(furthest).await?;
        if furthest > head {
            let detail = format!("position {furthest} does not exist; the last is {head}");
            return Err(Problem::missing("no_such_position", detail).about(furthest.to_string()));
        }
    }
    let Some(wanted) = moment.min_position else { return Ok(desk) };
    let begun = tokio::time::Instant::now();
    while reached < wanted {
        if begun.elapsed() >= PATIENCE {
            return Err(still_behind(reached));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        reached = desk.reached().await?;
    }
    Ok(desk)
}

async fn list_measures(call: Call, asked: MeasuresAsked) -> Result<Page<MeasureLine>, Problem> {
    let desk = ready(&call, &asked.moment).await?;
    let issuer = &call.doors.issuer;
    let list = format!("measures of {}", call.part("ledger"));
    let (limit, cursor) = (asked.page.limit()?, asked.page.cursor(issuer, &list)?);
    if cursor.is_some() && asked.moment.is_given() {
        return Err(Problem::bad("two_moments", "a cursor pins the moment; give no other"));
    }
    let when = match cursor {
        Some(cursor) => When::At(cursor.pinned),
        None => asked.moment.when()?,
    };
    let (as_at, lines) = desk.measures(when).await?;
    let shown = cursor.map_or(0, |cursor| cursor.shown);
    let shown = usize::try_from(shown).unwrap_or(usize::MAX);
    let total = lines.len();
    let items: Vec<_> = lines.into_iter().skip(shown).take(limit.into()).collect();
    let shown = shown.saturating_add(items.len());
    let next = (shown < total).then(|| {
        let shown = u64::try_from(shown).unwrap_or(u64::MAX);
        Cursor { pinned: as_at.position, shown }.write(issuer, &list)
    });
    Ok(Page { position: as_at.position, items, next })
}

async fn show_submission(call: Call, moment: Moment) -> Result<SubmissionTold, Problem> {
    let desk = ready(&call, &moment).await?;
    let (measure, period) = (call.part("measure"), call.part("period"));
    let period: Option<Period> = match period {
        WHOLE => None,
        text => Some(text.parse().map_err(|_| {
            Problem::bad("malformed_period", "write a period as `FY2023-Q3`, or `whole`")
        })?),
    };
    let answer = desk.submission(measure, period, moment.when()?).await?;
    let commentary = commentary(&call, &answer.answer).await?;
    let to_sign = match period {
        None => None,
        Some(period) => Some(to_sign(&call, desk, period, answer.as_at.position).await?),
    };
    Ok(SubmissionTold { answer, commentary, to_sign })
}

/// What is written about a figure, as far as the caller may read it.
pub(crate) async fn commentary(
    call: &Call,
    answer: &SubmissionAnswer,
) -> Result<Option<Commentary>, Problem> {
    match answer.words() {
        Some(sealed) => opened(call, sealed).await.map(Some),
        None => Ok(None),
    }
}

/// Sealed words, as far as the caller may read them.
pub(crate) async fn opened(call: &Call, sealed: &SealedText) -> Result<Commentary, Problem> {
    if What::ReadCommentary.allowed_by(&call.bearer()?.roles).is_none() {
        return Ok(Commentary::Withheld {});
    }
    let vault = call.room()?.vault().await?;
    let opened = vault.unseal(std::slice::from_ref(sealed)).await?.pop();
    Ok(match opened {
        Some(Opened::Words(text)) => Commentary::Open { text },
        Some(Opened::Erased) | None => Commentary::Erased {},
    })
}

async fn to_sign(
    call: &Call,
    desk: &Desk,
    period: Period,
    at: Position,
) -> Result<ToSign, Problem> {
    let shown = desk.shown(call.part("measure"), period, When::At(at)).await?;
    let covers = call.room()?.source.stream.covered(&shown.positions).await?;
    Ok(ToSign { framework: shown.framework, covers, rating: shown.rating })
}
