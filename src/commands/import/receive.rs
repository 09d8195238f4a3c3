//! Begin to apply a file that has passed its checks.

use piperoll_events::EntityRef;
use piperoll_events::ids::ImportId;
use piperoll_events::import::Received;

use super::Import;
use crate::commands::{Command, Decision, Ground, Rejection};

/// Receive the file.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Receive {
    /// Its application.
    pub import: ImportId,
    /// The file.
    pub fact: Received,
}

impl Command for Receive {
    const NAME: &'static str = "import.receive";
    type Entity = Import;

    fn entity(&self) -> EntityRef {
        self.import.into()
    }

    fn decide(&self, import: &Import, _: &Ground<'_>) -> Result<Decision, Rejection> {
        match &import.received {
            None => Ok(Decision::record(self.fact.clone())),
            Some(held) if *held == self.fact => Ok(Decision::Unchanged),
            Some(_) => Err(Rejection::Exists("the import")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::import::examples::received;
    use crate::commands::spec::given;

    #[test]
    fn a_file_is_received_once() {
        let mut receive = Receive { import: ImportId::derived(&["x"]), fact: received() };
        given([]).when(&receive).then_recorded(received());
        given([received().into()]).when(&receive).then_unchanged();
        receive.fact.rows = 4;
        given([received().into()]).when(&receive).then_refused("exists");
    }
}
