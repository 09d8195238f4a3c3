//! Scorecard, measure, submission: what stood at a moment, and what scoring says of it.
//!
//! **Invariant:** facts come from the read model at one position; ratings and directions are worked
//! out here from exactly those facts, every time, and stored nowhere.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use piperoll_events::ids::{LedgerName, MeasureId};
use piperoll_events::text::SealedText;
use piperoll_events::{Period, Position, Quantity};
use piperoll_projections::Schema;
use piperoll_projections::accountability::{self, Accountability};
use piperoll_projections::runtime::{self, Cursor, RuntimeError};
use piperoll_projections::score::{
    Direction, Figure, FigureState, Rating, Terms, direction, figure_state, published, rate,
};
use piperoll_projections::scorecard::history::FigureVersion;
use piperoll_projections::scorecard::{
    DefinitionVersion, Filter, Found, Headline, LedgerCell, Line, MeasureLine, Part, Reader,
    Scorecard, SeriesPoint, Submitted, TargetVersion,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::moment::{AsAt, Basis, Closed, When};
use crate::config::{Config, Missing};

/// Where one ledger is asked.
pub struct Desk {
    pub(super) reader: Reader,
    pub(super) acts: accountability::Reader,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskingError {
    /// A setting.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// Postgres, or rows that are not there.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// No measure of that code at that moment.
    #[error(
        "no measure was called `{code}` at position {position}; `piperoll as-at … scorecard` lists them"
    )]
    NoMeasure {
        /// What was asked for.
        code: String,
        /// When.
        position: Position,
    },
    /// Several measures bear the code.
    #[error("`{code}` names several measures at that moment; give one of their ids: {}", listed(.candidates))]
    AmbiguousCode {
        /// What was asked for.
        code: String,
        /// What it may mean.
        candidates: Vec<MeasureLine>,
    },
    /// Nothing was ever submitted for that period.
    #[error("nothing stood for `{code}` and `{period}` at position {position}")]
    NoSubmission {
        /// The measure asked for.
        code: String,
        /// The period asked for.
        period: String,
        /// When.
        position: Position,
    },
    /// A span that ends before it begins.
    #[error("the span ends before it begins")]
    Backwards,
    /// A position that the rows have not reached.
    #[error(
        "position {wanted} was asked for and the read model is at {reached}; is a projector running?"
    )]
    NotThere {
        /// The position asked for.
        wanted: Position,
        /// Where the rows are.
        reached: Position,
    },
}

/// An answer, with the moment it is about.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "{T}AsAt")]
pub struct Answer<T> {
    /// Which moment.
    pub as_at: AsAt,
    /// What stood then.
    #[serde(flatten)]
    pub answer: T,
}

/// Every measure with its figure.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Board {
    /// The measures, by code.
    pub lines: Vec<Scored<Line>>,
    /// Whether any of it rests on a file's word.
    pub asserted: u64,
}

/// Facts, with what scoring makes of them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Scored<T> {
    /// The facts.
    #[serde(flatten)]
    pub facts: T,
    /// How it is doing: by the rule, or as somebody states while an override is in force.
    pub rating: Rating,
    /// By the rule, where somebody states otherwise.
    pub computed: Option<Rating>,
    /// Against the period before.
    pub short_direction: Direction,
    /// Against the same part of the year before.
    pub long_direction: Direction,
    /// Whether there is a figure, and why not.
    pub figure_state: FigureState,
    /// The figure as published.
    pub published: Option<Quantity>,
}

impl<T> Scored<T> {
    /// What the rule makes of it, whatever anybody states.
    pub(crate) fn by_rule(&self) -> &Rating {
        self.computed.as_ref().unwrap_or(&self.rating)
    }
}

/// One measure over its periods.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MeasureAnswer {
    /// The measure as the scorecard shows it.
    pub line: Scored<Line>,
    /// Every period with something to say.
    pub series: Vec<SeriesPoint>,
    /// Every version of its targets.
    pub targets: Vec<TargetVersion>,
    /// Every version of its definition.
    pub definitions: Vec<DefinitionVersion>,
}

/// One submission with its versions.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SubmissionAnswer {
    /// The measure and the figure as the scorecard shows them for this period.
    pub line: Scored<Line>,
    /// The submission.
    pub submission: Submitted,
}

impl SubmissionAnswer {
    /// The words that stand, for the vault to open.
    #[must_use]
    pub fn words(&self) -> Option<&SealedText> {
        self.submission.commentary.as_ref().map(|commentary| &commentary.text)
    }
}

impl Desk {
    /// The desk of the ledger called `name`.
    ///
    /// # Errors
    /// A setting is missing or wrong.
    pub async fn open(config: &Config, name: &LedgerName) -> Result<Self, AskingError> {
        let pool = runtime::pool(config.postgres_url()?, 4)?;
        let reader = Reader::new(pool.clone(), Schema::live(name, &Scorecard));
        reader.cursor().await?;
        let acts = accountability::Reader::new(pool, Schema::live(name, &Accountability));
        Ok(Self { reader, acts })
    }

