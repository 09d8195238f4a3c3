//! W4, the questions: each asked again and again of a ledger of 5,000 measures, about one measure
//! and about all of them between one month and the next.

use std::time::Instant;

use chrono::TimeDelta;
use piperoll_events::{Period, Position};
use piperoll_projections::READ_MODELS;

use super::BenchError;
use super::asking::{scatter, share};
use super::invented::Size;
use super::planted::{Planted, Then};
use super::table::{Figure, Goal, Spread};
use crate::asking::answer::{AskingError, Desk};
use crate::asking::moment::{Moment, When};
use crate::asking::questions::{
    Between, accountable_on, baseline_moved, changes, comparable, differs, dropped, made_easier,
    overridden, reperform, signed_by, turned_green, who_changed,
};
use crate::config::Config;
use crate::operate::projecting;
use crate::operate::site::Site;

/// Three years of 5,000 measures, every figure revised once.
const SIZE: Size = Size { measures: 5_000, periods: 36, versions: 2 };
/// Questions about one measure in a run.
const ABOUT_ONE: u64 = 100;
/// Questions about all measures in a run.
const ABOUT_ALL: u64 = 10;

/// Fills both read models, asks them, and throws them away; `say` hears what is being done.
///
/// # Errors
/// Postgres; the read models are thrown away all the same.
pub(super) async fn measure(
    config: &Config,
    runs: usize,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Figure>, BenchError> {
    let planted = Planted::new(SIZE, Then::Changes)?;
    let site = Site::new(config, &planted.name);
    let measured = fill_and_ask(config, &site, &planted, runs, say).await;
    projecting::forget(&site).await?;
    measured
}

async fn fill_and_ask(
    config: &Config,
    site: &Site,
    planted: &Planted,
    runs: usize,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Figure>, BenchError> {
    say(&format!("W4: rebuilding from {} invented events", planted.head()));
    projecting::forget(site).await?;
    for model in READ_MODELS {
        planted.fill(site, *model).await?;
    }
    let desk = Desk::open(config, &planted.name).await?;
    let asker = Asker { desk: &desk, planted };
    let mut figures = Vec::new();
    for kind in Kind::ALL {
        say(&format!("W4: asking {}", kind.name()));
        // The first run warms the caches and is not counted.
        asker.run(kind, 0).await?;
        let (mut p50, mut p99) = (Vec::new(), Vec::new());
        for run in 1..=u64::try_from(runs).unwrap_or(1) {
            let mut times = asker.run(kind, run).await?;
            times.sort_by(f64::total_cmp);
            p50.push(share(&times, 500));
            p99.push(share(&times, 990));
        }
        let goal = Goal::AtMost(if kind.about_all() { 500.0 } else { 50.0 });
        let figure = |share: &str, runs, goal| Figure {
            of: format!("W4 {}, {share} ({} measures)", kind.name(), SIZE.measures),
            unit: "ms",
            spread: Spread::of(runs),
            goal,
        };
        figures.extend([figure("p50", p50, None), figure("p99", p99, Some(goal))]);
    }
    Ok(figures)
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    WhoChanged,
    SignedBy,
    AccountableOn,
    BaselineMoved,
    Comparable,
    FigureDiffers,
    Reperform,
    MadeEasier,
    Dropped,
    DroppedAndSilent,
    Overridden,
    TurnedGreen,
    TurnedDirection,
    Changes,
}

impl Kind {
    const ALL: [Self; 14] = [
        Self::WhoChanged,
        Self::SignedBy,
        Self::AccountableOn,
        Self::BaselineMoved,
        Self::Comparable,
        Self::FigureDiffers,
        Self::Reperform,
        Self::MadeEasier,
        Self::Dropped,
        Self::DroppedAndSilent,
        Self::Overridden,
        Self::TurnedGreen,
        Self::TurnedDirection,
        Self::Changes,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::WhoChanged => "who-changed-target",
            Self::SignedBy => "signed-by",
            Self::AccountableOn => "accountable-on",
            Self::BaselineMoved => "baseline-moved",
            Self::Comparable => "comparable",
            Self::FigureDiffers => "figure-differs",
            Self::Reperform => "re-perform",
            Self::MadeEasier => "targets-made-easier",
            Self::Dropped => "measures-dropped",
            Self::DroppedAndSilent => "measures-dropped, silent ones too",
            Self::Overridden => "overridden",
            Self::TurnedGreen => "turned-green",
            Self::TurnedDirection => "turned-green of direction",
            Self::Changes => "changes",
        }
    }

    const fn about_all(self) -> bool {
        matches!(
            self,
            Self::MadeEasier
                | Self::Dropped
                | Self::DroppedAndSilent
                | Self::Overridden
                | Self::TurnedGreen
                | Self::TurnedDirection
                | Self::Changes
        )
    }
}

struct Asker<'a> {
    desk: &'a Desk,
    planted: &'a Planted,
}

