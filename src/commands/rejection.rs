//! Rejections: why a rule said no, each with a code that never changes.

use chrono::NaiveDate;
use piperoll_events::DecisionRight;
use piperoll_events::reason::{AuthorityKind, Resolution};
use piperoll_events::text::{Digest, Label};

/// Why a command was refused. Nothing was recorded; the user decides what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The command is about another kind of entity than the history given.
    #[error("the command and the history are about different kinds of thing")]
    WrongEntity,
    /// The entity exists already.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// The entity does not exist yet.
    #[error("{0} does not exist")]
    Missing(&'static str),
    /// The ledger is open; asserting history is over.
    #[error("the ledger has been opened; history can't be asserted into it any more")]
    Opened,
    /// No cell, or a cell without any figure.
    #[error("a submission needs at least one figure; declare that there is no value instead")]
    NoFigure,
    /// One breakdown twice in one submission.
    #[error("the cell `{0}` stands twice")]
    CellTwice(String),
    /// A cell to be removed that is not held.
    #[error("the cell `{0}` is not held, so it can't be removed")]
    NoSuchCell(String),
    /// Figures stand already.
    #[error("figures stand for this period; revise them instead")]
    FiguresStand,
    /// The content named is not the content that stands.
    #[error("the content named is not what stands now; read it again")]
    OtherContent,
    /// A target stands under this key.
    #[error("a target stands under this key; change it instead")]
    TargetStands,
    /// No target stands under this key.
    #[error("no target stands under this key; set one first")]
    NoTarget,
    /// A target's span overlaps another's of the same tier and breakdown.
    #[error("the span `{span}` overlaps the target for `{other}`")]
    OverlappingPeriod {
        /// The span asked for.
        span: String,
        /// The span that stands.
        other: String,
    },
    /// A target that says nothing, or a profile without points, or points outside the span.
    #[error("the target is malformed: {0}")]
    MalformedTarget(&'static str),
    /// A definition or a rule that contradicts itself.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// The framework's decision rights ask for an authority that was not given.
    #[error("this change needs another authority; accepted: {}", rows(.accepted))]
    AuthorityNeeded {
        /// The rows of the table, any of which would have been accepted.
        accepted: Vec<DecisionRight>,
    },
    /// The chain has no such stage.
    #[error("there is no stage `{stage}`; the stages are: {}", listed(.known))]
    NoSuchStage {
        /// The stage asked for.
        stage: Label,
        /// Those that there are.
        known: Vec<Label>,
    },
    /// The post is no signer of the stage.
    #[error("this post doesn't sign the stage `{0}`")]
    NotASigner(Label),
    /// The person entered what is to be signed.
    #[error("who entered a figure doesn't sign it; another person has to")]
    SameHands,
    /// The person proposed what is to be approved.
    #[error("who proposed a baseline doesn't approve it; another person has to, or a body decides")]
    OwnProposal,
    /// No such signature stands.
    #[error("no signature of this post stands there")]
    NotSigned,
    /// The import is over.
    #[error("the import is {0} already")]
    ImportOver(&'static str),
    /// The counts of rows don't add up.
    #[error("rows read ({read}) are not recorded + unchanged + declared + refused ({sum})")]
    RowsLost {
        /// Rows read.
        read: u64,
        /// What was accounted for.
        sum: u64,
    },
    /// More cells than one event holds.
    #[error("{0} cells in one submission; 800 are the most")]
    TooManyCells(usize),
    /// One person twice in one post.
    #[error("the same person holds the post on days of this time; vacate it first")]
    HeldAlready,
    /// Somebody leaves a post that is not theirs.
    #[error("this person does not hold the post then")]
    NotHeld,
    /// Somebody grants a role to themself.
    #[error("nobody grants a role to themself; somebody else has to")]
    OwnGrant,
    /// The role counts on days of the span asked for.
    #[error("the role stands on days of this time; end it first")]
    RoleStands,
    /// The role does not count on that day.
    #[error("the role does not stand then")]
    NoRole,
    /// Somebody alone would answer for a population.
    #[error("this measure is about a population, and no post answers for that alone")]
    NoAccountable,
    /// The duty is not had by whom the command names.
    #[error("the duty is not theirs")]
    NoDuty,
    /// A tag that stands on no list of the framework.
    #[error("the taxonomy `{taxonomy}` has no term `{code}`; set the taxonomy first")]
    NoSuchTerm {
        /// The list.
        taxonomy: Label,
        /// What is not on it.
        code: Label,
    },
    /// Another file of changes is being applied to the framework.
    #[error(
        "a file of changes is being applied (`{0}`); apply that file again to end it, or give it up"
    )]
    AmendmentUnderway(Digest),
    /// No file of changes is being applied.
    #[error("no file of changes is being applied")]
    NoAmendment,
    /// The objective, the step or the area was retired.
    #[error("the {part} is no longer part of the framework from {from} on")]
    PartRetired {
        /// What it is.
        part: &'static str,
        /// The first day.
        from: NaiveDate,
    },
    /// The measure was retired or replaced.
    #[error("the measure is no longer measured from {0} on")]
    Retired(NaiveDate),
}

