//! How answers about one figure are printed: why it differs, whether it can be compared, worked out
//! again, and progress to it.

use std::path::PathBuf;

use piperoll_events::text::Digest;
use piperoll_events::{Period, Quantity};
use sha2::Digest as _;

use super::{Put, print};
use crate::asking::moment::Moment;
use crate::asking::questions::{baseline_moved, comparable, differs, reperform};
use crate::cli::output;

/// `figure-differs`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  piperoll ask --ledger northmoor figure-differs NM03 FY2021-Q4 --a 2022-06-01 --b 2022-09-01"
)]
pub(super) struct FigureDiffers {
    /// The measure's code or id.
    measure: String,
    /// The period, `FY2021-Q4`.
    period: Period,
    /// The first moment: a date, an instant or a position.
    #[arg(long)]
    a: Moment,
    /// The second.
    #[arg(long)]
    b: Moment,
}

impl FigureDiffers {
    pub(super) async fn put(self, put: Put<'_>) -> anyhow::Result<()> {
        let Self { measure, period, a, b } = self;
        let asked = differs::Asked { measure, period, breakdown: None, a, b };
        let reply = put.desk.figure_differs(asked, put.when).await?;
        print(&reply, put.form, &DIFFERS, differs_cells, differs_story)
    }
}

/// `comparable`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  piperoll ask --ledger northmoor comparable NM01 FY2021 FY2023\n  piperoll ask --ledger northmoor comparable NM01 FY2021 FY2021 --a-at 2022-06-01"
)]
pub(super) struct Comparable {
    /// The measure's code or id.
    measure: String,
    /// The first period.
    a: Period,
    /// The second.
    b: Period,
    /// When the first figure is taken: a date, an instant or a position.
    #[arg(long)]
    a_at: Option<Moment>,
    /// When the second is.
    #[arg(long)]
    b_at: Option<Moment>,
}

impl Comparable {
    pub(super) async fn put(self, put: Put<'_>) -> anyhow::Result<()> {
        let Self { measure, a, b, a_at, b_at } = self;
        let asked = comparable::Asked { measure, a_period: a, b_period: b, a_at, b_at };
        let reply = put.desk.comparable(asked, put.when).await?;
        print(&reply, put.form, &COMPARABLE, comparable_cells, comparable_story)
    }
}

/// `re-perform`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  piperoll ask --ledger northmoor re-perform NM03 FY2021-Q4")]
pub(super) struct RePerform {
    /// The measure's code or id.
    measure: String,
    /// The period, `FY2021-Q4`.
    period: Period,
    /// A file that is said to be the figure's source; its SHA-256 is compared.
    #[arg(long)]
    file: Option<PathBuf>,
}

impl RePerform {
    pub(super) async fn put(self, put: Put<'_>) -> anyhow::Result<()> {
        let digest = |path: PathBuf| {
            let bytes = std::fs::read(&path)
                .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
            anyhow::Ok(Digest::new(sha2::Sha256::digest(bytes).into()))
        };
        let file_digest = self.file.map(digest).transpose()?;
        let asked = reperform::Asked {
            measure: self.measure,
            period: self.period,
            breakdown: None,
            file_digest,
        };
        let reply = put.desk.reperform(asked, put.when).await?;
        print(&reply, put.form, &REPERFORMED, reperformed_cells, reperformed_story)
    }
}

/// `baseline-moved`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  piperoll ask --ledger northmoor baseline-moved NM01 FY2023")]
pub(super) struct BaselineMoved {
    /// The measure's code or id.
    measure: String,
    /// The period whose figure is told, `FY2023`.
    period: Period,
}

impl BaselineMoved {
    pub(super) async fn put(self, put: Put<'_>) -> anyhow::Result<()> {
        let asked = baseline_moved::Asked { measure: self.measure, period: self.period };
        let reply = put.desk.baseline_moved(asked, put.when).await?;
        print(&reply, put.form, &BASELINE, baseline_cells, baseline_story)
    }
}

const DIFFERS: [&str; 9] =
    ["a_position", "a", "b_position", "b", "unit", "same_exact", "same_shown", "cause", "steps"];

