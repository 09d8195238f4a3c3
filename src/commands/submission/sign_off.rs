//! Accept exact content at one stage.

use piperoll_events::ids::{FrameworkId, MeasureId, PostId, SubmissionId};
use piperoll_events::measure::duty_ended::Duty;
use piperoll_events::sign_off::{Covered, SignedScope, Signer, Stage};
use piperoll_events::submission::SignedOff;
use piperoll_events::text::{Label, Prose};
use piperoll_events::{EntityRef, Period, Position};

use super::Submission;
use crate::commands::framework::Framework;
use crate::commands::measure::Measure;
use crate::commands::post::Post;
use crate::commands::{Command, Decision, Ground, Rejection, Witness};

/// Sign a submission off, as it was shown.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOff {
    /// The measure.
    pub measure: MeasureId,
    /// What the figures are about; absent: the measure as a whole.
    pub period: Option<Period>,
    /// The measure's framework, whose chain says who signs what.
    pub framework: FrameworkId,
    /// At which stage.
    pub stage: Label,
    /// The post that signs.
    pub post: PostId,
    /// Every version that was shown.
    pub covers: Vec<Covered>,
    /// The level that was shown, where figures are rated.
    pub rating: Option<Label>,
    /// What the signer says of it.
    pub statement: Option<Prose>,
}

impl Command for SignOff {
    const NAME: &'static str = "submission.sign_off";
    type Entity = Submission;

    fn entity(&self) -> EntityRef {
        SubmissionId::of(self.measure, self.period).into()
    }

    fn relies_on(&self, _: &Submission) -> Vec<EntityRef> {
        vec![self.measure.into(), self.framework.into(), self.post.into()]
    }

    fn decide(&self, submission: &Submission, ground: &Ground<'_>) -> Result<Decision, Rejection> {
        if submission.content_from().is_none() {
            return Err(Rejection::Missing("content to be signed"));
        }
        let Some(framework) = ground.find::<Framework>(self.framework) else {
            // While a ledger moves in, a file tells of signatures under chains that it doesn't.
            return match ground.witness {
                Witness::Elsewhere => Ok(Decision::record(self.fact(Vec::new()))),
                Witness::Here => Err(Rejection::Missing("the framework")),
            };
        };
        let stage = framework.stage(&self.stage)?;
        let measure = ground.find::<Measure>(self.measure);
        let measure = measure.filter(|measure| measure.is_of(self.framework));
        let measure = measure.ok_or(Rejection::Missing("the measure in this framework"))?;
        Post::known(ground, self.post)?;
        self.may_sign(stage, measure)?;
        self.covers_what_stands(stage, (submission, measure, framework))?;
        if submission.entered_by.contains(&ground.person) {
            return Err(Rejection::SameHands);
        }
        let stands = submission.signatures.iter().any(|signature| {
            signature.stage == self.stage
                && signature.post == self.post
                && signature.covers == self.covers
        });
        if stands {
            return Ok(Decision::Unchanged);
        }
        Ok(Decision::record(self.fact(stage.covers.clone())))
    }
}

impl SignOff {
    fn fact(&self, scope: Vec<SignedScope>) -> SignedOff {
        SignedOff {
            measure: self.measure,
            period: self.period,
            stage: self.stage.clone(),
            scope,
            post: self.post,
            covers: self.covers.clone(),
            rating: self.rating.clone(),
            statement: self.statement.clone(),
        }
    }

    fn may_sign(&self, stage: &Stage, measure: &Measure) -> Result<(), Rejection> {
        let signs = |signer: &Signer| match signer {
            Signer::Post { post } => *post == self.post,
            Signer::Accountable {} => measure.has_duty(Duty::Accountable, self.post),
            Signer::Steward {} => measure.has_duty(Duty::Steward, self.post),
        };
        if stage.signers.iter().any(signs) {
            return Ok(());
        }
        Err(Rejection::NotASigner(stage.code.clone()))
    }

