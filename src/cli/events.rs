//! `piperoll events`: what stands in a ledger, event by event.

use clap::{Parser, Subcommand};
use piperoll_events::ids::LedgerName;
use piperoll_events::{EntityKind, EntityRef, Event, Position};
use piperoll_projections::{Outcome, Placed};
use serde_json::{Value, json};

use super::{Ended, output, stopped};
use crate::config::Config;
use crate::ledger::Until;
use crate::operate::site::{Site, Source};

/// Lists, shows and follows the events of a ledger.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  piperoll events list --ledger northmoor --limit 20")]
pub struct Args {
    #[command(subcommand)]
    command: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists events in order.
    #[command(
        after_help = "Examples:\n  piperoll events list --ledger northmoor --type measure.target_changed\n  piperoll events list --ledger northmoor --from 100 --limit 20 --json"
    )]
    List {
        #[command(flatten)]
        which: Which,
        /// The first position.
        #[arg(long, default_value_t = 1)]
        from: u64,
        /// The most events.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Shows one event, byte for byte, with its headers.
    #[command(after_help = "Example:\n  piperoll events show --ledger northmoor 42")]
    Show {
        /// The ledger.
        #[arg(long)]
        ledger: LedgerName,
        /// The position.
        position: u64,
        /// As JSON, the body as text inside it.
        #[arg(long)]
        json: bool,
    },
    /// Shows the last events and then each as it is recorded, until stopped.
    #[command(after_help = "Example:\n  piperoll events tail --ledger northmoor --last 5")]
    Tail {
        #[command(flatten)]
        which: Which,
        /// How many of those that stand already.
        #[arg(long, default_value_t = 10)]
        last: u64,
    },
}

/// Which events.
#[derive(Debug, clap::Args)]
struct Which {
    /// The ledger.
    #[arg(long)]
    ledger: LedgerName,
    /// Only this entity, `measure/0f…`, or all of a kind, `measure`.
    #[arg(long)]
    entity: Option<String>,
    /// Only this type; `measure.adopted` is short for `piperoll.measure.adopted.v1`.
    #[arg(long = "type")]
    event_type: Option<String>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, config: &Config) -> anyhow::Result<Ended> {
    match args.command {
        What::List { which, from, limit } => {
            let source = Site::new(config, &which.ledger).source().await?;
            let filter = Filter::of(&which)?;
            let cursor = Position(from.saturating_sub(1));
            filter.print(&source, cursor, Until::Head, limit, which.json).await
        }
        What::Tail { which, last } => {
            let source = Site::new(config, &which.ledger).source().await?;
            let filter = Filter::of(&which)?;
            let head = source.stream.head().await?;
            let cursor = Position(head.0.saturating_sub(last));
            let printing = filter.print(&source, cursor, Until::Dropped, usize::MAX, which.json);
            let stop = stopped::stopped()?;
            tokio::select! {
                ended = printing => ended,
                () = stop => Ok(Ended::Fine),
            }
        }
        What::Show { ledger, position, json } => {
            let source = Site::new(config, &ledger).source().await?;
            show(&source, Position(position), json).await
        }
    }
}

struct Filter {
    kind: Option<EntityKind>,
    entity: Option<EntityRef>,
    event_type: Option<String>,
}

impl Filter {
    fn of(which: &Which) -> anyhow::Result<Self> {
        let mut filter = Self { kind: None, entity: None, event_type: None };
        if let Some(text) = &which.entity {
            filter.kind = EntityKind::find(text);
            filter.entity = EntityRef::parse(text);
            if filter.kind.is_none() && filter.entity.is_none() {
                anyhow::bail!("`{text}` is no entity; write `measure` or `measure/` and its id");
            }
        }
        filter.event_type = which.event_type.as_ref().map(|text| {
            if text.starts_with("piperoll.") { text.clone() } else { format!("piperoll.{text}.v1") }
        });
        if let Some(wanted) = &filter.event_type
            && !piperoll_events::schemas().iter().any(|event| event.event_type == wanted)
        {
            anyhow::bail!("there is no event of type `{wanted}`; `piperoll schema` lists them");
        }
        Ok(filter)
    }

