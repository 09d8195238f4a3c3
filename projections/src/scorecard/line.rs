//! What a line of a scorecard tells of itself.
//!
//! **Invariant:** pure; everything follows from the parts at the line's one position.

use piperoll_events::Position;
use piperoll_events::rating::Scale;
use piperoll_events::target::Level;

use super::answers::{Line, OverrideLine};
use crate::score::Terms;

impl Line {
    /// The versions that a rating is worked out from: figure, target, definition, rule.
    #[must_use]
    pub fn inputs(&self) -> Vec<Position> {
        let parts = [
            self.headline.as_ref().map(|part| part.position),
            self.target.as_ref().map(|part| part.position),
            self.definition.as_ref().map(|part| part.position),
            self.rule.as_ref().map(|part| part.position),
        ];
        parts.into_iter().flatten().collect()
    }

    /// The override, while every one of its inputs is in force. One event may have given several of
    /// them, so nothing in force may be newer than the override either, nor any part be gone that its
    /// rating was worked out from.
    #[must_use]
    pub fn standing_override(&self) -> Option<&OverrideLine> {
        let parts = self.inputs();
        let stands = |it: &&OverrideLine| {
            it.inputs.iter().all(|input| parts.contains(input))
                && parts.iter().all(|part| *part <= it.position)
                && (it.computed.is_none() || parts.len() == 4)
        };
        self.overridden.as_ref().filter(stands)
    }

    /// What is aimed at.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.target.as_ref()?.level
    }

    /// The unit of the figure.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        self.definition.as_ref()?.unit.as_deref()
    }

    /// The body's words for how it is doing.
    #[must_use]
    pub fn scale(&self) -> Option<&Scale> {
        self.rule.as_ref()?.scale.as_ref()
    }

    /// What rating needs of the definition and the measure.
    #[must_use]
    pub fn terms(&self) -> Option<Terms> {
        let definition = self.definition.as_ref()?;
        Some(Terms {
            treatment: self.measure.treatment,
            polarity: definition.polarity.clone(),
            decimals: definition.decimals,
        })
    }
}