    /// A desk over read models that stand elsewhere than a ledger's own.
    #[must_use]
    pub const fn over(reader: Reader, acts: accountability::Reader) -> Self {
        Self { reader, acts }
    }

    /// Which moment is meant.
    ///
    /// # Errors
    /// Postgres, or a position that is not there yet.
    pub async fn resolve(&self, when: When) -> Result<AsAt, AskingError> {
        let cursor = self.reader.cursor().await?;
        let (position, instant) = match when {
            When::Now => (cursor.position, cursor.known_at),
            When::At(wanted) if wanted > cursor.position => {
                return Err(AskingError::NotThere { wanted, reached: cursor.position });
            }
            When::At(wanted) => (wanted, self.reader.instant_of(wanted).await?),
            When::KnownAt(at) => (self.reader.position_at(at).await?, Some(at)),
        };
        let closed =
            if in_prologue(&cursor, position, instant) { Closed::Closed } else { Closed::Open };
        let being_applied = self.reader.amendment(position).await?;
        Ok(AsAt { position, instant, basis: Basis::Recorded, closed, being_applied })
    }

    /// How far both the figures and the acts have come.
    ///
    /// # Errors
    /// Postgres.
    pub async fn reached(&self) -> Result<Position, AskingError> {
        let (figures, acts) = (self.reader.cursor().await?, self.acts.cursor().await?);
        Ok(figures.position.min(acts.position))
    }

    /// The measures that had been adopted, by code.
    ///
    /// # Errors
    /// Postgres.
    pub async fn measures(&self, when: When) -> Result<(AsAt, Vec<MeasureLine>), AskingError> {
        let as_at = self.resolve(when).await?;
        let mut lines = self.reader.measures(as_at.position, &Filter::default()).await?;
        lines.sort_by_key(|line| (code_of(line), line.measure));
        Ok((as_at, lines))
    }

    /// Every measure, for one period or for the latest of each.
    ///
    /// # Errors
    /// Postgres.
    pub async fn scorecard(
        &self,
        when: When,
        period: Option<Period>,
    ) -> Result<Answer<Board>, AskingError> {
        let as_at = self.resolve(when).await?;
        let lines = self.reader.scorecard(as_at.position, period, &Filter::default()).await?;
        let day = as_at.instant.map(|at| at.with_timezone(&chrono_tz::Europe::London).date_naive());
        let lines = lines.into_iter().filter(|line| in_use(&line.measure, period, day));
        let mut lines: Vec<_> = lines.map(|line| score(line, as_at.instant)).collect();
        lines.sort_by_key(|line| code_of(&line.facts.measure));
        let rests = |line: &&Scored<Line>| line.facts.headline.as_ref().is_some_and(|h| h.asserted);
        let asserted = u64::try_from(lines.iter().filter(rests).count()).unwrap_or(u64::MAX);
        Ok(Answer { as_at, answer: Board { lines, asserted } })
    }

    /// Objectives, steps and areas, with their frameworks.
    ///
    /// # Errors
    /// Postgres.
    pub async fn structure(&self, when: When) -> Result<Vec<Part>, AskingError> {
        let as_at = self.resolve(when).await?;
        Ok(self.reader.structure(as_at.position).await?)
    }

    /// The measure that a code named at that moment.
    ///
    /// # Errors
    /// None, or several; Postgres.
    pub async fn measure_of(
        &self,
        code: &str,
        when: When,
    ) -> Result<(AsAt, MeasureLine), AskingError> {
        let as_at = self.resolve(when).await?;
        let code = code.to_owned();
        match self.reader.find_measure(&code, as_at.position).await? {
            Found::One { measure } => Ok((as_at, measure)),
            Found::None {} => Err(AskingError::NoMeasure { code, position: as_at.position }),
            Found::Ambiguous { candidates } => Err(AskingError::AmbiguousCode { code, candidates }),
        }
    }

    /// One measure over its periods.
    ///
    /// # Errors
    /// No such measure; Postgres.
    pub async fn measure(
        &self,
        code: &str,
        when: When,
    ) -> Result<Answer<MeasureAnswer>, AskingError> {
        let (as_at, found) = self.measure_of(code, when).await?;
        let (id, at) = (found.measure, as_at.position);
        let line = self.line(id, None, as_at).await?;
        let line = line.ok_or(AskingError::NoMeasure { code: code.to_owned(), position: at })?;
        let series = self.reader.series(id, at).await?;
        let targets = self.reader.targets(id, at).await?;
        let definitions = self.reader.definitions(id, at).await?;
        Ok(Answer { as_at, answer: MeasureAnswer { line, series, targets, definitions } })
    }

    /// Some periods of one measure, as they stood.
    ///
    /// # Errors
    /// Postgres.
    pub async fn periods(
        &self,
        measure: MeasureId,
        periods: &[Period],
        as_at: AsAt,
    ) -> Result<Vec<(Period, Scored<Line>)>, AskingError> {
        let cells: Vec<_> = periods.iter().map(|period| (measure, *period)).collect();
        let lines = self.scored(&cells, as_at).await?;
        Ok(lines.into_iter().map(|((_, period), line)| (period, line)).collect())
    }

