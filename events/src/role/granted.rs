//! A person may use more doors from a day on.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ActorId, AreaId, MeasureId};
use crate::reason::Reason;
use crate::text::Label;

/// The role was granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Granted {
    /// To whom.
    pub person: ActorId,
    /// Which role.
    pub role: RoleName,
    /// For what.
    pub scope: RoleScope,
    /// The first day.
    pub from: NaiveDate,
    /// The first day after, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// Why.
    pub reason: Reason,
}

/// What a role lets somebody do. The stages of a sign-off chain are no roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// Enters and explains figures.
    Officer,
    /// Enters for others, and chases.
    Coordinator,
    /// Records a body's decisions, meetings and views, with the notice attached.
    Clerk,
    /// Keeps the framework.
    FrameworkAdmin,
    /// Grants and ends roles; holds none over data.
    AccessAdmin,
    /// Releases to the public.
    Publisher,
    /// Answers requests for information.
    InformationOfficer,
    /// Translates.
    Translator,
    /// Reads everything; writes findings, recommendations and samples.
    InternalAuditor,
    /// Reads for a scrutiny committee.
    ScrutinyReader,
    /// Audits from outside.
    ExternalAuditor,
    /// Keeps and disposes of records.
    RecordsManager,
    /// An officer of a partner.
    PartnerOfficer,
    /// Reads as a member of staff.
    StaffReader,
    /// Anybody.
    Public,
    /// Runs the service; reads no bodies.
    Operator,
}

impl RoleName {
    /// The role that a word on the wire stands for.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        let word = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(word);
        Self::deserialize(word).ok()
    }

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Coordinator => "coordinator",
            Self::Clerk => "clerk",
            Self::FrameworkAdmin => "framework_admin",
            Self::AccessAdmin => "access_admin",
            Self::Publisher => "publisher",
            Self::InformationOfficer => "information_officer",
            Self::Translator => "translator",
            Self::InternalAuditor => "internal_auditor",
            Self::ScrutinyReader => "scrutiny_reader",
            Self::ExternalAuditor => "external_auditor",
            Self::RecordsManager => "records_manager",
            Self::PartnerOfficer => "partner_officer",
            Self::StaffReader => "staff_reader",
            Self::Public => "public",
            Self::Operator => "operator",
        }
    }
}

/// What a role is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleScope {
    /// The whole ledger.
    Ledger,
    /// The measures of one area of the scorecard.
    Area(AreaId),
    /// One measure.
    Measure(MeasureId),
    /// What one organisation contributes to.
    Organisation(Label),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_called_what_it_is_called_on_the_wire() {
        for role in [RoleName::Officer, RoleName::FrameworkAdmin, RoleName::Public] {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
            assert_eq!(RoleName::find(role.as_str()), Some(role));
        }
        assert_eq!(RoleName::find("Clerk"), None);
    }
}
