//! What was witnessed in Severnside, a partnership that does not exist.

use piperoll_events::Authority;
use piperoll_events::measure::adopted::Treatment;
use piperoll_events::measure::baseline_set::Baseline;
use piperoll_events::measure::{BaselineSet, TargetSet};
use piperoll_events::reason::{AuthorityKind, ReasonCode, Resolution};

use super::stories::{Dropped, LapsedSignature, LoweredTarget, RestatedSeries};
use super::{Act, DemoError, Script, Who, act, key, period, point, quantity, why};
use crate::commands::measure;

const OFFICER: Who = ("Carys Oakes", "Partnership Officer");
const RIVERS: Who = ("Huw Sandford", "Rivers Programme Lead");

const LAPSED: LapsedSignature = LapsedSignature {
    ledger: "severnside",
    monitoring: ("Nerys Vaughan", "Partnership Clerk"),
    steward: ("Ifan Rowlands", "Public Health Analyst"),
    signatory: ("Mair Prosser", "Sponsor for a fairer Severnside"),
    measure: "WB1",
    period: "2022",
    revised: (OFFICER, "21.9", ReasonCode::SourceRevised, "The department corrected its counts."),
};

impl Script<'_> {
    /// A baseline and targets agreed; four stories.
    pub(super) async fn severnside(&self) -> Result<Vec<Act>, DemoError> {
        let emissions = self.measure("WB5").await?;
        let rivers = self.measure("WB4").await?;
        let lonely = self.measure("WB2").await?;
        let baseline = Baseline { period: period("2019")?, value: quantity("6.0")? };
        let reason = why(ReasonCode::Rebasing, "The year before the plan began.");
        let authority = Some(board("2024-01-19", "6"));
        let fact = BaselineSet { baseline, reason, authority };
        let mut acts = vec![act(OFFICER, measure::SetBaseline { measure: emissions, fact })];
        for (measure, of, at) in
            [(emissions, "2022", "5.0"), (rivers, "2022", "48"), (lonely, "2022", "17.0")]
        {
            let reason = why(ReasonCode::AmbitionRaised, "Agreed with the annual report.");
            let authority = Some(board("2024-01-19", "7"));
            let (key, target) = (key(period(of)?), point(at)?);
            let fact = TargetSet { key, target, reason, authority, case: None };
            acts.push(act(OFFICER, measure::SetTarget { measure, fact }));
        }
        acts.extend(
            LoweredTarget {
                measure: rivers,
                period: "2022",
                lowered: (RIVERS, "45", ReasonCode::BenchmarkMoved, "In line with other rivers."),
                put_back: (OFFICER, "48", ReasonCode::Error, "Put back: the board decides."),
                authority: board("2024-03-15", "4"),
            }
            .acts()?,
        );
        acts.extend(self.a_lapsed_signature(&LAPSED).await?);
        acts.extend(self.a_series_and_a_question_gone().await?);
        Ok(acts)
    }

    async fn a_series_and_a_question_gone(&self) -> Result<Vec<Act>, DemoError> {
        let restated = RestatedSeries {
            measure: "WB5",
            by: OFFICER,
            formula: "Territorial emissions by the inventory of 2024, divided by residents.",
            because: (ReasonCode::Rebasing, "The national inventory was recalculated."),
            authority: board("2024-07-19", "5"),
            figures: &[("2019", "5.5"), ("2020", "5.2"), ("2021", "5.0"), ("2022", "4.9")],
        };
        let mut acts = self.a_restated_series(&restated).await?;
        let dropped = Dropped {
            measure: "WB2",
            by: OFFICER,
            from: "2024-09-01",
            because: (ReasonCode::DataUnavailable, "The national survey dropped the question."),
            authority: board("2024-07-19", "6"),
        };
        acts.push(self.a_measure_dropped(&dropped).await?);
        // Counted and no more, but nobody ever aimed at anything here.
        acts.push(act(
            OFFICER,
            measure::Reclassify {
                measure: self.measure("WB3").await?,
                treatment: Some(Treatment::Volumetric),
                level: None,
                reason: why(ReasonCode::DataUnavailable, "Told every third year."),
                authority: Some(board("2024-07-19", "6")),
            },
        ));
        Ok(acts)
    }
}

/// What the board agreed at a meeting.
fn board(day: &str, item: &str) -> Authority {
    Authority {
        body: "Public Services Board".parse().ok(),
        decided_on: day.parse().ok(),
        item: item.parse().ok(),
        resolution: Some(Resolution::Agreed),
        ..Authority::of(AuthorityKind::BodyDecision)
    }
}
