//! How changes of targets are printed, those made easier among them.

use piperoll_events::ease::Ease;
use piperoll_events::target::Level;
use piperoll_events::{Period, Target};
use piperoll_projections::score::{Known, Rating};

use super::{Put, Within, judged, print};
use crate::asking::questions::made_easier::{self, Easier, Owner};
use crate::asking::questions::retargeting::Retargeting;
use crate::asking::questions::who_changed;
use crate::cli::output;

/// `who-changed-target`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  piperoll ask --ledger northmoor who-changed-target NM02")]
pub(super) struct WhoChanged {
    /// The measure's code or id.
    measure: String,
    /// The target for this period alone, `FY2023-Q3`.
    #[arg(long)]
    period: Option<Period>,
    #[command(flatten)]
    within: Within,
}

impl WhoChanged {
    pub(super) async fn put(self, put: Put<'_>) -> anyhow::Result<()> {
        let between = self.within.between()?;
        let asked = who_changed::Asked {
            period: self.period,
            between,
            ..who_changed::Asked::of(&self.measure)
        };
        let reply = put.desk.who_changed_target(asked, put.when).await?;
        print(&reply, put.form, &HEADINGS, cells, story)
    }
}

/// `targets-made-easier`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  piperoll ask --ledger northmoor targets-made-easier --from 2024-01-01 --to 2024-12-31"
)]
pub(super) struct MadeEasier {
    #[command(flatten)]
    within: Within,
}

impl MadeEasier {
    pub(super) async fn put(self, put: Put<'_>) -> anyhow::Result<()> {
        let asked = made_easier::Asked { between: self.within.span()? };
        let reply = put.desk.targets_made_easier(asked, put.when).await?;
        let headings = [&HEADINGS[..], &EASIER[..]].concat();
        print(&reply, put.form, &headings, easier_cells, easier_story)
    }
}

const HEADINGS: [&str; 26] = [
    "position",
    "known_at",
    "measure",
    "code",
    "period",
    "breakdown",
    "tier",
    "happened",
    "old",
    "new",
    "unit",
    "ease",
    "year_on_year",
    "timing",
    "known_period",
    "known_actual",
    "rating_before",
    "rating_after",
    "reason",
    "reason_text",
    "authority",
    "post",
    "actor",
    "asserted",
    judged::HEADINGS[0],
    judged::HEADINGS[1],
];

const EASIER: [&str; 6] =
    ["bases", "difference", "percent_of_old", "became_met", "restored_at", "owners"];

fn cells(row: &Retargeting) -> Vec<String> {
    let known = row.known_actual.as_ref();
    let act = row.act.as_ref();
    let mut cells = vec![
        row.position.to_string(),
        row.known_at.map(piperoll_events::envelope::micros).unwrap_or_default(),
        row.measure.to_string(),
        row.code.clone(),
        row.key.period.to_string(),
        row.key.breakdown.to_string(),
        output::words(&row.key.tier),
        output::words(&row.happened),
        row.old.as_ref().map(aim).unwrap_or_default(),
        row.new.as_ref().map(aim).unwrap_or_default(),
        row.unit.clone().unwrap_or_default(),
        output::words(&row.ease),
        row.year_on_year.map(|compared| output::words(&compared.ease)).unwrap_or_default(),
        output::words(&row.timing),
        known.map(|known| known.said.period.to_string()).unwrap_or_default(),
        known.map(|known| known.said.value.to_string()).unwrap_or_default(),
        rating(row.rating_before.as_ref()),
        rating(row.rating_after.as_ref()),
        output::words(&row.reason.code),
        row.reason.text.as_ref().map(ToString::to_string).unwrap_or_default(),
        row.authority.as_ref().map(authority).unwrap_or_default(),
        act.and_then(|act| act.post.clone()).unwrap_or_default(),
        act.map(|act| act.actor.to_string()).unwrap_or_default(),
        if row.asserted { "yes" } else { "no" }.to_owned(),
    ];
    cells.extend(judged::cells(act.and_then(|act| act.judged.as_ref())));
    cells
}

fn easier_cells(row: &Easier) -> Vec<String> {
    let bases: Vec<String> = row.bases.iter().map(output::words).collect();
    let more = [
        bases.join(" and "),
        row.difference.map(|by| by.to_string()).unwrap_or_default(),
        row.percent_of_old.map(|share| share.to_string()).unwrap_or_default(),
        row.became_met.map(|met| if met { "yes" } else { "no" }.to_owned()).unwrap_or_default(),
        row.restored_at.map(|at| at.to_string()).unwrap_or_default(),
        owners(row),
    ];
    let mut all = cells(&row.change);
    all.extend(more);
    all
}

