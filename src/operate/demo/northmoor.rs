//! What was witnessed in Northmoor, a council that does not exist.

use piperoll_events::measure::adopted::MeasureLevel;
use piperoll_events::reason::ReasonCode;
use piperoll_events::submission::no_value_declared::NoValue;

use super::stories::{Dropped, LapsedSignature, LoweredTarget, RestatedSeries, revised};
use super::{Act, DemoError, Script, Who, act, officer, period, why};
use crate::commands::{measure, submission};

const ENVIRONMENT: Who = ("Amina Field", "Head of Environment");
const PERFORMANCE: Who = ("Rhys Calder", "Performance Manager");
const PLANNING: Who = ("Dafydd Poole", "Head of Planning");

const LAPSED: LapsedSignature = LapsedSignature {
    ledger: "northmoor",
    monitoring: ("Gwen Marsh", "Monitoring Officer"),
    steward: ("Ines Okafor", "Finance Data Steward"),
    signatory: ("Tom Brandreth", "Director of Resources"),
    measure: "NM09",
    period: "FY2023-Q4",
    revised: (
        PERFORMANCE,
        "95.1",
        ReasonCode::LateData,
        "A batch of schools' invoices came in after the close.",
    ),
};

impl Script<'_> {
    /// Figures in; four stories, each with something beside it that looks like it and is not.
    pub(super) async fn northmoor(&self) -> Result<Vec<Act>, DemoError> {
        let bins = self.measure("NM02").await?;
        let parks = self.measure("NM10").await?;
        let invoices = self.measure("NM09").await?;
        let words = "Rounds are back to strength; no street was missed twice in March.";
        let mut acts = vec![
            act(PERFORMANCE, self.figure(bins, "FY2023-Q4", "43.1", words).await?),
            act(PERFORMANCE, self.figure(invoices, "FY2023-Q4", "97.4", "").await?),
        ];
        acts.extend(
            LoweredTarget {
                measure: bins,
                period: "FY2023-Q3",
                lowered: (
                    ENVIRONMENT,
                    "60",
                    ReasonCode::DemandChanged,
                    "More households to serve.",
                ),
                put_back: (
                    PERFORMANCE,
                    "45",
                    ReasonCode::Error,
                    "Put back: nobody had decided it.",
                ),
                authority: officer("Email of 12 February 2024")?,
            }
            .acts()?,
        );
        acts.push(act(
            PERFORMANCE,
            submission::Revise {
                reason: why(
                    ReasonCode::TranscriptionError,
                    "Two suppliers' invoices had been counted twice.",
                ),
                ..revised(invoices, "FY2023-Q3", "96.2")?
            },
        ));
        acts.push(act(
            ENVIRONMENT,
            submission::DeclareNoValue {
                measure: parks,
                period: Some(period("FY2023-Q4")?),
                state: NoValue::AwaitingSource,
                expected_on: "2024-06-14".parse().ok(),
                reason: None,
            },
        ));
        acts.extend(self.a_lapsed_signature(&LAPSED).await?);
        acts.extend(self.restated_and_dropped().await?);
        Ok(acts)
    }

    async fn restated_and_dropped(&self) -> Result<Vec<Act>, DemoError> {
        let children = self.measure("NM07").await?;
        let restated = RestatedSeries {
            measure: "NM04",
            by: PLANNING,
            formula: "Decided within the time agreed with the applicant, extensions included.",
            because: (ReasonCode::DefinitionChange, "Agreed extensions count as in time."),
            authority: officer("Portfolio holder's decision of 8 March 2024")?,
            figures: &[("FY2023-Q1", "88.2"), ("FY2023-Q2", "87.4"), ("FY2023-Q3", "86.3")],
        };
        let mut acts = self.a_restated_series(&restated).await?;
        let dropped = Dropped {
            measure: "NM06",
            by: ENVIRONMENT,
            from: "2024-04-01",
            because: (ReasonCode::ResourcesReduced, "The waste composition survey has ended."),
            authority: officer("Delegated decision ENV/24/07")?,
        };
        acts.push(self.a_measure_dropped(&dropped).await?);
        // Fewer look at this one too, but it was on track.
        acts.push(act(
            PERFORMANCE,
            measure::Reclassify {
                measure: children,
                treatment: None,
                level: Some(MeasureLevel::Operational),
                reason: why(ReasonCode::PreviousTargetMet, "The service reports it by itself."),
                authority: Some(officer("Delegated decision CH/24/02")?),
            },
        ));
        Ok(acts)
    }
}