    /// What is covered is in force, and nothing that the stage covers is left out.
    fn covers_what_stands(
        &self,
        stage: &Stage,
        (submission, measure, framework): (&Submission, &Measure, &Framework),
    ) -> Result<(), Rejection> {
        let figures = submission.said_at();
        let (definition, rule) = (measure.defined_at(), framework.ruled_at());
        let words = submission.words_at;
        let in_force = |position: Position| {
            [figures, submission.content_from(), definition, rule, words].contains(&Some(position))
                || measure.aims_since(position)
        };
        let needed = stage.covers.iter().flat_map(|scope| match scope {
            SignedScope::Figures => [figures, None],
            SignedScope::Judgement => [definition, rule],
            SignedScope::Words => [words, None],
        });
        let covered = |position| self.covers.iter().any(|it| it.position == position);
        let whole = needed.flatten().all(covered);
        if whole && self.covers.iter().all(|it| in_force(it.position)) {
            return Ok(());
        }
        Err(Rejection::OtherContent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::framework::examples::{adopted as framework_adopted, chain};
    use crate::commands::measure::examples::{adopted as measure_adopted, reason};
    use crate::commands::spec::{Given, given, person};
    use crate::commands::submission::examples::{cell, measure, period, submitted};
    use piperoll_events::Fact;
    use piperoll_events::framework::SignOffChainSet;
    use piperoll_events::measure::{DefinitionSet, StewardAssigned};
    use piperoll_events::post::{Created, created::PostKind};
    use piperoll_events::submission::Revised;
    use piperoll_events::text::{Digest, Words};
    use piperoll_events::{Definition, Polarity};

    fn framework() -> FrameworkId {
        FrameworkId::derived(&["f"])
    }

    fn steward() -> PostId {
        PostId::derived(&["steward"])
    }

    /// A submission under a chain; the measure's definition stands at 1, the rule at 1.
    fn under_a_chain(history: Vec<Fact>) -> Given {
        under(history, Vec::new())
    }

    fn under(history: Vec<Fact>, more_of_the_measure: Vec<Fact>) -> Given {
        let set = SignOffChainSet { chain: chain(), reason: reason(), authority: None };
        let assigned = StewardAssigned {
            post: steward(),
            from: "2021-04-01".parse().unwrap(),
            reason: reason(),
            authority: None,
        };
        let title = Words { en: "Data steward".parse().unwrap(), cy: None };
        let post = Created { title, kind: PostKind::Officer, organisation: None, reason: reason() };
        let mut of_measure: Vec<Fact> = vec![measure_adopted().into(), assigned.into()];
        of_measure.extend(more_of_the_measure);
        given(history)
            .beside(framework(), [framework_adopted().into(), set.into()])
            .beside(measure(), of_measure)
            .beside(steward(), [post.into()])
            .by(person("steward"))
    }

    fn sign(stage: &str, positions: &[u64]) -> SignOff {
        let digest = Digest::new([7; 32]);
        SignOff {
            measure: measure(),
            period: Some(period()),
            framework: framework(),
            stage: stage.parse().unwrap(),
            post: steward(),
            covers: positions
                .iter()
                .map(|at| Covered { position: Position(*at), digest })
                .collect(),
            rating: "green".parse().ok(),
            statement: None,
        }
    }

    fn revised() -> Revised {
        Revised {
            measure: measure(),
            period: period(),
            content_from: Position(1),
            changed: vec![cell("", "97.9")],
            removed: Vec::new(),
            rating_as_reported: None,
            reason: reason(),
        }
    }

    fn signed(positions: &[u64]) -> SignedOff {
        sign("verified", positions).fact(vec![SignedScope::Figures, SignedScope::Judgement])
    }

    #[test]
    fn a_signature_covers_what_stands_and_names_the_scope_of_its_stage() {
        let one = sign("verified", &[1]);
        under_a_chain(vec![submitted().into()]).when(&one).then_recorded(signed(&[1]));
        let again = vec![submitted().into(), signed(&[1]).into()];
        under_a_chain(again).when(&one).then_unchanged();
        under_a_chain(Vec::new()).when(&one).then_refused("missing");
    }

    #[test]
    fn a_figure_revised_while_it_was_shown_is_not_signed() {
        let history = vec![submitted().into(), revised().into()];
        under_a_chain(history.clone()).when(&sign("verified", &[1])).then_refused("other_content");
        under_a_chain(history).when(&sign("verified", &[1, 2])).then_recorded(signed(&[1, 2]));
    }

    #[test]
    fn a_definition_set_while_it_was_shown_is_not_signed_under_the_old_one() {
        let definition = Definition::bare(Polarity::LowerIsBetter {});
        let set = DefinitionSet { definition, reason: reason(), authority: None, change: None };
        let given = || under(vec![submitted().into()], vec![set.clone().into()]);
        given().when(&sign("verified", &[1])).then_refused("other_content");
        given().when(&sign("verified", &[1, 3])).then_recorded(signed(&[1, 3]));
    }

    #[test]
    fn only_the_signers_of_a_stage_sign_it_and_never_who_entered_the_figure() {
        let given = || under_a_chain(vec![submitted().into()]);
        given().when(&sign("accepted", &[1])).then_refused("not_a_signer");
        given().when(&sign("approved", &[1])).then_refused("no_such_stage");
        given().by(person("writer")).when(&sign("verified", &[1])).then_refused("same_hands");
        let mut nobody = sign("verified", &[1]);
        nobody.post = PostId::derived(&["nobody"]);
        given().when(&nobody).then_refused("missing");
    }

    #[test]
    fn a_signature_told_by_a_file_is_recorded_as_it_is_told() {
        let told = sign("verified", &[1]);
        let given = given([submitted().into()]).elsewhere();
        given.when(&told).then_recorded(told.fact(Vec::new()));
    }
}
