//! `signed-by`: at which stages a figure was signed, what each signature covers, and what has changed
//! since (QUESTIONS Q6).
//!
//! **Invariant:** a signature lapses by the first event within the scope of its stage that it does not
//! cover: one that came later, or one that was in force already when it was given.

use std::collections::BTreeMap;

use piperoll_events::ids::{ActorId, FrameworkId, MeasureId, PostId};
use piperoll_events::sign_off::{Covered, SignedScope, SigningMode, Stage};
use piperoll_events::text::{Label, Words};
use piperoll_events::{Period, Position, Tier};
use piperoll_projections::accountability::judged::Judged;
use piperoll_projections::accountability::signing::Said;
use piperoll_projections::accountability::words::Signing;
use piperoll_projections::score::Rating;
use piperoll_projections::scorecard::{Happened, MeasureLine};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LookedAt, Reply, count};
use crate::asking::answer::{AskingError, Desk};
use crate::asking::moment::When;

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SignedByQuestion")]
pub struct Asked {
    /// The measure, by code or id.
    pub measure: String,
    /// What the figure is about.
    pub period: Period,
}

/// A stage, and one signature at it or none.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Signed {
    /// The stage.
    pub stage: Label,
    /// What people call it; absent for a stage that the chain has no more.
    pub title: Option<Words>,
    /// What it covers.
    pub scope: Vec<SignedScope>,
    /// How many signatures it takes; absent for a stage that the chain has no more.
    pub mode: Option<SigningMode>,
    /// The post that signed or refused.
    pub post: Option<PostId>,
    /// What the post is called.
    pub post_title: Option<Words>,
    /// Who acted; the name stands in the vault.
    pub person: Option<ActorId>,
    /// For whom.
    pub acting_for: Option<ActorId>,
    /// How the role acted in stood where it was recorded.
    pub judged: Option<Judged>,
    /// Where it was signed or refused.
    pub position: Option<Position>,
    /// The versions covered.
    pub covers: Vec<Covered>,
    /// The level that was shown.
    pub rating: Option<String>,
    /// How it stands.
    pub state: State,
    /// What lapsed it, or took it back.
    pub ended_by: Option<Position>,
    /// Events after the last signature of any stage that touched what the stage covers.
    pub changed_after: Vec<Touch>,
}

/// How a signature stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SignatureState")]
pub enum State {
    /// It covers what stands.
    Current,
    /// Something within its scope is newer.
    Lapsed,
    /// It was taken back.
    Withdrawn,
    /// The post refused.
    Refused,
    /// Nobody signed yet.
    Outstanding,
}

/// What a page shows of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The measure.
    pub measure: MeasureId,
    /// Its framework.
    pub framework: FrameworkId,
    /// Where the versions shown were recorded.
    pub positions: Vec<Position>,
    /// The level shown.
    pub rating: Option<Label>,
}

/// An event that touched a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Touch {
    /// Where it stands.
    pub position: Position,
    /// What it touched.
    pub scope: SignedScope,
    /// What kind of version it is; of each kind the last is in force.
    pub kind: Kind,
}

/// Kinds of versions that signatures cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SignedKind")]
pub enum Kind {
    /// The value and the cells.
    Figures,
    /// What they mean.
    Definition,
    /// What they are held against.
    Target,
    /// How they are rated.
    Rule,
    /// What is said of them.
    Words,
}

/// What was said of a figure, and what a signature of it would have to cover.
#[derive(Debug, Clone)]
pub(crate) struct SigningKnown {
    stages: Vec<Stage>,
    said: Vec<Said>,
    touches: Vec<Touch>,
}

impl SigningKnown {
    /// Every signature and refusal as it stood at a position, by the place where it was given.
    pub(crate) fn at(&self, at: Position) -> BTreeMap<Position, Signed> {
        let said: Vec<Said> = self.said.iter().filter(|it| it.position <= at).cloned().collect();
        let touches = self.touches.iter().filter(|touch| touch.position <= at);
        let touches: Vec<Touch> = touches.copied().collect();
        let given = rows(&self.stages, &said, &touches).into_iter();
        given.filter_map(|row| Some((row.position?, row))).collect()
    }

