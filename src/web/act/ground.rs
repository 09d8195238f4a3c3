//! The ground of an act: why, with which case, and on whose authority.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use piperoll_events::target::TargetCase;
use piperoll_events::{Authority, Fact, Reason};
use serde::Deserialize;

use super::Pair;
use crate::web::lang::{Lang, Written};

/// The ground. Each part stands in a field of its name, whatever the event.
#[derive(Default, Deserialize)]
pub(super) struct Ground {
    pub(super) reason: Option<Reason>,
    authority: Option<Authority>,
    case: Option<TargetCase>,
}

/// The types of events that name an authority where there is one.
static JUDGED: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let schemas = piperoll_events::schemas().into_iter();
    let names_one = schemas.filter(|event| {
        let properties = event.schema.get("properties");
        properties.is_some_and(|properties| properties.get("authority").is_some())
    });
    names_one.map(|event| event.event_type).collect()
});

impl Ground {
    /// The ground of a fact.
    pub(super) fn of(fact: &Fact) -> Self {
        let fact = serde_json::to_value(fact).unwrap_or_default();
        serde_json::from_value(fact).unwrap_or_default()
    }

    /// The case made for it, part by part.
    pub(super) fn case(&self, lang: Lang) -> Vec<Pair> {
        let Some(case) = &self.case else { return Vec::new() };
        let texts = [
            ("case-basis", &case.basis),
            ("case-rationale", &case.rationale),
            ("case-next", &case.next_steps),
        ];
        let texts = texts.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?)));
        let mut pairs: Vec<Pair> =
            texts.map(|(key, text)| Pair::of(lang, key, lang.english(text.to_string()))).collect();
        let review = case.review_on.map(|day| Written::own(lang.day(day)));
        pairs.extend(review.map(|day| Pair::of(lang, "case-review", day)));
        pairs
    }

    /// Who decided, part by part; none where nobody is asked who did.
    pub(super) fn authority(&self, lang: Lang, fact: &Fact) -> Vec<Pair> {
        let own = |text: std::borrow::Cow<'_, str>| Written::own(text.into_owned());
        let Some(authority) = &self.authority else {
            let asked = JUDGED.contains(fact.event_type());
            let none = Pair::of(lang, "authority", own(lang.say("authority-none")));
            return asked.then_some(none).into_iter().collect();
        };
        let kind = own(lang.word("authority", &authority.kind));
        let mut pairs = vec![Pair::of(lang, "authority-is", kind)];
        pairs.extend(authority.resolution.map(|resolution| {
            Pair::of(lang, "authority-resolution", own(lang.word("resolution", &resolution)))
        }));
        let day = authority.decided_on.map(|day| Written::own(lang.day(day)));
        pairs.extend(day.map(|day| Pair::of(lang, "authority-day", day)));
        for (key, label) in [
            ("authority-body", &authority.body),
            ("authority-meeting", &authority.meeting),
            ("authority-item", &authority.item),
            ("authority-reference", &authority.reference),
        ] {
            let told = label.iter().map(|label| lang.english(label.to_string()));
            pairs.extend(told.map(|told| Pair::of(lang, key, told)));
        }
        let consulted: Vec<String> = authority.consulted.iter().map(ToString::to_string).collect();
        if !consulted.is_empty() {
            let consulted = lang.english(consulted.join(", "));
            pairs.push(Pair::of(lang, "authority-consulted", consulted));
        }
        let state = own(lang.word("authority-state", &authority.state));
        pairs.push(Pair::of(lang, "authority-how", state));
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_missed_where_one_belongs_and_nowhere_else() {
        for (event, belongs) in [
            ("piperoll.measure.target_changed.v1", true),
            ("piperoll.framework.rating_rule_set.v1", true),
            ("piperoll.submission.revised.v1", false),
            ("piperoll.post.held.v1", false),
        ] {
            assert_eq!(JUDGED.contains(event), belongs, "{event}");
        }
    }
}
