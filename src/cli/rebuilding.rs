//! `piperoll projections rebuild`: how far it is, how it ends, and what remains when it is stopped.
//!
//! **Invariant:** standard output says what came of each read model, also of one that failed.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;
use piperoll_projections::Projection;
use piperoll_projections::runtime::rebuild::Stage;
use piperoll_projections::runtime::{
    Begun, Comparison, Old, Progress, Rebuilt, RuntimeError, Start, Verdict,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::{Ended, output};
use crate::operate::projecting::{self, How, Overseer};
use crate::operate::site::Site;

/// How often a log that nobody watches is told how far it is.
const TOLD_EVERY_S: u64 = 10;

pub(super) struct Rebuilding {
    pub(super) accept_differences: bool,
    pub(super) start: Start,
    pub(super) old: Old,
    pub(super) json: bool,
}

impl Rebuilding {
    pub(super) async fn run(
        &self,
        site: &Site,
        models: &[&'static dyn Projection],
    ) -> anyhow::Result<Ended> {
        let head = site.source().await?.stream.head().await?;
        let (mut terminated, mut interrupted) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (cancelling, cancel) = watch::channel(false);
        let telling = Telling {
            bar: output::progress(head.0, "events"),
            plain: !std::io::stderr().is_terminal() && !self.json,
            accept_differences: self.accept_differences,
            told: Mutex::default(),
        };
        let how = How { start: self.start, old: self.old, cancel };
        let work = projecting::rebuild(site, models, how, &telling);
        let each = {
            tokio::pin!(work);
            tokio::select! {
                each = &mut work => each?,
                _ = terminated.recv() => {
                    cancelling.send_replace(true);
                    work.await?
                }
                _ = interrupted.recv() => {
                    cancelling.send_replace(true);
                    work.await?
                }
            }
        };
        telling.bar.finish_and_clear();
        let mut ended = Ended::Fine;
        let mut shown = Vec::new();
        for (model, rebuilt) in each {
            let swapped = rebuilt.as_ref().is_ok_and(|rebuilt| rebuilt.swapped);
            if !swapped {
                ended = Ended::Finding;
            }
            match (rebuilt, self.json) {
                (rebuilt, true) => shown.push(as_json(model, rebuilt)?),
                (Ok(rebuilt), false) => show(model, &rebuilt)?,
                (Err(error), false) => {
                    output::line(format!("{}: {}", model.name(), whole(&error)))?;
                }
            }
        }
        // Of one read model its own words, as they were before there were several.
        match (self.json, shown.as_slice()) {
            (false, _) => {}
            (true, [one]) => output::json(one)?,
            (true, each) => output::json(&each)?,
        }
        Ok(ended)
    }
}

/// Tells whoever looks on.
struct Telling {
    bar: ProgressBar,
    plain: bool,
    accept_differences: bool,
    /// What was told last of each read model, and when.
    told: Mutex<BTreeMap<&'static str, (Stage, std::time::Instant)>>,
}

impl Overseer for Telling {
    fn begun(&self, model: &'static dyn Projection, begun: &Begun) {
        let name = model.name();
        match begun {
            Begun::Anew {} => {}
            Begun::Again { because } => output::remark(&format!(
                "{name}: a rebuild that was stopped can't be gone on with ({because}); it begins again"
            )),
            Begun::Resumed { after } => output::remark(&format!(
                "{name}: the rebuild that was stopped goes on after position {after}"
            )),
        }
    }

    fn progress(&self, model: &'static dyn Projection, at: Progress) {
        self.bar.set_position(at.position.0);
        if !self.plain {
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let last = told.get(model.name());
        let due = last.is_none_or(|(stage, when)| {
            *stage != at.stage || when.elapsed().as_secs() >= TOLD_EVERY_S
        });
        if due {
            told.insert(model.name(), (at.stage, std::time::Instant::now()));
            say(model, at);
        }
    }

    fn judge(&self, _: &'static dyn Projection, found: &Comparison) -> Verdict {
        if self.accept_differences || found.differences.is_empty() {
            Verdict::Swap
        } else {
            Verdict::Leave
        }
    }
}

fn say(model: &dyn Projection, at: Progress) {
    let stage = match at.stage {
        Stage::Loading => "loading",
        Stage::Indexing => "making indexes",
        Stage::Comparing => "comparing with the rows in use",
        Stage::Swapping => "swapping",
    };
    let left_s = at.left.map(|left| left.as_secs());
    tracing::info!(
        read_model = model.name(),
        position = at.position.0,
        head = at.head.0,
        rate = at.rate,
        left_s,
        stage
    );
}

fn as_json(
    model: &dyn Projection,
    rebuilt: Result<Rebuilt, RuntimeError>,
) -> anyhow::Result<serde_json::Value> {
    let mut shown = match rebuilt {
        Ok(rebuilt) => serde_json::to_value(rebuilt)?,
        Err(error) => serde_json::json!({ "swapped": false, "error": whole(&error) }),
    };
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("read_model".to_owned(), model.name().into());
    }
    Ok(shown)
}

/// An error with what it comes from.
fn whole(error: &RuntimeError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

fn show(model: &dyn Projection, rebuilt: &Rebuilt) -> anyhow::Result<()> {
    output::line(format!("{}: position {}", model.name(), rebuilt.position))?;
    match &rebuilt.comparison {
        Some(comparison) => show_comparison(comparison)?,
        None => output::line("there were no rows in use to compare with")?,
    }
    output::line(if rebuilt.swapped {
        format!(
            "swapped after {:.1} s of loading, {:.1} s of indexing and {:.1} s of comparing",
            rebuilt.loading.as_secs_f64(),
            rebuilt.indexing.as_secs_f64(),
            rebuilt.comparing.as_secs_f64()
        )
    } else {
        "not swapped: the rebuilt rows differ; look at them in the shadow schema, or \
         --accept-differences"
            .to_owned()
    })?;
    if rebuilt.swapped && rebuilt.comparison.is_some() {
        output::line(
            "the rows that were in use are put aside; `piperoll projections drop-old` drops them",
        )?;
    }
    Ok(())
}

fn show_comparison(found: &Comparison) -> anyhow::Result<()> {
    let rows = found.tables.iter().map(|(_, rows)| rows).sum::<u64>();
    output::line(format!(
        "compared with the rows in use at position {}: {} tables, {rows} rows, {} differ",
        found.position,
        found.tables.len(),
        found.differences.len()
    ))?;
    for difference in &found.differences {
        let count = |rows: Option<u64>| rows.map_or("no table".to_owned(), |n| n.to_string());
        output::line(format!(
            "  {}: in use {}, rebuilt {}",
            difference.table,
            count(difference.live),
            count(difference.rebuilt)
        ))?;
        for row in &difference.only_live {
            output::line(format!("    only in use: {row}"))?;
        }
        for row in &difference.only_rebuilt {
            output::line(format!("    only rebuilt: {row}"))?;
        }
    }
    Ok(())
}