    /// What lapsed a signature of this scope, recorded at a position.
    pub(crate) fn kind(&self, scope: &[SignedScope], at: Position) -> Option<Kind> {
        let here = |touch: &&Touch| touch.position == at && scope.contains(&touch.scope);
        self.touches.iter().find(here).map(|touch| touch.kind)
    }
}

impl Desk {
    /// Who signed a figure, and whether that still covers what stands.
    ///
    /// # Errors
    /// No such measure, or several; Postgres.
    pub async fn signed_by(
        &self,
        asked: Asked,
        when: When,
    ) -> Result<Reply<Asked, Signed>, AskingError> {
        let as_at = self.together(when).await?;
        let at = as_at.position;
        let line = self.measure_of(&asked.measure, When::At(at)).await?.1;
        let told = self.signing(&line, Some(asked.period), at).await?;
        let SigningKnown { stages, said, touches } = &told;
        let mut rows = rows(stages, said, touches);
        let positions: Vec<Position> = rows.iter().filter_map(|row| row.position).collect();
        let acts = self.acts.acts(&positions).await?;
        for row in &mut rows {
            let act = row.position.and_then(|position| acts.get(&position));
            row.person = act.map(|act| act.actor);
            row.acting_for = act.and_then(|act| act.on_behalf_of);
            row.judged = act.and_then(|act| act.judged.clone());
        }
        let mut by_state = BTreeMap::new();
        for row in &rows {
            count(&mut by_state, row.state);
        }
        let changes = super::number(touches.len());
        Ok(Reply {
            question: "signed-by",
            params: asked,
            as_at,
            looked_at: LookedAt { measures: 1, changes, ..LookedAt::default() },
            totals: [("by_state", by_state)].into(),
            withheld: 0,
            notes: conclusion(stages, &rows),
            rows,
        })
    }

    /// What was said of a figure by `at`, and what a signature of it would have to cover.
    ///
    /// # Errors
    /// Postgres.
    pub(crate) async fn signing(
        &self,
        line: &MeasureLine,
        period: Option<Period>,
        at: Position,
    ) -> Result<SigningKnown, AskingError> {
        let touches = self.touches(line.measure, line.framework, period, at).await?;
        let chain = self.acts.chain(line.framework, at).await?;
        let stages = chain.map(|(_, chain)| chain.stages).unwrap_or_default();
        let said = self.acts.said(line.measure, period, at).await?;
        Ok(SigningKnown { stages, said, touches })
    }

    /// The versions that a page shows of a figure, which a signature of it covers; and its rating.
    ///
    /// # Errors
    /// No such measure; Postgres.
    pub async fn shown(
        &self,
        measure: &str,
        period: Period,
        when: When,
    ) -> Result<Shown, AskingError> {
        let answer = self.submission(measure, Some(period), when).await?.answer;
        let facts = &answer.line.facts;
        let versions = [
            Some(answer.submission.headline.position),
            facts.target.as_ref().map(|target| target.position),
            facts.definition.as_ref().map(|definition| definition.position),
            facts.rule.as_ref().filter(|rule| rule.rule.is_some()).map(|rule| rule.position),
            answer.submission.commentary.as_ref().map(|words| words.position),
        ];
        let figures = answer.submission.versions.iter().rev();
        let mut figures = figures.filter(|it| it.happened != Happened::CommentaryWritten);
        let mut positions: Vec<Position> =
            versions.into_iter().flatten().chain(figures.next().map(|it| it.position)).collect();
        positions.sort_unstable();
        positions.dedup();
        let rating = match answer.line.rating {
            Rating::Level(level) => Some(level),
            _ => None,
        };
        let (measure, framework) = (facts.measure.measure, facts.measure.framework);
        Ok(Shown { measure, framework: FrameworkId::new(framework), positions, rating })
    }

