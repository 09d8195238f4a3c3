//! A measure: what it means, what it aims at, where it stands and what people call it.
//!
//! Events: [`adopted`], [`definition_set`], [`baseline_set`], [`target_set`], [`target_changed`],
//! [`target_corrected`], [`target_withdrawn`], [`placed`], [`removed`], [`code_assigned`], [`retitled`],
//! [`tagged`], [`baseline_proposed`], [`reclassified`], [`retired`], [`replaced`]; of duties
//! [`accountable_assigned`], [`steward_assigned`], [`contributor_assigned`], [`duty_ended`].

crate::registry::events! {
    /// What happened to a measure.
    Measure {
        adopted::Adopted = "piperoll.measure.adopted.v1" since "0.2.0" before "0.1.0",
        definition_set::DefinitionSet = "piperoll.measure.definition_set.v1" since "0.2.0" before "0.1.0",
        baseline_set::BaselineSet = "piperoll.measure.baseline_set.v1" since "0.2.0" before "0.1.0",
        target_set::TargetSet = "piperoll.measure.target_set.v1" since "0.2.0" before "0.1.0",
        target_changed::TargetChanged = "piperoll.measure.target_changed.v1" since "0.2.0" before "0.1.0",
        target_corrected::TargetCorrected = "piperoll.measure.target_corrected.v1" since "0.2.0",
        target_withdrawn::TargetWithdrawn = "piperoll.measure.target_withdrawn.v1" since "0.2.0" before "0.1.0",
        placed::Placed = "piperoll.measure.placed.v1" since "0.1.0",
        code_assigned::CodeAssigned = "piperoll.measure.code_assigned.v1" since "0.1.0",
        baseline_proposed::BaselineProposed = "piperoll.measure.baseline_proposed.v1" since "0.2.0",
        reclassified::Reclassified = "piperoll.measure.reclassified.v1" since "0.2.0",
        retired::Retired = "piperoll.measure.retired.v1" since "0.2.0",
        replaced::Replaced = "piperoll.measure.replaced.v1" since "0.2.0",
        accountable_assigned::AccountableAssigned = "piperoll.measure.accountable_assigned.v1" since "0.2.0",
        steward_assigned::StewardAssigned = "piperoll.measure.steward_assigned.v1" since "0.2.0",
        contributor_assigned::ContributorAssigned = "piperoll.measure.contributor_assigned.v1" since "0.2.0",
        removed::Removed = "piperoll.measure.removed.v1" since "0.3.0",
        retitled::Retitled = "piperoll.measure.retitled.v1" since "0.3.0",
        tagged::Tagged = "piperoll.measure.tagged.v1" since "0.3.0",
        duty_ended::DutyEnded = "piperoll.measure.duty_ended.v1" since "0.2.0",
    }
}
