//! How an answer to `turned-green` is printed.

use super::{Put, print};
use crate::asking::moment::Moment;
use crate::asking::questions::turned_green::{Asked, Cause, Include, Of, Side, Turned};
use crate::cli::output;

/// `turned-green`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  piperoll ask --ledger northmoor turned-green --a 2024-01-01 --b 2024-12-31"
)]
pub(super) struct TurnedGreen {
    /// The first moment: a date, an instant or a position.
    #[arg(long)]
    a: Moment,
    /// The second.
    #[arg(long)]
    b: Moment,
    /// What turned.
    #[arg(long, value_enum, default_value = "rating")]
    of: What,
    /// Count figures that were at risk, too.
    #[arg(long)]
    at_risk: bool,
}

/// What turned.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum What {
    /// The rating.
    Rating,
    /// Better or worse than a year before.
    Direction,
}

impl TurnedGreen {
    pub(super) async fn put(self, put: Put<'_>) -> anyhow::Result<()> {
        let of = match self.of {
            What::Rating => Of::Rating,
            What::Direction => Of::Direction,
        };
        let include = if self.at_risk { Include::AtRisk } else { Include::OffTrack };
        let asked = Asked { a: self.a, b: self.b, of, include };
        let reply = put.desk.turned_green(asked, put.when).await?;
        print(&reply, put.form, &HEADINGS, cells, story)
    }
}

const HEADINGS: [&str; 15] = [
    "measure",
    "code",
    "period",
    "a_figure",
    "a_target",
    "a_rating",
    "a_direction",
    "b_figure",
    "b_target",
    "b_rating",
    "b_direction",
    "cause",
    "changed",
    "sufficient",
    "because",
];

fn cells(row: &Turned) -> Vec<String> {
    let side = |side: &Side| {
        [
            side.value.map(|it| it.to_string()).unwrap_or_default(),
            side.target.map(|it| it.to_string()).unwrap_or_default(),
            output::rating(&side.rating),
            output::words(&side.long_direction),
        ]
    };
    let mut cells = vec![row.measure.to_string(), row.code.clone(), row.period.to_string()];
    cells.extend(side(&row.a));
    cells.extend(side(&row.b));
    cells.push(output::words(&row.cause));
    cells.push(row.changed.iter().map(output::words).collect::<Vec<_>>().join(", "));
    cells.push(row.sufficient.iter().map(output::words).collect::<Vec<_>>().join(", "));
    let because = row.because.iter().map(|it| it.position.to_string());
    cells.push(because.collect::<Vec<_>>().join(" "));
    cells
}

fn story(row: &Turned) -> Vec<String> {
    let told = |side: &Side| {
        let figure = side.value.map_or("no figure".to_owned(), |it| it.to_string());
        let target = side.target.map(|it| format!(" against {it}")).unwrap_or_default();
        format!("{figure}{target}, {}", output::rating(&side.rating))
    };
    let mut lines = vec![
        format!("{}  {} for {}", row.code, row.title.en, row.period),
        format!("  {} → {}", told(&row.a), told(&row.b)),
    ];
    let inputs: Vec<String> = row.sufficient.iter().map(output::words).collect();
    lines.push(match row.cause {
        Cause::Restated => "  the figure is counted in another way".to_owned(),
        Cause::Alone if inputs.len() > 1 => {
            format!("  any of these alone would do it: {}", inputs.join(", "))
        }
        Cause::Alone => format!("  the {} alone would do it", inputs.join(", ")),
        Cause::Joint => format!("  only together: {}", inputs.join(", ")),
    });
    for it in &row.because {
        let reason = it.reason.as_ref();
        let why = reason.map_or(String::new(), |it| format!(": {}", output::words(&it.code)));
        let text = reason.and_then(|it| it.text.as_ref()).map(|it| format!(", {it}"));
        lines.push(format!("  position {}{why}{}", it.position, text.unwrap_or_default()));
    }
    lines
}
