//! How an answer to `accountable-on` is printed.

use chrono::NaiveDate;
use piperoll_projections::accountability::duties::Days;

use super::{Put, print};
use crate::asking::questions::accountable_on::{self, Answerable};
use crate::cli::output;

/// `accountable-on`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  piperoll ask --ledger northmoor accountable-on NM09 2024-06-01"
)]
pub(super) struct AccountableOn {
    /// The measure's code or id.
    measure: String,
    /// The day, `2024-06-01`.
    on: NaiveDate,
}

impl AccountableOn {
    pub(super) async fn put(self, put: Put<'_>) -> anyhow::Result<()> {
        let asked = accountable_on::Asked { measure: self.measure, on: self.on };
        let reply = put.desk.accountable_on(asked, put.when).await?;
        print(&reply, put.form, &HEADINGS, cells, story)
    }
}

const HEADINGS: [&str; 10] = [
    "duty",
    "post",
    "organisation",
    "from",
    "until",
    "holder",
    "basis",
    "holder_from",
    "holder_until",
    "nobody_since",
];

fn cells(row: &Answerable) -> Vec<String> {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let post = row.post_title.as_ref().map(|title| title.en.to_string());
    let (duty, holder) = (row.duty_days, row.holder_days);
    vec![
        output::words(&row.duty),
        post.or_else(|| row.post.map(|post| post.to_string())).unwrap_or_default(),
        row.organisation.clone().unwrap_or_default(),
        day(duty.map(|days| days.from)),
        day(duty.and_then(|days| days.until)),
        row.holder.map(|holder| holder.to_string()).unwrap_or_default(),
        row.basis.as_ref().map(output::words).unwrap_or_default(),
        day(holder.map(|days| days.from)),
        day(holder.and_then(|days| days.until)),
        day(row.nobody_since),
    ]
}

fn story(row: &Answerable) -> Vec<String> {
    let title = row.post_title.as_ref().map(|title| title.en.to_string());
    let who = title.or_else(|| row.organisation.clone());
    let gap = row.nobody_since.map_or(String::new(), |since| format!(", since {since}"));
    let Some(who) = who.or_else(|| row.post.map(|_| "a post without a name".to_owned())) else {
        return vec![format!("{}: nobody{gap}", output::words(&row.duty))];
    };
    let span = |days: Days| match days.until {
        Some(until) => format!("from {} until {until}", days.from),
        None => format!("from {}", days.from),
    };
    let duty = row.duty_days.map(span).unwrap_or_default();
    let mut lines = vec![format!("{}: {who}, {duty}", output::words(&row.duty))];
    match (row.holder, row.basis, row.holder_days) {
        (Some(holder), Some(basis), Some(days)) => {
            lines.push(format!("  held by {holder}, {}, {}", output::words(&basis), span(days)));
        }
        _ if row.post.is_some() => lines.push(format!("  held by nobody{gap}")),
        _ => {}
    }
    if row.recorded_late == Some(true) {
        lines.push("  recorded after its first day".to_owned());
    }
    lines
}
