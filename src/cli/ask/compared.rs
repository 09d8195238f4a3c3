//! How an answer to `changes` is printed.

use super::{Put, print};
use crate::asking::moment::Moment;
use crate::asking::questions::changes::{Asked, Changed, Told};
use crate::cli::output;

/// `changes`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  piperoll ask --ledger northmoor changes --from 2022-06-01 --to 2022-09-01"
)]
pub(super) struct Changes {
    /// The first moment: a date, an instant or a position.
    #[arg(long)]
    from: Moment,
    /// The second.
    #[arg(long)]
    to: Moment,
}

impl Changes {
    pub(super) async fn put(self, put: Put<'_>) -> anyhow::Result<()> {
        let asked = Asked { from: self.from, to: self.to };
        let reply = put.desk.changes(asked, put.when).await?;
        print(&reply, put.form, &HEADINGS, cells, story)
    }
}

const HEADINGS: [&str; 11] = [
    "measure", "code", "period", "a_figure", "a_target", "a_rating", "b_figure", "b_target",
    "b_rating", "differs", "because",
];

fn cells(row: &Changed) -> Vec<String> {
    let told = |told: Option<&Told>| {
        [
            told.and_then(|it| it.value).map(|it| it.to_string()).unwrap_or_default(),
            told.and_then(aimed).unwrap_or_default(),
            told.map(|it| output::rating(&it.rating)).unwrap_or_default(),
        ]
    };
    let mut cells = vec![row.measure.to_string(), row.code.clone(), row.period.to_string()];
    cells.extend(told(row.a.as_ref()));
    cells.extend(told(Some(&row.b)));
    cells.push(row.differs.iter().map(output::words).collect::<Vec<_>>().join(", "));
    let because = row.because.iter().map(|it| it.position.to_string());
    cells.push(because.collect::<Vec<_>>().join(" "));
    cells
}

fn story(row: &Changed) -> Vec<String> {
    let told = |told: &Told| {
        let figure = told.value.map_or("no figure".to_owned(), |it| it.to_string());
        let unit = told.unit.as_ref().filter(|_| told.value.is_some());
        let unit = unit.map(|unit| format!(" ({unit})")).unwrap_or_default();
        let target = aimed(told).map(|it| format!(" against {it}")).unwrap_or_default();
        format!("{figure}{unit}{target}, {}", output::rating(&told.rating))
    };
    let then = row.a.as_ref().map_or("not there".to_owned(), told);
    let mut lines = vec![
        format!("{}  {} for {}", row.code, row.title.en, row.period),
        format!("  {then} → {}", told(&row.b)),
    ];
    for it in &row.because {
        let what = it.happened.as_deref().unwrap_or("the figure");
        let reason = it.reason.as_ref();
        let why = reason.map_or(String::new(), |it| format!(": {}", output::words(&it.code)));
        let text = reason.and_then(|it| it.text.as_ref()).map(|it| format!(", {it}"));
        lines.push(format!("  position {}, {what}{why}{}", it.position, text.unwrap_or_default()));
    }
    lines
}

/// What was aimed at, a band with both ends.
fn aimed(told: &Told) -> Option<String> {
    let at = told.target?;
    Some(told.target_to.map_or_else(|| at.to_string(), |to| format!("{at} to {to}")))
}