fn differs_cells(row: &differs::Differs) -> Vec<String> {
    let steps = row.steps.iter().map(|step| step.position.to_string());
    vec![
        row.a.as_at.position.to_string(),
        number(row.a.exact),
        row.b.as_at.position.to_string(),
        number(row.b.exact),
        row.b.unit.clone().unwrap_or_default(),
        row.same_exact.to_string(),
        row.same_shown.to_string(),
        row.cause.as_ref().map(output::words).unwrap_or_default(),
        steps.collect::<Vec<_>>().join(" "),
    ]
}

fn differs_story(row: &differs::Differs) -> Vec<String> {
    let mut lines = vec![row.sentence.clone()];
    for told in [&row.a, &row.b] {
        let shown = told.shown.filter(|shown| told.exact != Some(*shown));
        let shown = shown.map(|shown| format!(", published as {shown}")).unwrap_or_default();
        let status = told.status.as_ref().map(|it| format!(", {}", output::words(it)));
        lines.push(format!(
            "  at position {}: {}{shown}{}",
            told.as_at.position,
            told.exact.map_or("no figure".to_owned(), |it| it.to_string()),
            status.unwrap_or_default(),
        ));
    }
    for step in &row.steps {
        let value = step.value.map(|value| format!(" {value}")).unwrap_or_default();
        let size = step.size.map(|size| format!(" (by {size})")).unwrap_or_default();
        let reason = step.reason.as_ref();
        let why = reason.map_or(String::new(), |it| format!(": {}", output::words(&it.code)));
        let text = reason.and_then(|it| it.text.as_ref()).map(|it| format!(", {it}"));
        lines.push(format!(
            "  position {}: {}{value}{size}{why}{}",
            step.position,
            output::words(&step.kind),
            text.unwrap_or_default(),
        ));
    }
    lines
}

const COMPARABLE: [&str; 11] = [
    "measure",
    "code",
    "a_period",
    "a",
    "b_period",
    "b",
    "verdict",
    "factor",
    "breaks",
    "a_definition",
    "b_definition",
];

fn comparable_cells(row: &comparable::Comparable) -> Vec<String> {
    let place = |figure: &comparable::Figure| {
        figure.definition.map(|it| it.to_string()).unwrap_or_default()
    };
    vec![
        row.measure.to_string(),
        row.code.clone(),
        row.a.period.to_string(),
        number(row.a.value),
        row.b.period.to_string(),
        number(row.b.value),
        output::words(&row.verdict),
        number(row.linked.as_ref().and_then(|linked| linked.factor)),
        row.breaks.iter().map(output::words).collect::<Vec<_>>().join(", "),
        place(&row.a),
        place(&row.b),
    ]
}

fn comparable_story(row: &comparable::Comparable) -> Vec<String> {
    let mut lines = vec![row.sentence.clone()];
    for figure in [&row.a, &row.b] {
        let value = figure.value.map_or("no figure".to_owned(), |it| it.to_string());
        let unit = figure.unit.as_ref().map(|unit| format!(" ({unit})")).unwrap_or_default();
        let under = figure.definition.map(|it| format!(", under the definition at {it}"));
        lines.push(format!("  {}: {value}{unit}{}", figure.period, under.unwrap_or_default()));
    }
    let differences = row.linked.iter().flat_map(|linked| &linked.differences);
    for it in differences {
        let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "not said".to_owned());
        let field = output::words(&it.field);
        lines.push(format!("  {field}: {} → {}", side(&it.old), side(&it.new)));
    }
    lines
}

const REPERFORMED: [&str; 12] = [
    "measure",
    "code",
    "period",
    "numerator",
    "denominator",
    "scale",
    "recomputed",
    "stored",
    "difference",
    "verdict",
    "why_not",
    "file",
];

fn reperformed_cells(row: &reperform::Reperformed) -> Vec<String> {
    vec![
        row.measure.to_string(),
        row.code.clone(),
        row.period.to_string(),
        number(row.numerator),
        number(row.denominator),
        number(row.scale),
        number(row.recomputed),
        number(row.stored),
        number(row.difference),
        output::words(&row.verdict),
        row.why_not.as_ref().map(output::words).unwrap_or_default(),
        row.file.as_ref().map(output::words).unwrap_or_default(),
    ]
}

