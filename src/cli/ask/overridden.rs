//! How an answer to `overridden` is printed.

use super::{Put, Within, judged, print};
use crate::asking::questions::overridden::{self, Asked};
use crate::cli::output;

/// `overridden`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  piperoll ask --ledger northmoor overridden --from 2024-01-01 --to 2024-12-31"
)]
pub(super) struct Overridden {
    #[command(flatten)]
    within: Within,
}

impl Overridden {
    pub(super) async fn put(self, put: Put<'_>) -> anyhow::Result<()> {
        let asked = Asked { between: self.within.between()? };
        let reply = put.desk.overridden(asked, put.when).await?;
        print(&reply, put.form, &HEADINGS, cells, story)
    }
}

const HEADINGS: [&str; 14] = [
    "class",
    "measure",
    "code",
    "period",
    "computed",
    "stated",
    "stated_is",
    "position",
    "post",
    "reason",
    "standing",
    "ended_by",
    judged::HEADINGS[0],
    judged::HEADINGS[1],
];

fn cells(row: &overridden::Overridden) -> Vec<String> {
    let mut cells = vec![
        output::words(&row.class),
        row.measure.to_string(),
        row.code.clone(),
        row.period.to_string(),
        output::rating(&row.computed),
        output::rating(&row.stated),
        output::words(&row.stated_is),
        row.position.to_string(),
        row.post.clone().unwrap_or_default(),
        row.reason.as_ref().map(|it| output::words(&it.code)).unwrap_or_default(),
        output::words(&row.standing),
        row.ended_by.map(|at| at.to_string()).unwrap_or_default(),
    ];
    cells.extend(judged::cells(row.judged.as_ref()));
    cells
}

fn story(row: &overridden::Overridden) -> Vec<String> {
    let (computed, stated) = (output::rating(&row.computed), output::rating(&row.stated));
    let by = match row.class {
        overridden::Class::Overridden => "stated",
        overridden::Class::ReportedDiffers => "reported by its publisher",
    };
    let which = output::words(&row.stated_is);
    let mut lines = vec![
        format!("{}  {} for {}", row.code, row.title.en, row.period),
        format!("  {computed} by the rule, {by} as {stated} ({which}), position {}", row.position),
    ];
    if let Some(post) = &row.post {
        lines.push(format!("  by {post}"));
    }
    if let Some(reason) = &row.reason {
        let text = reason.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        lines.push(format!("  {}{text}", output::words(&reason.code)));
    }
    let ended = row.ended_by.map(|at| format!(" by position {at}")).unwrap_or_default();
    lines.push(format!("  {}{ended}", output::words(&row.standing)));
    lines.extend(judged::lines(row.judged.as_ref()));
    lines
}