    /// Every version of one measure's figures, by position.
    ///
    /// # Errors
    /// Postgres.
    pub async fn figure_versions(
        &self,
        measure: MeasureId,
        at: Position,
    ) -> Result<Vec<FigureVersion>, AskingError> {
        let mut versions = self.reader.figure_versions(&[measure], at).await?;
        Ok(versions.remove(&measure).unwrap_or_default())
    }

    /// When what stands at some positions was known.
    ///
    /// # Errors
    /// Postgres.
    pub async fn instants(
        &self,
        positions: &[Position],
    ) -> Result<HashMap<Position, DateTime<Utc>>, AskingError> {
        Ok(self.reader.instants(positions).await?)
    }

    /// One submission; without a period, the declaration about the measure as a whole.
    ///
    /// # Errors
    /// No such measure or submission; Postgres.
    pub async fn submission(
        &self,
        code: &str,
        period: Option<Period>,
        when: When,
    ) -> Result<Answer<SubmissionAnswer>, AskingError> {
        let (as_at, found) = self.measure_of(code, when).await?;
        let (id, at) = (found.measure, as_at.position);
        let submission = self.reader.submission(id, period, at).await?;
        let line = self.line(id, period, as_at).await?;
        match (line, submission) {
            (Some(line), Some(submission)) => {
                Ok(Answer { as_at, answer: SubmissionAnswer { line, submission } })
            }
            _ => Err(AskingError::NoSubmission {
                code: code.to_owned(),
                period: period.map(|period| period.to_string()).unwrap_or_default(),
                position: at,
            }),
        }
    }

    /// Every cell of the ledger.
    ///
    /// # Errors
    /// Postgres.
    pub async fn cells(
        &self,
        when: When,
        take: impl FnMut(LedgerCell),
    ) -> Result<AsAt, AskingError> {
        let as_at = self.resolve(when).await?;
        self.reader.all_cells(as_at.position, take).await?;
        Ok(as_at)
    }

    pub(super) async fn line(
        &self,
        measure: MeasureId,
        period: Option<Period>,
        as_at: AsAt,
    ) -> Result<Option<Scored<Line>>, AskingError> {
        let filter = Filter { measures: Some(vec![measure]), ..Filter::default() };
        let mut lines = self.reader.scorecard(as_at.position, period, &filter).await?;
        Ok(lines.pop().map(|line| score(line, as_at.instant)))
    }
}

/// The code that people use first; the id where there is none.
#[must_use]
pub fn code_of(measure: &MeasureLine) -> String {
    measure.codes.first().map_or_else(|| measure.measure.to_string(), |line| line.code.clone())
}

/// A prologue is complete once its ledger is open, so every instant in it is over.
fn in_prologue(cursor: &Cursor, position: Position, instant: Option<DateTime<Utc>>) -> bool {
    let Some(opened_at) = cursor.opened_at else { return false };
    // An instant later than the prologue's last may still be joined by what is being recorded.
    position < opened_at && (instant.is_none() || instant <= cursor.known_at)
}

/// Whether a measure is measured: in the period asked about, else on the day.
fn in_use(measure: &MeasureLine, period: Option<Period>, day: Option<NaiveDate>) -> bool {
    let Some(ended) = &measure.ended else { return true };
    let first = period.map(|period| period.days().0).or(day);
    first.is_none_or(|first| first < ended.from)
}

/// Facts at a moment, scored.
pub(super) fn score(line: Line, instant: Option<DateTime<Utc>>) -> Scored<Line> {
    let value = |headline: &Option<Headline>| headline.as_ref().and_then(|h| h.value);
    let figure = line.headline.as_ref().map_or(Figure::Missing, Headline::figure);
    let terms: Option<Terms> = line.terms();
    let level = line.level();
    let rule = line.rule.as_ref().and_then(|rule| rule.rule.as_ref());
    let computed = terms.as_ref().map_or(Rating::NoRule, |terms| rate(figure, level, terms, rule));
    let stated = line.standing_override().map(|it| Rating::Level(it.stated.clone()));
    let (rating, computed) = match stated {
        Some(stated) => (stated, Some(computed)),
        None => (computed, None),
    };
    let now = value(&line.headline);
    let against = |before: &Option<Headline>| match &line.definition {
        Some(definition) => direction(value(before), now, &definition.polarity),
        None => Direction::Unknown,
    };
    let declared: Vec<_> = line.headline.iter().filter_map(Headline::declared).collect();
    let day = instant
        .map_or(NaiveDate::MAX, |at| at.with_timezone(&chrono_tz::Europe::London).date_naive());
    let decimals = line.definition.as_ref().and_then(|definition| definition.decimals);
    Scored {
        rating,
        computed,
        short_direction: against(&line.previous),
        long_direction: against(&line.year_earlier),
        figure_state: figure_state(figure, &declared, None, day),
        published: now.map(|value| published(value, decimals)),
        facts: line,
    }
}

fn listed(candidates: &[MeasureLine]) -> String {
    let shown: Vec<String> = candidates
        .iter()
        .map(|measure| format!("{} ({})", measure.measure, measure.title.en))
        .collect();
    shown.join(", ")
}