    /// Every event that a signature of this figure may have to cover, by position.
    async fn touches(
        &self,
        measure: MeasureId,
        framework: uuid::Uuid,
        period: Option<Period>,
        at: Position,
    ) -> Result<Vec<Touch>, AskingError> {
        let mut touches = Vec::new();
        let mut touch = |position, scope, kind| touches.push(Touch { position, scope, kind });
        let submission = self.reader.submission(measure, period, at).await?;
        for version in submission.iter().flat_map(|submission| &submission.versions) {
            match version.happened {
                Happened::CommentaryWritten => {
                    touch(version.position, SignedScope::Words, Kind::Words);
                }
                _ => touch(version.position, SignedScope::Figures, Kind::Figures),
            }
        }
        for version in self.reader.definitions(measure, at).await? {
            touch(version.position, SignedScope::Judgement, Kind::Definition);
        }
        for position in self.reader.ruled_at(framework, at).await? {
            touch(position, SignedScope::Judgement, Kind::Rule);
        }
        for version in self.reader.targets(measure, at).await? {
            let key = &version.key;
            let judges = key.tier == Tier::Expected && key.breakdown.is_headline();
            if judges && period.is_some_and(|period| key.period.contains(period)) {
                touch(version.position, SignedScope::Judgement, Kind::Target);
            }
        }
        touches.sort_unstable();
        touches.dedup();
        Ok(touches)
    }
}

/// The stages in the order of the chain, each with what was said at it; then stages that the chain has
/// no more.
fn rows(stages: &[Stage], said: &[Said], touches: &[Touch]) -> Vec<Signed> {
    let mut rows = Vec::new();
    for stage in stages {
        let at_stage = said.iter().filter(|said| said.stage == stage.code.as_str());
        let mut found: Vec<Signed> = at_stage.filter_map(|it| signed(it, said, touches)).collect();
        for row in &mut found {
            (row.title, row.mode) = (Some(stage.title.clone()), Some(stage.mode));
        }
        if !found.iter().any(|row| matches!(row.state, State::Current | State::Lapsed)) {
            found.push(outstanding(stage));
        }
        rows.extend(found);
    }
    let of_old = said.iter().filter(|it| stages.iter().all(|s| s.code.as_str() != it.stage));
    rows.extend(of_old.filter_map(|it| signed(it, said, touches)));
    rows
}

fn outstanding(stage: &Stage) -> Signed {
    Signed {
        stage: stage.code.clone(),
        title: Some(stage.title.clone()),
        scope: stage.covers.clone(),
        mode: Some(stage.mode),
        post: None,
        post_title: None,
        person: None,
        acting_for: None,
        judged: None,
        position: None,
        covers: Vec::new(),
        rating: None,
        state: State::Outstanding,
        ended_by: None,
        changed_after: Vec::new(),
    }
}

/// A signature or a refusal; a withdrawal shows at the signature that it takes back.
fn signed(it: &Said, said: &[Said], touches: &[Touch]) -> Option<Signed> {
    let (state, ended_by) = match it.happened {
        Signing::Withdrawn => return None,
        Signing::Refused => (State::Refused, None),
        Signing::SignedOff => {
            let mut taken_back = said.iter().filter(|by| by.signed_at == Some(it.position));
            match (taken_back.next(), lapsed_by(it, touches)) {
                (Some(by), _) => (State::Withdrawn, Some(by.position)),
                (None, Some(by)) => (State::Lapsed, Some(by)),
                (None, None) => (State::Current, None),
            }
        }
    };
    let after = touches.iter().filter(|touch| touch.position > it.position);
    Some(Signed {
        stage: it.stage.parse().ok()?,
        title: None,
        scope: it.scope.clone(),
        mode: None,
        post: Some(it.post),
        post_title: it.title.clone(),
        person: None,
        acting_for: None,
        judged: None,
        position: Some(it.position),
        covers: it.covers.clone(),
        rating: it.rating.clone(),
        state,
        ended_by,
        changed_after: after.copied().collect(),
    })
}

