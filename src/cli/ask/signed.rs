//! How an answer to `signed-by` is printed.

use piperoll_events::{Period, Position};

use super::{Put, judged, print};
use crate::asking::questions::signed_by::{self, Signed};
use crate::cli::output;

/// `signed-by`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  piperoll ask --ledger northmoor signed-by NM09 FY2023-Q3")]
pub(super) struct SignedBy {
    /// The measure's code or id.
    measure: String,
    /// The period, `FY2023-Q3`.
    period: Period,
}

impl SignedBy {
    pub(super) async fn put(self, put: Put<'_>) -> anyhow::Result<()> {
        let asked = signed_by::Asked { measure: self.measure, period: self.period };
        let reply = put.desk.signed_by(asked, put.when).await?;
        print(&reply, put.form, &HEADINGS, cells, story)
    }
}

const HEADINGS: [&str; 12] = [
    "stage",
    "scope",
    "state",
    "post",
    "position",
    "covers",
    "rating",
    "ended_by",
    "person",
    "changed_after",
    judged::HEADINGS[0],
    judged::HEADINGS[1],
];

fn cells(row: &Signed) -> Vec<String> {
    let list = |positions: &mut dyn Iterator<Item = Position>| {
        positions.map(|position| position.to_string()).collect::<Vec<_>>().join(" ")
    };
    let post = row.post_title.as_ref().map(|title| title.en.to_string());
    let mut cells = vec![
        row.stage.to_string(),
        row.scope.iter().map(output::words).collect::<Vec<_>>().join(" "),
        output::words(&row.state),
        post.or_else(|| row.post.map(|post| post.to_string())).unwrap_or_default(),
        row.position.map(|position| position.to_string()).unwrap_or_default(),
        list(&mut row.covers.iter().map(|covered| covered.position)),
        row.rating.clone().unwrap_or_default(),
        row.ended_by.map(|position| position.to_string()).unwrap_or_default(),
        row.person.map(|person| person.to_string()).unwrap_or_default(),
        list(&mut row.changed_after.iter().map(|touch| touch.position)),
    ];
    cells.extend(judged::cells(row.judged.as_ref()));
    cells
}

/// A stage told line by line.
fn story(row: &Signed) -> Vec<String> {
    let title = row.title.as_ref().map_or_else(|| row.stage.to_string(), |it| it.en.to_string());
    let scope = row.scope.iter().map(output::words).collect::<Vec<_>>().join(" and ");
    let mut lines = vec![format!("{title} ({scope}): {}", output::words(&row.state))];
    let Some(position) = row.position else { return lines };
    let post = row.post_title.as_ref().map_or("a post".to_owned(), |it| it.en.to_string());
    let shown = row.rating.as_ref().map(|rating| format!(", shown as {rating}"));
    let covers: Vec<String> = row.covers.iter().map(|it| it.position.to_string()).collect();
    lines.push(format!("  by {post} at position {position}{}", shown.unwrap_or_default()));
    if !covers.is_empty() {
        lines.push(format!("  covers the versions at {}", covers.join(", ")));
    }
    if let Some(by) = row.ended_by {
        lines.push(format!("  {} by position {by}", output::words(&row.state)));
    }
    for touch in &row.changed_after {
        let (kind, position) = (output::words(&touch.kind), touch.position);
        let within = if row.scope.contains(&touch.scope) { "not covered" } else { "out of scope" };
        lines.push(format!("  changed since: {kind} at position {position}, {within}"));
    }
    lines.extend(judged::lines(row.judged.as_ref()));
    lines
}
