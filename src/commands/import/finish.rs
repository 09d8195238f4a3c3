//! All of a file is recorded: say what became of its rows.

use piperoll_events::EntityRef;
use piperoll_events::ids::ImportId;
use piperoll_events::import::Applied;

use super::{Import, Stage};
use crate::commands::{Command, Decision, Ground, Rejection};

/// End the application.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Finish {
    /// Which.
    pub import: ImportId,
    /// What became of the rows.
    pub fact: Applied,
}

impl Command for Finish {
    const NAME: &'static str = "import.finish";
    type Entity = Import;

    fn entity(&self) -> EntityRef {
        self.import.into()
    }

    fn decide(&self, import: &Import, _: &Ground<'_>) -> Result<Decision, Rejection> {
        if import.stage == Stage::Applied {
            return Ok(Decision::Unchanged);
        }
        import.running()?;
        let rows = self.fact.rows;
        let sum = [rows.recorded, rows.unchanged, rows.declared, rows.refused]
            .into_iter()
            .fold(0_u64, u64::saturating_add);
        if rows.read != sum {
            return Err(Rejection::RowsLost { read: rows.read, sum });
        }
        Ok(Decision::record(self.fact.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::import::examples::received;
    use crate::commands::spec::given;
    use piperoll_events::import::applied::RowCount;

    fn finish(read: u64) -> Finish {
        let rows = RowCount { read, recorded: 1, unchanged: 1, declared: 1, refused: 0 };
        Finish {
            import: ImportId::derived(&["x"]),
            fact: Applied { rows, events: 1, withdrawn: 0 },
        }
    }

    #[test]
    fn an_application_ends_when_every_row_is_accounted_for() {
        given([received().into()]).when(&finish(3)).then_recorded(finish(3).fact);
        given([received().into()]).when(&finish(4)).then_refused("rows_lost");
        given([received().into(), finish(3).fact.into()]).when(&finish(3)).then_unchanged();
        given([]).when(&finish(3)).then_refused("missing");
    }
}