/// The first event within a signature's scope that it does not cover, later than what it does.
fn lapsed_by(it: &Said, touches: &[Touch]) -> Option<Position> {
    let covers = |position| it.covers.iter().any(|covered| covered.position == position);
    let in_scope = || touches.iter().filter(|touch| it.scope.contains(&touch.scope));
    let from_birth = in_scope().find(|touch| {
        let newer_is_covered = in_scope().any(|newer| {
            newer.kind == touch.kind && newer.position > touch.position && covers(newer.position)
        });
        // Targets of several spans stand side by side; only what came after the rest is missed.
        let seen = it.covers.iter().any(|covered| covered.position > touch.position);
        let missed = !covers(touch.position) && !newer_is_covered;
        let side_by_side = touch.kind == Kind::Target && seen;
        touch.position < it.position && missed && !side_by_side
    });
    let later = || in_scope().find(|touch| touch.position > it.position);
    from_birth.or_else(later).map(|touch| touch.position)
}

/// `figures current to stage 1 of 3; words to none`.
fn conclusion(stages: &[Stage], rows: &[Signed]) -> Vec<String> {
    if stages.is_empty() {
        return vec!["The framework has no chain of sign-off.".to_owned()];
    }
    let current = |stage: &Stage| {
        rows.iter().any(|row| row.stage == stage.code && row.state == State::Current)
    };
    let scopes = [
        (SignedScope::Figures, "figures"),
        (SignedScope::Judgement, "judgement"),
        (SignedScope::Words, "words"),
    ];
    let parts: Vec<String> = scopes
        .iter()
        .filter_map(|(scope, word)| {
            let covering: Vec<&Stage> =
                stages.iter().filter(|stage| stage.covers.contains(scope)).collect();
            let reached = covering.iter().take_while(|stage| current(stage)).count();
            (!covering.is_empty())
                .then(|| format!("{word} current to {reached} of {}", covering.len()))
        })
        .collect();
    vec![format!("Stages signed: {}.", parts.join("; "))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use piperoll_events::text::Digest;

    const DIGEST: Digest = Digest::new([0; 32]);

    fn said(covers: &[u64], at: u64) -> Said {
        let covered = |at: &u64| Covered { position: Position(*at), digest: DIGEST };
        Said {
            position: Position(at),
            happened: Signing::SignedOff,
            stage: "verified".to_owned(),
            post: PostId::derived(&["p"]),
            title: None,
            signed_at: None,
            scope: vec![SignedScope::Figures, SignedScope::Judgement],
            covers: covers.iter().map(covered).collect(),
            rating: None,
            statement: None,
        }
    }

    fn touch(position: u64, kind: Kind) -> Touch {
        let scope = match kind {
            Kind::Figures => SignedScope::Figures,
            Kind::Words => SignedScope::Words,
            _ => SignedScope::Judgement,
        };
        Touch { position: Position(position), scope, kind }
    }

    fn lapsed(it: &Said, touches: &[(u64, Kind)]) -> Option<u64> {
        let touches: Vec<Touch> = touches.iter().map(|(at, kind)| touch(*at, *kind)).collect();
        lapsed_by(it, &touches).map(|position| position.0)
    }

    #[test]
    fn a_later_version_within_the_scope_lapses_a_signature_and_later_words_do_not() {
        let it = said(&[1, 2, 3], 9);
        let covered = [(1, Kind::Definition), (2, Kind::Figures), (3, Kind::Rule)];
        let with = |more: (u64, Kind)| lapsed(&it, &[&covered[..], &[more]].concat());
        assert_eq!(lapsed(&it, &covered), None);
        assert_eq!(with((12, Kind::Words)), None);
        assert_eq!(with((12, Kind::Figures)), Some(12));
        assert_eq!(with((12, Kind::Target)), Some(12));
    }

    #[test]
    fn a_version_in_force_when_the_signature_was_given_and_not_covered_lapses_it_from_birth() {
        let it = said(&[1, 2], 9);
        let race = [(1, Kind::Definition), (2, Kind::Figures), (8, Kind::Figures)];
        assert_eq!(lapsed(&it, &race), Some(8), "revised while it was in flight");
        let old = [(1, Kind::Figures), (2, Kind::Figures)];
        assert_eq!(lapsed(&said(&[2], 9), &old), None, "an older version is not missed");
    }
}
