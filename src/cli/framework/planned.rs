//! What a file would change, printed section by section.

use piperoll_events::comparability::Comparability;
use piperoll_events::text::Digest;

use super::super::{Ended, output};
use crate::moving::framework::amend::Ready;
use crate::moving::framework::change::Change;

/// Prints it.
pub(super) fn print(ready: &Ready, digest: Digest, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&serde_json::json!({
            "framework": ready.framework,
            "file_digest": digest,
            "changes": ready.changes,
        }));
    }
    if ready.changes.is_empty() {
        output::line("nothing would change: what the file states is in force")?;
        return Ok(());
    }
    for group in ready.changes.chunk_by(|one, next| one.section == next.section) {
        let rows: Vec<Vec<String>> = group.iter().flat_map(rows).collect();
        let section = group.first().map_or("", |change| change.section).replace('_', " ");
        output::table(&[&section, "what", "was", "would be", "and so"], &rows)?;
        output::line("")?;
    }
    let refused: Vec<&Change> = ready.refused().collect();
    for change in &refused {
        let because = change.refused.as_ref().map_or("", |it| it.because.as_str());
        let named = format!("{} {}", change.section, change.code);
        output::line(format!("{}: refused: {because}", named.trim_end()))?;
    }
    output::line(format!("{} changes, {} of them refused", ready.changes.len(), refused.len()))?;
    Ok(())
}

/// A refusal is a finding.
pub(super) fn ended(ready: &Ready) -> Ended {
    if ready.refused().next().is_some() { Ended::Finding } else { Ended::Fine }
}

fn rows(change: &Change) -> Vec<Vec<String>> {
    let happens = change.event.split_once('.').map_or("", |(_, what)| what).replace('_', " ");
    let mut notes = notes(change);
    if change.fields.is_empty() {
        let row = vec![change.code.clone(), happens, String::new(), String::new(), notes];
        return vec![row];
    }
    let fields = change.fields.iter().map(|field| {
        vec![
            change.code.clone(),
            if change.fields.iter().any(|it| it.old.is_some()) {
                field.name.clone()
            } else {
                format!("{happens}: {}", field.name)
            },
            field.old.clone().unwrap_or_default(),
            field.new.clone().unwrap_or_default(),
            std::mem::take(&mut notes),
        ]
    });
    fields.collect()
}

/// What follows from a change, in a few words.
fn notes(change: &Change) -> String {
    let mut notes = Vec::new();
    if let Some(does) = &change.definition {
        let comparable = match does.comparability {
            Comparability::Same {} => "figures stay comparable".to_owned(),
            Comparability::SameAfterFactor { factor } => format!("comparable after × {factor}"),
            Comparability::Broken {} => "not comparable with figures before".to_owned(),
        };
        notes.push(format!("{}, {comparable}", output::words(&does.class)));
    }
    notes.extend(change.ease.map(|ease| output::words(&ease)));
    notes.extend(change.refused.as_ref().map(|it| format!("refused: {}", it.code)));
    notes.join("; ")
}