    fn lets(&self, placed: &Placed) -> bool {
        let entity = placed.entity;
        let event_type = match &placed.outcome {
            Outcome::Event(event) => Some(event.fact.event_type()),
            Outcome::Reject(..) => None,
        };
        self.kind.is_none_or(|kind| entity.is_some_and(|entity| entity.kind == kind))
            && self.entity.is_none_or(|wanted| entity == Some(wanted))
            && self.event_type.as_deref().is_none_or(|wanted| event_type == Some(wanted))
    }

    async fn print(
        &self,
        source: &Source,
        cursor: Position,
        until: Until,
        limit: usize,
        json: bool,
    ) -> anyhow::Result<Ended> {
        let mut following = source.follow(cursor, until);
        let mut printed = 0_usize;
        while let Some(batch) = following.next().await {
            for placed in batch?.iter().filter(|placed| self.lets(placed)) {
                if printed >= limit {
                    if !json {
                        output::line(format!("… more from {}", placed.position))?;
                    }
                    return Ok(Ended::Fine);
                }
                printed = printed.saturating_add(1);
                // What a forged message holds can't begin a line of its own.
                let plain = || as_line(placed).replace('\n', "\u{FFFD}");
                output::line(if json { as_json(placed)?.to_string() } else { plain() })?;
            }
        }
        if printed == 0 && !json {
            output::line("no such events")?;
        }
        Ok(Ended::Fine)
    }
}

fn as_line(placed: &Placed) -> String {
    match &placed.outcome {
        Outcome::Event(event) => {
            let known = event.record.asserted.as_ref().and_then(|asserted| asserted.known_at);
            let when = known.unwrap_or(event.time).format("%Y-%m-%d %H:%M:%S");
            let how = if event.record.asserted.is_some() { "asserted" } else { "witnessed" };
            let short = event.fact.event_type().trim_start_matches("piperoll.");
            let short = short.trim_end_matches(".v1");
            format!("{:>7}  {when}  {how:<9}  {short:<32}  {}", placed.position, event.entity)
        }
        Outcome::Reject(reason, detail) => {
            format!("{:>7}  REJECTED ({reason}): {detail}", placed.position)
        }
    }
}

fn as_json(placed: &Placed) -> anyhow::Result<Value> {
    Ok(match &placed.outcome {
        Outcome::Event(event) => {
            json!({ "position": placed.position, "event": body(event)? })
        }
        Outcome::Reject(reason, detail) => {
            json!({ "position": placed.position, "reject": reason.as_str(), "detail": detail })
        }
    })
}

fn body(event: &Event) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(&event.encode()?)?)
}

async fn show(source: &Source, position: Position, json: bool) -> anyhow::Result<Ended> {
    let Some(stored) = source.stream.find(position).await? else {
        anyhow::bail!(
            "nothing stands at {position}; the last position is {}",
            source.stream.head().await?
        );
    };
    let text = String::from_utf8_lossy(&stored.body);
    if json {
        output::json(&json!({
            "position": position,
            "subject": stored.subject,
            "headers": {
                "Piperoll-Type": stored.event_type,
                "Piperoll-Mac": stored.mac,
                "Piperoll-Signature": stored.signature,
            },
            "body": text,
        }))?;
        return Ok(Ended::Fine);
    }
    output::line(format!("position   {position}"))?;
    output::line(format!("subject    {}", stored.subject))?;
    for (name, value) in
        [("type", &stored.event_type), ("mac", &stored.mac), ("signature", &stored.signature)]
    {
        output::line(format!("{name:<9}  {}", value.as_deref().unwrap_or("none")))?;
    }
    match serde_json::from_slice::<Value>(&stored.body) {
        Ok(value) => output::line(serde_json::to_string_pretty(&value)?)?,
        Err(_) => output::line(text)?,
    }
    Ok(Ended::Fine)
}
