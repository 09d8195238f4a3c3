//! What an act did to the rules of a framework: how figures are rated, who decides, who signs, its lists.

use piperoll_events::decision_right::DecisionRight;
use piperoll_events::framework::decision_right_set::RightState;
use piperoll_events::framework::{Framework, ScaleSet};
use piperoll_events::rating::{RatingRule, Scale};
use piperoll_events::sign_off::{SignOffChain, Signer, SigningMode, Stage};
use piperoll_events::taxonomy::Taxonomy;
use piperoll_events::{Fact, Quantity};

use super::Telling;
use super::changed::{Parts, Row, differing};
use super::people::People;
use crate::api::problem::Problem;
use crate::web::lang::{Lang, Written};
use crate::web::shown::with_unit;

fn own(text: impl Into<String>) -> Written {
    Written::own(text.into())
}

/// How figures are rated, part by part.
pub(super) fn rule(lang: Lang, rule: &RatingRule) -> Parts {
    let number = |it: Quantity| own(with_unit(it, None));
    let tolerance = rule.tolerance.as_ref();
    vec![
        ("rule-met", Some(lang.english(rule.met.as_str()))),
        ("rule-near", rule.near.as_ref().map(|it| lang.english(it.as_str()))),
        ("rule-missed", Some(lang.english(rule.missed.as_str()))),
        ("rule-rate", tolerance.and_then(|it| it.rate).map(number)),
        ("rule-absolute", tolerance.and_then(|it| it.absolute).map(number)),
        ("rule-compares", Some(own(lang.word("compare", &rule.compare)))),
        ("rule-ends", Some(own(lang.word("ends", &rule.ends)))),
    ]
}

/// The rule that stood before.
///
/// # Errors
/// NATS.
pub(super) async fn earlier_rule(telling: &Telling<'_>) -> Result<Option<Parts>, Problem> {
    let lang = telling.visit.lang;
    let found = telling.earlier(|fact| match fact {
        Fact::Framework(Framework::RatingRuleSet(it)) => Some(rule(lang, &it.rule)),
        Fact::Framework(Framework::ScaleSet(it)) => {
            it.rating_rule.as_ref().map(|it| rule(lang, it))
        }
        Fact::Framework(Framework::Adopted(it)) => it.rating_rule.as_ref().map(|it| rule(lang, it)),
        _ => None,
    });
    found.await
}

/// The words of a scale, the best first.
pub(super) fn scale(lang: Lang, scale: &Scale) -> Written {
    let words = scale.levels.iter().map(|level| lang.pick(&level.words).text);
    own(words.collect::<Vec<_>>().join(", "))
}

/// Another scale, and the rule that came with it.
///
/// # Errors
/// NATS.
pub(super) async fn rescaled(telling: &Telling<'_>, it: &ScaleSet) -> Result<Vec<Row>, Problem> {
    let lang = telling.visit.lang;
    let old = telling.earlier(|fact| match fact {
        Fact::Framework(Framework::ScaleSet(it)) => Some(scale(lang, &it.scale)),
        Fact::Framework(Framework::Adopted(it)) => it.scale.as_ref().map(|it| scale(lang, it)),
        _ => None,
    });
    let mut rows = vec![Row::of(lang, "scale", old.await?, Some(scale(lang, &it.scale)))];
    if let Some(new) = &it.rating_rule {
        rows.extend(differing(lang, earlier_rule(telling).await?, rule(lang, new)));
    }
    Ok(rows)
}

/// Who may decide what.
pub(super) fn right(lang: Lang, right: &DecisionRight, state: RightState) -> Row {
    let subject = lang.word("change-subject", &right.subject);
    let class = lang.word("change-class", &right.class);
    let mut parts = vec![right.by.to_string(), lang.word("authority", &right.kind).into_owned()];
    parts.extend(right.resolutions.iter().map(|it| lang.word("resolution", it).into_owned()));
    parts.extend(right.call_in_days.map(|days| lang.count("right-call-in", days.into())));
    parts.extend(
        right.consult.iter().map(|whom| lang.say_with("right-consult", &[("whom", whom.as_str())])),
    );
    let told = Some(own(parts.join("; ")));
    let what = own(format!("{subject} ({class})"));
    match state {
        RightState::InForce => Row { what, before: None, after: told },
        RightState::Withdrawn => Row { what, before: told, after: None },
    }
}

/// The stages of signing, each as it was and as it is.
///
/// # Errors
/// NATS.
pub(super) async fn chain(
    telling: &Telling<'_>,
    chain: &SignOffChain,
    people: &People,
) -> Result<Vec<Row>, Problem> {
    let lang = telling.visit.lang;
    let old = telling.earlier(|fact| match fact {
        Fact::Framework(Framework::SignOffChainSet(it)) => Some(it.chain.stages.clone()),
        _ => None,
    });
    let old = old.await?.unwrap_or_default();
    let told = |it: &Stage| own(stage(lang, it, people));
    let of = |stages: &[Stage], code: &str| {
        stages.iter().find(|stage| stage.code.as_str() == code).map(told)
    };
    let gone = old.iter().filter(|it| of(&chain.stages, it.code.as_str()).is_none());
    let rows = chain.stages.iter().chain(gone).map(|it| Row {
        what: lang.pick(&it.title),
        before: of(&old, it.code.as_str()),
        after: of(&chain.stages, it.code.as_str()),
    });
    Ok(rows.filter(|row| row.before != row.after).collect())
}

fn stage(lang: Lang, stage: &Stage, people: &People) -> String {
    let signers = stage.signers.iter().map(|signer| match signer {
        Signer::Post { post } => people.post(*post).text,
        Signer::Accountable {} => lang.say("duty-accountable").into_owned(),
        Signer::Steward {} => lang.say("duty-steward").into_owned(),
    });
    let scope = stage.covers.iter().map(|scope| lang.word("scope", scope).into_owned());
    let mode = match stage.mode {
        SigningMode::One {} => lang.say("mode-one").into_owned(),
        SigningMode::All {} => lang.say("mode-all").into_owned(),
        SigningMode::AtLeast { signatures } => lang.count("mode-at-least", signatures.into()),
    };
    let signers = signers.collect::<Vec<_>>().join(", ");
    let scope = scope.collect::<Vec<_>>().join(", ");
    format!("{scope}; {signers}; {mode}")
}

/// A list of the body's own, as it was and as it is.
///
/// # Errors
/// NATS.
pub(super) async fn listed(
    telling: &Telling<'_>,
    taxonomy: &Taxonomy,
) -> Result<Vec<Row>, Problem> {
    let lang = telling.visit.lang;
    let terms = |it: &Taxonomy| {
        let terms = it.terms.iter().map(|term| lang.pick(&term.title).text);
        own(terms.collect::<Vec<_>>().join(", "))
    };
    let old = telling.earlier(|fact| match fact {
        Fact::Framework(Framework::TaxonomySet(it)) if it.taxonomy.code == taxonomy.code => {
            Some(terms(&it.taxonomy))
        }
        _ => None,
    });
    let row =
        Row { what: lang.pick(&taxonomy.title), before: old.await?, after: Some(terms(taxonomy)) };
    Ok(vec![row])
}
