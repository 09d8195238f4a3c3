//! Who may use which door: one table, asked by every route.
//!
//! **Invariant:** deny by default. A role that no line names may nothing; what a role lets through is
//! still judged by the rules of the ledger, which know posts, duties and decision rights.

use piperoll_events::role::granted::RoleName;

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Read measures, figures, targets and ratings.
    ReadScorecard,
    /// Ask the questions of committees and auditors.
    ReadQuestions,
    /// Read the ledger's events as they are stored.
    ReadEvents,
    /// See by name who acted, where an event shows it.
    ReadNames,
    /// Follow what changed, update by update, to keep a copy.
    ReadUpdates,
    /// Read what people wrote about figures.
    ReadCommentary,
    /// Act.
    Act(Act),
}

/// What an act is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Frameworks, their rules, objectives, steps and areas.
    KeepFrameworks,
    /// Measures: taken in, defined, classified, placed, retired.
    KeepMeasures,
    /// Targets and baselines.
    SetTargets,
    /// Who answers for a measure.
    AssignDuties,
    /// Figures, and what is written about them.
    EnterFigures,
    /// Signatures and refusals. Who signs what is the ledger's rule.
    SignFigures,
    /// Ratings stated otherwise than computed.
    OverrideRatings,
    /// Posts and who holds them.
    KeepPosts,
    /// Roles.
    GrantRoles,
}

use RoleName::{
    AccessAdmin, Clerk, Coordinator, ExternalAuditor, FrameworkAdmin, InformationOfficer,
    InternalAuditor, Officer, PartnerOfficer, Publisher, RecordsManager, ScrutinyReader,
    StaffReader, Translator,
};

impl What {
    /// The roles that may.
    #[must_use]
    pub const fn roles(self) -> &'static [RoleName] {
        match self {
            Self::ReadScorecard => &[
                Officer,
                Coordinator,
                Clerk,
                FrameworkAdmin,
                Publisher,
                InformationOfficer,
                Translator,
                InternalAuditor,
                ScrutinyReader,
                ExternalAuditor,
                RecordsManager,
                PartnerOfficer,
                StaffReader,
            ],
            Self::ReadQuestions => &[
                Officer,
                Coordinator,
                Clerk,
                FrameworkAdmin,
                InformationOfficer,
                InternalAuditor,
                ScrutinyReader,
                ExternalAuditor,
                RecordsManager,
            ],
            Self::ReadUpdates => &[
                Coordinator,
                FrameworkAdmin,
                Publisher,
                InformationOfficer,
                InternalAuditor,
                ExternalAuditor,
                RecordsManager,
                PartnerOfficer,
            ],
            Self::ReadEvents => {
                &[Coordinator, FrameworkAdmin, InternalAuditor, ExternalAuditor, RecordsManager]
            }
            Self::ReadNames => &[Coordinator, FrameworkAdmin, InternalAuditor, ExternalAuditor],
            Self::ReadCommentary => &[
                Officer,
                Coordinator,
                Clerk,
                Publisher,
                InformationOfficer,
                Translator,
                InternalAuditor,
                ScrutinyReader,
                ExternalAuditor,
                PartnerOfficer,
            ],
            Self::Act(act) => act.roles(),
        }
    }

    /// The first of somebody's roles that may; none: they may not.
    #[must_use]
    pub fn allowed_by(self, held: &[RoleName]) -> Option<RoleName> {
        held.iter().copied().find(|role| self.roles().contains(role))
    }
}

impl Act {
    const fn roles(self) -> &'static [RoleName] {
        match self {
            Self::KeepFrameworks | Self::KeepMeasures | Self::AssignDuties => &[FrameworkAdmin],
            Self::SetTargets => &[FrameworkAdmin, Coordinator, Officer],
            Self::EnterFigures => &[Officer, Coordinator, PartnerOfficer],
            Self::SignFigures => &[Officer, Coordinator, PartnerOfficer, FrameworkAdmin],
            Self::OverrideRatings => &[Officer, Coordinator],
            Self::KeepPosts => &[FrameworkAdmin, AccessAdmin],
            Self::GrantRoles => &[AccessAdmin],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READS: [What; 6] = [
        What::ReadScorecard,
        What::ReadQuestions,
        What::ReadEvents,
        What::ReadNames,
        What::ReadUpdates,
        What::ReadCommentary,
    ];
    const ACTS: [Act; 9] = [
        Act::KeepFrameworks,
        Act::KeepMeasures,
        Act::SetTargets,
        Act::AssignDuties,
        Act::EnterFigures,
        Act::SignFigures,
        Act::OverrideRatings,
        Act::KeepPosts,
        Act::GrantRoles,
    ];

    fn may(what: What, role: RoleName) -> bool {
        what.allowed_by(&[role]).is_some()
    }

    #[test]
    fn auditors_read_everything_and_act_nowhere() {
        for role in [InternalAuditor, ExternalAuditor] {
            assert!(READS.iter().all(|what| may(*what, role)), "{role:?}");
            assert!(!ACTS.iter().any(|act| may(What::Act(*act), role)), "{role:?}");
        }
    }

    #[test]
    fn who_grants_roles_holds_none_over_data() {
        assert!(!READS.iter().any(|what| may(*what, AccessAdmin)));
        assert!(!may(What::Act(Act::EnterFigures), AccessAdmin));
        assert_eq!(What::Act(Act::GrantRoles).roles(), [AccessAdmin]);
    }

    #[test]
    fn the_public_and_the_operator_may_nothing_here() {
        for role in [RoleName::Public, RoleName::Operator] {
            assert!(!READS.iter().any(|what| may(*what, role)));
            assert!(!ACTS.iter().any(|act| may(What::Act(*act), role)));
        }
    }
}