fn reperformed_story(row: &reperform::Reperformed) -> Vec<String> {
    let why = row.why_not.as_ref().map(|it| format!(": {}", output::words(it)));
    let verdict = output::words(&row.verdict);
    let mut lines = vec![format!(
        "{}  {} for {}: {verdict}{}",
        row.code,
        row.title.en,
        row.period,
        why.unwrap_or_default(),
    )];
    if let (Some(over), Some(under)) = (row.numerator, row.denominator) {
        let scale = row.scale.map(|scale| format!(" × {scale}")).unwrap_or_default();
        let again = row.recomputed.map(|it| format!(" = {it}")).unwrap_or_default();
        lines.push(format!("  {over} ÷ {under}{scale}{again}"));
    }
    lines.extend(row.stored.map(|stored| format!("  held: {stored}")));
    for it in &row.dimensions {
        lines.push(format!(
            "  counted by {}: {} add up to {} of {}, {} left; {} without a number",
            it.dimension,
            super::count(it.cells, "cell"),
            it.sum,
            it.total,
            it.residual,
            it.missing
        ));
    }
    if let Some(reported) = &row.rating_as_reported {
        lines.push(format!("  reported by its publisher as {reported}"));
    }
    lines.extend(row.file.as_ref().map(|it| match it {
        reperform::Matching::Matches => {
            "  the file is the one that the figure came with".to_owned()
        }
        reperform::Matching::Differs => "  the file is not the one it came with".to_owned(),
    }));
    lines
}

const BASELINE: [&str; 14] = [
    "measure",
    "code",
    "period",
    "figure",
    "original_baseline",
    "current_baseline",
    "original_target",
    "current_target",
    "share_original_original",
    "share_original_current",
    "share_current_original",
    "share_current_current",
    "why_none",
    "versions",
];

fn baseline_cells(row: &baseline_moved::BaselineMoved) -> Vec<String> {
    let progress = row.progress.iter();
    let mut cells = vec![
        row.measure.to_string(),
        row.code.clone(),
        row.period.to_string(),
        number(row.value),
        number(row.progress.first().and_then(|it| it.baseline)),
        number(row.progress.last().and_then(|it| it.baseline)),
        number(row.progress.first().and_then(|it| it.target)),
        number(row.progress.last().and_then(|it| it.target)),
    ];
    cells.extend(progress.clone().map(|it| number(it.share)));
    cells.push(
        row.progress
            .last()
            .and_then(|it| it.why_none.as_ref())
            .map(output::words)
            .unwrap_or_default(),
    );
    cells.push(row.versions.len().to_string());
    cells
}

fn baseline_story(row: &baseline_moved::BaselineMoved) -> Vec<String> {
    let figure = row.value.map_or("no figure".to_owned(), |it| it.to_string());
    let mut lines = vec![format!("{}  {} for {}: {figure}", row.code, row.title.en, row.period)];
    for version in &row.versions {
        let baseline = &version.baseline;
        let old = version.old.map(|old| format!("{old} → ")).unwrap_or_default();
        let reason = version.reason.as_ref().map(|it| format!(": {}", output::words(&it.code)));
        lines.push(format!(
            "  position {}: {} {old}{} for {}{}",
            baseline.position,
            output::words(&baseline.standing),
            baseline.value,
            baseline.period,
            reason.unwrap_or_default(),
        ));
    }
    for it in &row.progress {
        let share = it.share.map(|share| share.to_string());
        let why = it.why_none.as_ref().map(output::words).unwrap_or_default();
        lines.push(format!(
            "  from the {} baseline to the {} target: {}",
            output::words(&it.from),
            output::words(&it.to),
            share.unwrap_or(why),
        ));
    }
    lines
}

fn number(quantity: Option<Quantity>) -> String {
    quantity.map(|it| it.to_string()).unwrap_or_default()
}