/// Of which measure and figure, between which moments.
struct Drawn {
    measure: String,
    period: Period,
    before: Period,
    a: Moment,
    b: Moment,
    between: Between,
}

impl Asker<'_> {
    async fn run(&self, kind: Kind, run: u64) -> Result<Vec<f64>, BenchError> {
        let mut times = Vec::new();
        let questions = if kind.about_all() { ABOUT_ALL } else { ABOUT_ONE };
        for n in 0..questions {
            let draw = scatter(run.saturating_mul(questions).saturating_add(n));
            let Some(drawn) = self.drawn(draw) else { continue };
            let began = Instant::now();
            self.ask(kind, drawn).await?;
            times.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(times)
    }

    /// The last month of the record, in which the measures are changed too.
    fn drawn(&self, draw: u64) -> Option<Drawn> {
        let planted = self.planted;
        let start = planted.before(planted.rounds().checked_sub(1)?);
        let pick = draw.checked_rem(u64::try_from(planted.measures.len()).ok()?)?;
        let months = u64::try_from(planted.periods.len()).ok()?.checked_sub(1)?;
        let month = usize::try_from(scatter(draw).checked_rem(months)?).ok()?;
        let after = TimeDelta::milliseconds(i64::try_from(start).ok()?.checked_add(1)?);
        let from = planted.began.checked_add_signed(after)?;
        Some(Drawn {
            measure: planted.measures.get(usize::try_from(pick).ok()?)?.to_string(),
            period: *planted.periods.get(month.checked_add(1)?)?,
            before: *planted.periods.get(month)?,
            a: Moment::Position(Position(start)),
            b: Moment::Position(planted.head()),
            between: Between { from: Some(from), to: None },
        })
    }

    async fn ask(&self, kind: Kind, drawn: Drawn) -> Result<(), AskingError> {
        let Drawn { measure, period, a, b, between, .. } = drawn;
        let (desk, now) = (self.desk, When::Now);
        let include = dropped::Include::default();
        match kind {
            Kind::MadeEasier => {
                drop(desk.targets_made_easier(made_easier::Asked { between }, now).await?);
            }
            Kind::Dropped => {
                drop(desk.measures_dropped(dropped::Asked { between, include }, now).await?);
            }
            Kind::DroppedAndSilent => {
                let include = dropped::Include::SilentAndRenumbered;
                drop(desk.measures_dropped(dropped::Asked { between, include }, now).await?);
            }
            Kind::Overridden => {
                drop(desk.overridden(overridden::Asked { between }, now).await?);
            }
            Kind::TurnedGreen | Kind::TurnedDirection => {
                let direction = kind == Kind::TurnedDirection;
                let of =
                    if direction { turned_green::Of::Direction } else { turned_green::Of::Rating };
                let include = turned_green::Include::default();
                let asked = turned_green::Asked { a, b, of, include };
                drop(desk.turned_green(asked, now).await?);
            }
            Kind::Changes => {
                drop(desk.changes(changes::Asked { from: a, to: b }, now).await?);
            }
            _ => self.ask_of_one(kind, Drawn { measure, period, a, b, between, ..drawn }).await?,
        }
        Ok(())
    }

    async fn ask_of_one(&self, kind: Kind, drawn: Drawn) -> Result<(), AskingError> {
        let Drawn { measure, period, before, a, b, .. } = drawn;
        let (desk, now) = (self.desk, When::Now);
        match kind {
            Kind::SignedBy => {
                drop(desk.signed_by(signed_by::Asked { measure, period }, now).await?);
            }
            Kind::AccountableOn => {
                let on = self.planted.began.date_naive();
                drop(desk.accountable_on(accountable_on::Asked { measure, on }, now).await?);
            }
            Kind::BaselineMoved => {
                drop(desk.baseline_moved(baseline_moved::Asked { measure, period }, now).await?);
            }
            Kind::Comparable => {
                let (a_at, b_at) = (None, None);
                let asked =
                    comparable::Asked { measure, a_period: before, b_period: period, a_at, b_at };
                drop(desk.comparable(asked, now).await?);
            }
            Kind::FigureDiffers => {
                let asked = differs::Asked { measure, period, breakdown: None, a, b };
                drop(desk.figure_differs(asked, now).await?);
            }
            Kind::Reperform => {
                let (breakdown, file_digest) = (None, None);
                let asked = reperform::Asked { measure, period, breakdown, file_digest };
                drop(desk.reperform(asked, now).await?);
            }
            _ => {
                let (period, breakdown, tier) = (None, None, None);
                let between = Between::default();
                let asked = who_changed::Asked { measure, period, breakdown, tier, between };
                drop(desk.who_changed_target(asked, now).await?);
            }
        }
        Ok(())
    }
}
