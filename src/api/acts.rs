//! What people do: a line a command.
//!
//! **Invariant:** a body is the command's own fields, less what the path gives. Ledgers are made and
//! files applied elsewhere: what is listed here is what one person does to one thing.

use Act::{
    AssignDuties, EnterFigures, GrantRoles, KeepFrameworks, KeepMeasures, KeepPosts,
    OverrideRatings, SetTargets, SignFigures,
};
use Care::{Covers, Plain, Seals};
use Precondition::{Needed, Optional};

use super::act::{Care, act};
use super::route::{Precondition, Route};
use crate::commands::{area, framework, measure, objective, post, role, step, submission};
use crate::identity::policy::Act;

macro_rules! acts {
    ($($path:literal, $command:ty, $may:expr, $precondition:expr, $care:expr, $summary:literal;)*) => {
        /// The routes of this file.
        pub(super) fn routes() -> Vec<Route> {
            vec![$(act::<$command>(($path, $summary), $may, $precondition, $care)),*]
        }
    };
}

acts! {
    "/frameworks/{framework}/adopt", framework::Adopt, KeepFrameworks, Optional, Plain,
        "Brings a framework into force.";
    "/frameworks/{framework}/revise", framework::Revise, KeepFrameworks, Needed, Plain,
        "Calls a framework something else, or lets it apply to other days.";
    "/frameworks/{framework}/set-scale", framework::SetScale, KeepFrameworks, Needed, Plain,
        "Sets the words for how a figure is doing, with the rule that speaks in them.";
    "/frameworks/{framework}/set-taxonomy", framework::SetTaxonomy, KeepFrameworks, Needed, Plain,
        "Sets a list of the body's own, whole.";
    "/frameworks/{framework}/set-rating-rule", framework::SetRatingRule, KeepFrameworks, Needed, Plain,
        "Says how figures are rated from here on.";
    "/frameworks/{framework}/set-decision-right", framework::SetDecisionRight, KeepFrameworks, Needed, Plain,
        "Says who may decide what.";
    "/frameworks/{framework}/set-sign-off-chain", framework::SetSignOffChain, KeepFrameworks, Needed, Plain,
        "Says at which stages figures are signed, and by whom.";
    "/objectives/{objective}/add", objective::Add, KeepFrameworks, Optional, Plain,
        "Adds an objective to a framework.";
    "/objectives/{objective}/revise", objective::Revise, KeepFrameworks, Needed, Plain,
        "Calls an objective something else.";
    "/objectives/{objective}/retire", objective::Retire, KeepFrameworks, Needed, Plain,
        "Aims at an objective no longer.";
    "/steps/{step}/add", step::Add, KeepFrameworks, Optional, Plain,
        "Adds a step towards an objective.";
    "/steps/{step}/revise", step::Revise, KeepFrameworks, Needed, Plain,
        "Plans a step otherwise.";
    "/steps/{step}/retire", step::Retire, KeepFrameworks, Needed, Plain,
        "Does a step no longer.";
    "/areas/{area}/add", area::Add, KeepFrameworks, Optional, Plain,
        "Adds an area of the scorecard.";
    "/areas/{area}/revise", area::Revise, KeepFrameworks, Needed, Plain,
        "Calls an area something else.";
    "/areas/{area}/retire", area::Retire, KeepFrameworks, Needed, Plain,
        "Takes an area from the scorecard.";

    "/measures/{measure}/adopt", measure::Adopt, KeepMeasures, Optional, Plain,
        "Takes a measure into a framework.";
    "/measures/{measure}/set-definition", measure::SetDefinition, KeepMeasures, Needed, Plain,
        "Defines a measure otherwise.";
    "/measures/{measure}/reclassify", measure::Reclassify, KeepMeasures, Needed, Plain,
        "Classifies a measure otherwise.";
    "/measures/{measure}/retire", measure::Retire, KeepMeasures, Needed, Plain,
        "Ends a measure.";
    "/measures/{measure}/replace", measure::Replace, KeepMeasures, Needed, Plain,
        "Puts another measure in the place of one.";
    "/measures/{measure}/assign-code", measure::AssignCode, KeepMeasures, Optional, Plain,
        "Gives a measure a code.";
    "/measures/{measure}/place", measure::Place, KeepMeasures, Optional, Plain,
        "Shows a measure under an objective, a step or an area.";
    "/measures/{measure}/remove", measure::Remove, KeepMeasures, Needed, Plain,
        "Shows a measure no longer under an objective, a step or an area.";
    "/measures/{measure}/retitle", measure::Retitle, KeepMeasures, Needed, Plain,
        "Gives a measure another title.";
    "/measures/{measure}/tag", measure::Tag, KeepMeasures, Needed, Plain,
        "Says what a measure has to do with one of the framework's lists.";
    "/measures/{measure}/set-target", measure::SetTarget, SetTargets, Optional, Plain,
        "Aims at something where no target stands.";
    "/measures/{measure}/change-target", measure::ChangeTarget, SetTargets, Needed, Plain,
        "Aims at something else.";
    "/measures/{measure}/correct-target", measure::CorrectTarget, SetTargets, Needed, Plain,
        "Puts a target right that was never meant so.";
    "/measures/{measure}/withdraw-target", measure::WithdrawTarget, SetTargets, Needed, Plain,
        "Aims at nothing any more.";
    "/measures/{measure}/propose-baseline", measure::ProposeBaseline, SetTargets, Optional, Plain,
        "Proposes what later figures are compared with.";
    "/measures/{measure}/set-baseline", measure::SetBaseline, SetTargets, Needed, Plain,
        "Sets what later figures are compared with.";
    "/measures/{measure}/assign-accountable", measure::AssignAccountable, AssignDuties, Optional, Plain,
        "Makes a post accountable for a measure.";
    "/measures/{measure}/assign-steward", measure::AssignSteward, AssignDuties, Optional, Plain,
        "Makes a post data steward of a measure.";
    "/measures/{measure}/assign-contributor", measure::AssignContributor, AssignDuties, Optional, Plain,
        "Makes an organisation contribute to a measure.";
    "/measures/{measure}/end-duty", measure::EndDuty, AssignDuties, Optional, Plain,
        "Ends a duty towards a measure.";

    "/measures/{measure}/submissions/{period}/submit", submission::Submit, EnterFigures, Optional, Seals("commentary"),
        "Submits the figures of a period, with words where there are some.";
    "/measures/{measure}/submissions/{period}/revise", submission::Revise, EnterFigures, Needed, Plain,
        "Revises figures that stand.";
    "/measures/{measure}/submissions/{period}/declare-no-value", submission::DeclareNoValue, EnterFigures, Needed, Plain,
        "Declares that there is no value, and why.";
    "/measures/{measure}/submissions/{period}/withdraw", submission::Withdraw, EnterFigures, Needed, Plain,
        "Withdraws what was submitted.";
    "/measures/{measure}/submissions/{period}/write-commentary", submission::WriteCommentary, EnterFigures, Optional, Seals("text"),
        "Writes about a figure; the words are sealed.";
    "/measures/{measure}/submissions/{period}/sign-off", submission::SignOff, SignFigures, Needed, Covers,
        "Signs exactly what was shown, at one stage.";
    "/measures/{measure}/submissions/{period}/refuse-sign-off", submission::RefuseSignOff, SignFigures, Needed, Plain,
        "Refuses to sign, with a reason.";
    "/measures/{measure}/submissions/{period}/withdraw-sign-off", submission::WithdrawSignOff, SignFigures, Needed, Plain,
        "Takes a signature back.";
    "/measures/{measure}/submissions/{period}/override-rating", submission::OverrideRating, OverrideRatings, Needed, Plain,
        "States a rating otherwise than it is computed.";

    "/posts/{post}/create", post::Create, KeepPosts, Optional, Plain,
        "Creates a post.";
    "/posts/{post}/hold", post::Hold, KeepPosts, Optional, Plain,
        "Says who holds a post from a day on.";
    "/posts/{post}/vacate", post::Vacate, KeepPosts, Optional, Plain,
        "Says that somebody holds a post no more.";
    "/posts/{post}/delegate", post::Delegate, KeepPosts, Optional, Plain,
        "Lets another post act for one.";
    "/roles/grant", role::Grant, GrantRoles, Optional, Plain,
        "Lets a person use more doors. Person, role and scope say which role it is.";
    "/roles/{role}/end", role::End, GrantRoles, Optional, Plain,
        "Ends a role.";
}
