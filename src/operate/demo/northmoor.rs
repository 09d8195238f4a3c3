//! What was witnessed in Northmoor, a council that does not exist.

use piperoll_events::ids::{MeasureId, PostId};
use piperoll_events::measure::AccountableAssigned;
use piperoll_events::measure::adopted::MeasureLevel;
use piperoll_events::post::{Held, held::Basis};
use piperoll_events::reason::ReasonCode;
use piperoll_events::submission::no_value_declared::NoValue;

use super::stories::{Dropped, LapsedSignature, LoweredTarget, RestatedSeries, created, revised};
use super::{Act, DemoError, Script, What, Who, act, counted, officer, period, why};
use crate::commands::{measure, post, submission};

const ENVIRONMENT: Who = ("Amina Field", "Head of Environment");
const PERFORMANCE: Who = ("Rhys Calder", "Performance Manager");
const RESOURCES: Who = ("Tom Brandreth", "Director of Resources");
const PLANNING: Who = ("Dafydd Poole", "Head of Planning");

const LAPSED: LapsedSignature = LapsedSignature {
    ledger: "northmoor",
    monitoring: ("Gwen Marsh", "Monitoring Officer"),
    steward: ("Ines Okafor", "Finance Data Steward"),
    signatory: RESOURCES,
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
        acts.extend(self.stated_otherwise_and_counted_again().await?);
        acts.extend(self.somebody_answers_for(bins).await?);
        Ok(acts)
    }

    /// One rating that somebody states otherwise, and one whose figure was revised since; counts that
    /// give their figure, and counts that don't.
    async fn stated_otherwise_and_counted_again(&self) -> Result<Vec<Act>, DemoError> {
        let sickness = self.measure("NM05").await?;
        let tax = self.measure("NM08").await?;
        let stated = |measure, stated, text: &str| -> Result<Act, DemoError> {
            let (reason, period) = (why(ReasonCode::DataUnavailable, text), "FY2023-Q3");
            let authority = officer("Note to the performance board, March 2024")?;
            let (who, post) = RESOURCES;
            Ok(Act {
                who,
                post,
                what: What::Override { measure, period, stated, reason, authority },
            })
        };
        let with_its_counts = submission::Revise {
            changed: vec![counted("6.93", ("13860", "2000"))?],
            reason: why(ReasonCode::AuditAdjustment, "The counts were asked for."),
            ..revised(sickness, "FY2023-Q3", "6.93")?
        };
        let miscounted = submission::Submit {
            cells: vec![counted("9.28", ("18960", "2000"))?],
            ..self.figure(sickness, "FY2023-Q4", "9.28", "").await?
        };
        let late = submission::Revise {
            reason: why(ReasonCode::LateData, "Payments of the last weekend came in."),
            ..revised(tax, "FY2023-Q3", "74.8")?
        };
        Ok(vec![
            act(PERFORMANCE, with_its_counts),
            act(PERFORMANCE, miscounted),
            stated("NM05", "amber", "Two depots were closed by influenza for a fortnight.")?,
            stated("NM08", "green", "The last weekend's payments are not in yet.")?,
            act(PERFORMANCE, late),
        ])
    }

    async fn somebody_answers_for(&self, measure: MeasureId) -> Result<Vec<Act>, DemoError> {
        let (name, title) = ENVIRONMENT;
        let post = PostId::derived(&["northmoor", title]);
        let from = "2022-04-01".parse().map_err(|_| DemoError::Script("2022-04-01"))?;
        let reason = why(ReasonCode::NoneRecorded, "The structure of April 2022.");
        let held = Held {
            holder: self.vault.actor(name).await?,
            basis: Basis::Substantive,
            from,
            until: None,
            reason: reason.clone(),
        };
        let fact = AccountableAssigned { post, from, reason, authority: None };
        Ok(vec![
            created(LAPSED.monitoring, post, title)?,
            act(LAPSED.monitoring, post::Hold { post, fact: held }),
            act(LAPSED.monitoring, measure::AssignAccountable { measure, fact }),
        ])
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