impl Rejection {
    /// The stable code that clients match on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongEntity => "wrong_entity",
            Self::Exists(_) => "exists",
            Self::Missing(_) => "missing",
            Self::Opened => "ledger_opened",
            Self::NoFigure => "no_figure",
            Self::CellTwice(_) => "cell_twice",
            Self::NoSuchCell(_) => "no_such_cell",
            Self::FiguresStand => "figures_stand",
            Self::OtherContent => "other_content",
            Self::TargetStands => "target_stands",
            Self::NoTarget => "no_target",
            Self::OverlappingPeriod { .. } => "overlapping_period",
            Self::MalformedTarget(_) => "malformed_target",
            Self::Malformed(_) => "malformed",
            Self::AuthorityNeeded { .. } => "authority_needed",
            Self::NoSuchStage { .. } => "no_such_stage",
            Self::NotASigner(_) => "not_a_signer",
            Self::SameHands => "same_hands",
            Self::OwnProposal => "own_proposal",
            Self::NotSigned => "not_signed",
            Self::ImportOver(_) => "import_over",
            Self::RowsLost { .. } => "rows_lost",
            Self::TooManyCells(_) => "too_many_cells",
            Self::HeldAlready => "held_already",
            Self::NotHeld => "not_held",
            Self::OwnGrant => "own_grant",
            Self::RoleStands => "role_stands",
            Self::NoRole => "no_role",
            Self::NoAccountable => "no_accountable_for_population",
            Self::NoDuty => "no_duty",
            Self::NoSuchTerm { .. } => "no_such_term",
            Self::AmendmentUnderway(_) => "amendment_underway",
            Self::NoAmendment => "no_amendment",
            Self::PartRetired { .. } | Self::Retired(_) => "retired",
        }
    }
}

fn listed(codes: &[Label]) -> String {
    let codes: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    if codes.is_empty() { "none".to_owned() } else { codes.join(", ") }
}

/// The rows of a table of decision rights, in words.
fn rows(rows: &[DecisionRight]) -> String {
    let row = |row: &DecisionRight| {
        let kind = match row.kind {
            AuthorityKind::BodyDecision => "a decision of",
            AuthorityKind::DelegatedDecision => "a delegated decision of",
            AuthorityKind::ExternalRequirement => "a requirement of",
            AuthorityKind::OfficerCorrection => "a correction by",
        };
        let resolutions: Vec<&str> = row.resolutions.iter().map(|it| resolution(*it)).collect();
        let mut words = format!("`{}`: {kind} `{}`", row.code, row.by);
        if !resolutions.is_empty() {
            words = format!("{words} ({})", resolutions.join(" or "));
        }
        for asked in &row.consult {
            words = format!("{words}, `{asked}` consulted first");
        }
        words
    };
    rows.iter().map(row).collect::<Vec<_>>().join("; ")
}

const fn resolution(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Approved => "approved",
        Resolution::Agreed => "agreed",
        Resolution::Endorsed => "endorsed",
        Resolution::Noted => "noted",
        Resolution::RecommendedTo => "recommended to another",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::right;
    use piperoll_events::decision_right::ChangeSubject;

    #[test]
    fn a_refused_authority_names_the_rows_that_would_be_accepted() {
        let refused = Rejection::AuthorityNeeded { accepted: vec![right(ChangeSubject::Target)] };
        assert_eq!(
            refused.to_string(),
            "this change needs another authority; accepted: `cabinet`: a decision of `Cabinet` \
             (approved), `Scrutiny` consulted first"
        );
    }
}
