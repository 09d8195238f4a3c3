//! What several of the scorecard's questions read of a row.

use piperoll_events::Polarity;
use piperoll_events::ids::MeasureId;
use piperoll_events::text::Label;
use uuid::Uuid;

use super::answers::{EndedLine, Headline, OverrideLine, Yardstick};
use super::words::{PolarityKind, State};
use crate::runtime::RuntimeError;
use crate::runtime::columns::Columns;

impl Columns<'_> {
    /// The columns that `headline!` names.
    pub(super) fn headline(&mut self) -> Result<Headline, RuntimeError> {
        Ok(Headline {
            position: self.position()?,
            content_from: self.position()?,
            state: self.word::<State>()?,
            no_value: self.word_or_none()?,
            expected_on: self.next()?,
            value: self.quantity()?,
            numerator: self.quantity()?,
            denominator: self.quantity()?,
            status: self.word_or_none()?,
            asserted: self.next()?,
        })
    }

    /// As [`Self::headline`], where there is such a version.
    pub(super) fn headline_or_none(&mut self) -> Result<Option<Headline>, RuntimeError> {
        if self.row.try_get::<_, Option<i64>>(self.at)?.is_some() {
            return self.headline().map(Some);
        }
        self.at = self.at.saturating_add(HEADLINE);
        Ok(None)
    }

    /// As [`Self::headline`], where there is such a version and its content was not taken back.
    pub(super) fn standing(&mut self) -> Result<Option<Headline>, RuntimeError> {
        let headline = self.headline_or_none()?;
        Ok(headline.filter(|headline| headline.state != State::Withdrawn))
    }

    /// position, `valid_from`, `replaced_by`, comparability, asserted.
    pub(super) fn ended(&mut self) -> Result<EndedLine, RuntimeError> {
        Ok(EndedLine {
            position: self.position()?,
            from: self.next()?,
            replaced_by: self.next::<Option<Uuid>>()?.map(MeasureId::new),
            comparability: self.json_or_none()?,
            asserted: self.next()?,
        })
    }

    /// computed, stated, inputs, position, asserted.
    pub(super) fn overridden(&mut self) -> Result<OverrideLine, RuntimeError> {
        Ok(OverrideLine {
            computed: self.label_or_none()?,
            stated: self.label_or_none()?.ok_or(RuntimeError::Row(self.table))?,
            inputs: self.json()?,
            position: self.position()?,
            asserted: self.next()?,
        })
    }

    fn label_or_none(&mut self) -> Result<Option<Label>, RuntimeError> {
        let text = self.next::<Option<&str>>()?.map(str::parse).transpose();
        text.map_err(|_| RuntimeError::Row(self.table))
    }

    /// position, polarity, low, high, decimals, unit, asserted.
    pub(super) fn yardstick(&mut self) -> Result<Yardstick, RuntimeError> {
        let position = self.position()?;
        let kind = self.word::<PolarityKind>()?;
        let (low, high) = (self.quantity()?, self.quantity()?);
        let polarity = match (kind, low, high) {
            (PolarityKind::Higher, ..) => Polarity::HigherIsBetter {},
            (PolarityKind::Lower, ..) => Polarity::LowerIsBetter {},
            (PolarityKind::Goldilocks, Some(low), Some(high)) => Polarity::Goldilocks { low, high },
            (PolarityKind::Goldilocks, ..) => return Err(RuntimeError::Row(self.table)),
            (PolarityKind::None, ..) => Polarity::None {},
        };
        let decimals = self.next::<Option<i16>>()?.map(u8::try_from).transpose();
        let decimals = decimals.map_err(|_| RuntimeError::Row(self.table))?;
        Ok(Yardstick { position, polarity, decimals, unit: self.next()?, asserted: self.next()? })
    }
}

/// How many columns [`headline!`] names.
const HEADLINE: usize = 10;

/// The columns of a submission's version, in the order that they are read.
macro_rules! headline {
    () => {
        "position, content_from, state, no_value, expected_on, value, numerator, denominator, \
         status, asserted"
    };
}
pub(super) use headline;