/// A change told line by line.
fn story(row: &Retargeting) -> Vec<String> {
    let when = row.known_at.map_or("an unknown day".to_owned(), |at| {
        at.with_timezone(&chrono_tz::Europe::London).format("%-d %B %Y %H:%M").to_string()
    });
    let mut lines = vec![format!(
        "{}  {} for {}: {}{}",
        row.code,
        row.title.en,
        row.key.period,
        became(row),
        row.unit.as_ref().map(|unit| format!(" ({unit})")).unwrap_or_default(),
    )];
    let how = if row.asserted { "asserted by a file for" } else { "recorded on" };
    let by = row.act.as_ref().and_then(|act| act.post.clone());
    let by = by.map(|post| format!(" by {post}")).unwrap_or_default();
    lines.push(format!("  {how} {when}{by}, position {}", row.position));
    let mut judged: Vec<String> = Vec::new();
    judged.extend(row.ease.map(|ease| output::words(&ease)));
    judged.extend(row.year_on_year.map(|compared| {
        let word = output::words(&compared.ease);
        match compared.ease {
            Ease::Easier | Ease::Harder => format!("{word} than for {}", compared.period),
            _ => format!("{word} against {}", compared.period),
        }
    }));
    judged.extend(row.timing.map(|timing| output::words(&timing)));
    lines.push(format!("  {}", judged.join("; ")));
    lines.push(format!("  {}", known(row.known_actual.as_ref(), row)));
    let text = row.reason.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let why = output::words(&row.reason.code);
    let why = if why == "none recorded" { "reason: none recorded".to_owned() } else { why };
    lines.push(format!("  {why}{text}"));
    if let Some(given) = &row.authority {
        lines.push(format!("  authority: {}", authority(given)));
    }
    lines.extend(judged::lines(row.act.as_ref().and_then(|act| act.judged.as_ref())));
    lines
}

fn easier_story(row: &Easier) -> Vec<String> {
    let mut lines = story(&row.change);
    if let Some(share) = row.percent_of_old {
        let by = row.difference.map(|by| by.to_string()).unwrap_or_default();
        lines.push(format!("  {by} ({share} % of the old target)"));
    }
    if row.became_met == Some(true) {
        lines.push("  what was known missed the old target and meets the new one".to_owned());
    }
    if let Some(at) = row.restored_at {
        lines.push(format!("  put back at position {at}"));
    }
    let owners = owners(row);
    let owners = if owners.is_empty() { "nobody" } else { &owners };
    lines.push(format!("  answers for the measure: {owners}"));
    lines
}

fn owners(row: &Easier) -> String {
    row.owners.iter().map(Owner::name).collect::<Vec<_>>().join(" and ")
}

fn became(row: &Retargeting) -> String {
    let old = row.old.as_ref().map_or("none".to_owned(), aim);
    let new = row.new.as_ref().map_or("none".to_owned(), aim);
    format!("{} {old} → {new}", output::words(&row.happened))
}

fn known(known: Option<&Known>, row: &Retargeting) -> String {
    let Some(known) = known else { return "nothing was known of it then".to_owned() };
    let (before, after) = (rating(row.rating_before.as_ref()), rating(row.rating_after.as_ref()));
    let rated = if before.is_empty() && after.is_empty() {
        String::new()
    } else {
        format!(": {before} before, {after} after")
    };
    format!("known then: {} for {}{rated}", known.said.value, known.said.period)
}

/// What a target aims at, on one line.
fn aim(target: &Target) -> String {
    let level = |level: Level| match level.to {
        Some(to) => format!("{} to {to}", level.at),
        None => level.at.to_string(),
    };
    let points = target.points.iter().map(|it| format!("{} {}", it.period, level(it.level)));
    let words = target.words.iter().map(|words| format!("“{words}”"));
    let parts: Vec<String> =
        target.level.map(level).into_iter().chain(points).chain(words).collect();
    parts.join(", ")
}

fn rating(rating: Option<&Rating>) -> String {
    rating.map(output::rating).unwrap_or_default()
}

fn authority(authority: &piperoll_events::Authority) -> String {
    let mut parts = vec![output::words(&authority.kind)];
    parts.extend(authority.body.iter().map(|body| format!("of {body}")));
    parts.extend(authority.decided_on.map(|day| format!("on {day}")));
    parts.extend(authority.resolution.as_ref().map(output::words));
    parts.extend(authority.item.iter().map(|item| format!("item {item}")));
    parts.extend(authority.reference.iter().map(ToString::to_string));
    parts.push(format!("({})", output::words(&authority.state)));
    parts.join(" ")
}
