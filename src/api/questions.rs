//! The questions of committees and auditors: a line each.
//!
//! **Invariant:** what a question takes is what its `Asked` says, here and in the document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document;
use super::measures::ready;
use super::query::{Moment, Nothing, properties};
use super::route::Route;
use crate::asking::questions::Reply;
use crate::asking::questions::retargeting::Retargeting;
use crate::asking::questions::{
    accountable_on, baseline_moved, changes, comparable, differs, dropped, made_easier, overridden,
    reperform, signed_by, turned_green, who_changed,
};
use crate::identity::policy::What;

/// A question with the moment that it is asked about.
#[derive(Debug, Deserialize, JsonSchema)]
struct Questioned<P> {
    #[serde(flatten)]
    asked: P,
    #[serde(flatten)]
    moment: Moment,
}

/// A question that can be asked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Listed {
    /// Its name: the last part of its address.
    question: &'static str,
    /// What it answers.
    summary: &'static str,
    /// What it takes.
    takes: Vec<Taken>,
}

/// What a question takes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Taken {
    /// The parameter.
    name: String,
    /// What it means.
    description: String,
    /// Whether it must be given.
    needed: bool,
}

/// The questions.
#[derive(Debug, Serialize, JsonSchema)]
struct Questions {
    /// By name.
    questions: Vec<Listed>,
}

macro_rules! questions {
    ($($name:literal, $asked:ty => $ask:ident -> $row:ty, $summary:literal;)*) => {
        /// The routes of this file.
        pub(super) fn routes() -> Vec<Route> {
            let mut routes = vec![Route::ask(
                ("/questions", "list_questions", "The questions, with what each takes."),
                What::ReadQuestions,
                |_, _: Nothing| async { Ok(Questions { questions: listed() }) },
            )];
            routes.push(Route::ask(
                ("/changes", "changes", "What reads otherwise at one moment than at another, and why."),
                What::ReadQuestions,
                |call, asked: Questioned<changes::Asked>| async move {
                    let desk = ready(&call, &asked.moment).await?;
                    let when = asked.moment.when()?;
                    let reply: Reply<changes::Asked, changes::Changed> =
                        desk.changes(asked.asked, when).await?;
                    Ok(reply)
                },
            ));
            $(routes.push(Route::ask(
                (concat!("/questions/", $name), concat!("ask ", $name), $summary),
                What::ReadQuestions,
                |call, asked: Questioned<$asked>| async move {
                    let desk = ready(&call, &asked.moment).await?;
                    let when = asked.moment.when()?;
                    let reply: Reply<$asked, $row> = desk.$ask(asked.asked, when).await?;
                    Ok(reply)
                },
            ));)*
            routes
        }

        fn listed() -> Vec<Listed> {
            vec![$(Listed { question: $name, summary: $summary, takes: taken::<$asked>() }),*]
        }
    };
}

questions! {
    "who-changed-target", who_changed::Asked => who_changed_target -> Retargeting,
        "Every change of a measure's targets: who, why, on what authority, what was known then.";
    "targets-made-easier", made_easier::Asked => targets_made_easier -> made_easier::Easier,
        "Every target made easier than before, or than a year earlier, or lost.";
    "figure-differs", differs::Asked => figure_differs -> differs::Differs,
        "Why a figure is told otherwise at one moment than at another.";
    "measures-dropped", dropped::Asked => measures_dropped -> dropped::Dropped,
        "Measures looked at less than before or no longer, and how they were doing.";
    "comparable", comparable::Asked => comparable -> comparable::Comparable,
        "Whether the figures of two periods can be compared, as they are or after a factor.";
    "re-perform", reperform::Asked => reperform -> reperform::Reperformed,
        "A figure worked out again from what was counted.";
    "baseline-moved", baseline_moved::Asked => baseline_moved -> baseline_moved::BaselineMoved,
        "What progress is counted from, whether that moved, and progress told from each.";
    "overridden", overridden::Asked => overridden -> overridden::Overridden,
        "Ratings stated otherwise than the rule makes them, or reported otherwise.";
    "turned-green", turned_green::Asked => turned_green -> turned_green::Turned,
        "Figures of one period that were off track at one moment and on track at another.";
    "signed-by", signed_by::Asked => signed_by -> signed_by::Signed,
        "At which stages a figure was signed, what each signature covers, what changed since.";
    "accountable-on", accountable_on::Asked => accountable_on -> accountable_on::Answerable,
        "Who had which duty towards a measure on a day, and who held the posts.";
}

fn taken<P: JsonSchema>() -> Vec<Taken> {
    let schema = P::json_schema(&mut document::generator_of_bodies());
    let required = document::required(&schema);
    let taken = properties(&schema).map(|(name, about)| Taken {
        name: name.clone(),
        description: document::description(about),
        needed: required.contains(&name.as_str()),
    });
    taken.collect()
}
