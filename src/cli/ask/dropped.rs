//! How an answer to `measures-dropped` is printed.

use super::{Put, Within, print};
use crate::asking::questions::dropped::{Asked, Dropped, Include};
use crate::cli::output;

/// `measures-dropped`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  piperoll ask --ledger northmoor measures-dropped --from 2024-01-01 --to 2024-12-31 --silent"
)]
pub(super) struct MeasuresDropped {
    #[command(flatten)]
    within: Within,
    /// List measures in use, too, for which two periods or more are over without a word.
    #[arg(long)]
    silent: bool,
    /// List measures, too, that got another code.
    #[arg(long)]
    renumbered: bool,
}

impl MeasuresDropped {
    pub(super) async fn put(self, put: Put<'_>) -> anyhow::Result<()> {
        let include = match (self.silent, self.renumbered) {
            (true, true) => Include::SilentAndRenumbered,
            (true, false) => Include::Silent,
            (false, true) => Include::Renumbered,
            (false, false) => Include::Nothing,
        };
        let asked = Asked { between: self.within.span()?, include };
        let reply = put.desk.measures_dropped(asked, put.when).await?;
        print(&reply, put.form, &HEADINGS, cells, story)
    }
}

const HEADINGS: [&str; 18] = [
    "position",
    "known_at",
    "measure",
    "code",
    "drop",
    "from",
    "to",
    "in_force_from",
    "last_period",
    "last_figure",
    "unit",
    "rating",
    "was_off_track",
    "off_track_periods",
    "no_figure",
    "replaced_by",
    "reason",
    "reinstated_at",
];

fn cells(row: &Dropped) -> Vec<String> {
    let before = &row.before;
    vec![
        row.position.to_string(),
        row.known_at.map(piperoll_events::envelope::micros).unwrap_or_default(),
        row.measure.to_string(),
        row.code.clone(),
        output::words(&row.drop),
        row.from.clone().unwrap_or_default(),
        row.to.clone().unwrap_or_default(),
        row.in_force_from.map(|day| day.to_string()).unwrap_or_default(),
        before.period.map(|period| period.to_string()).unwrap_or_default(),
        before.figure.map(|figure| figure.to_string()).unwrap_or_default(),
        before.unit.clone().unwrap_or_default(),
        output::rating(&before.rating),
        before.was_off_track.map(|it| it.to_string()).unwrap_or_default(),
        before.off_track_periods.to_string(),
        before.no_figure.as_ref().map(output::words).unwrap_or_default(),
        row.replaced_by.map(|measure| measure.to_string()).unwrap_or_default(),
        row.reason.as_ref().map(|it| output::words(&it.code)).unwrap_or_default(),
        row.reinstated_at.map(|at| at.to_string()).unwrap_or_default(),
    ]
}

fn story(row: &Dropped) -> Vec<String> {
    let before = &row.before;
    let sides = match (&row.from, &row.to) {
        (Some(from), Some(to)) => format!(" {from} → {to}").replace('_', " "),
        (Some(from), None) => format!(" {from} → none"),
        _ => String::new(),
    };
    let day = row.in_force_from.map(|day| format!(", from {day} on")).unwrap_or_default();
    let drop = output::words(&row.drop);
    let mut lines = vec![
        format!("{}  {}: {drop}{sides}{day}", row.code, row.title.en),
        format!("  position {}{}", row.position, if row.asserted { ", asserted" } else { "" }),
    ];
    let rated = output::rating(&before.rating);
    lines.push(match (before.figure, before.period) {
        (Some(figure), Some(period)) => {
            format!("  last figure: {figure} for {period}, rated {rated} just before")
        }
        _ => "  there never was a figure".to_owned(),
    });
    if before.was_off_track == Some(true) {
        let periods = super::count(before.off_track_periods, "period");
        lines.push(format!("  off track for {periods} in a row"));
    }
    if let Some(why) = &before.no_figure {
        lines.push(format!("  no figure for its last period: {}", output::words(why)));
    }
    if let Some(reason) = &row.reason {
        let text = reason.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        lines.push(format!("  reason: {}{text}", output::words(&reason.code)));
    }
    lines.extend(row.replaced_by.map(|it| format!("  replaced by {it}")));
    lines.extend(row.reinstated_at.map(|it| format!("  taken up again at position {it}")));
    lines
}
