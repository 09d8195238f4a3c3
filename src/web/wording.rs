//! The words of pages: Fluent messages, in a file a language beside each page.
//!
//! **Invariant:** a message stands in both languages, with the same variables; a test says which doesn't.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use serde::Serialize;
use unic_langid::LanguageIdentifier;

use super::lang::Lang;

/// The messages of one folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wording {
    pub(super) en: &'static str,
    pub(super) cy: &'static str,
}

/// The messages beside a page.
macro_rules! wording {
    () => {
        $crate::web::wording::Wording { en: include_str!("en.ftl"), cy: include_str!("cy.ftl") }
    };
}
pub(super) use wording;

impl Wording {
    const fn of(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Cy => self.cy,
        }
    }
}

static ENGLISH: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Lang::En));
static WELSH: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Lang::Cy));

fn all() -> impl Iterator<Item = Wording> {
    std::iter::once(super::frame::WORDING).chain(super::PAGES.iter().map(|page| page.wording))
}

fn bundle(lang: Lang) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = lang.code().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Both languages run from left to right; marks around what is put in would only be copied along.
    bundle.set_use_isolating(false);
    for wording in all() {
        let read = FluentResource::try_new(wording.of(lang).to_owned());
        // What can't be read is left out; the test below doesn't let it come to that.
        let (Ok(resource) | Err((resource, _))) = read;
        bundle.add_resource_overriding(resource);
    }
    bundle
}

impl Lang {
    /// A message.
    pub(super) fn say(self, key: &str) -> Cow<'static, str> {
        self.told(key, None)
    }

    /// A message with what is put into it.
    pub(super) fn say_with(self, key: &str, with: &[(&'static str, &str)]) -> String {
        let put = with.iter().map(|(name, value)| (*name, FluentValue::from((*value).to_owned())));
        self.told(key, Some(&put.collect())).into_owned()
    }

    /// A message about so many of something, called `count` in it.
    pub(super) fn count(self, key: &str, count: u64) -> String {
        self.told(key, Some(&std::iter::once(("count", FluentValue::from(count))).collect()))
            .into_owned()
    }

    /// A word of the format: `reason` and `late_data` is the message `reason-late-data`.
    pub(super) fn word(self, kind: &str, word: &impl Serialize) -> Cow<'static, str> {
        let word = serde_json::to_value(word).unwrap_or_default();
        self.say(&key(kind, word.as_str().unwrap_or("none")))
    }

    /// A word of the format, where pages have words for it.
    pub(super) fn find(self, kind: &str, word: &str) -> Option<Cow<'static, str>> {
        let key = key(kind, word);
        self.bundle().has_message(&key).then(|| self.say(&key))
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        match self {
            Self::En => &ENGLISH,
            Self::Cy => &WELSH,
        }
    }

    fn told(self, key: &str, with: Option<&FluentArgs<'_>>) -> Cow<'static, str> {
        let bundle = self.bundle();
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!(key, language = self.code(), "a page has no words for it");
            return Cow::Owned(key.to_owned());
        };
        let mut wrong = Vec::new();
        let text = bundle.format_pattern(pattern, with, &mut wrong).into_owned();
        if !wrong.is_empty() {
            tracing::error!(key, language = self.code(), ?wrong, "a page's words don't fit");
        }
        Cow::Owned(text)
    }
}

fn key(kind: &str, word: &str) -> String {
    format!("{kind}-{}", word.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use schemars::{JsonSchema, SchemaGenerator};
    use serde_json::Value;

    use super::*;

    /// Every message with the variables that stand in it, as its file has it.
    fn messages(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
        let mut found = BTreeMap::new();
        for wording in all() {
            let resource = FluentResource::try_new(wording.of(lang).to_owned()).unwrap();
            for entry in resource.entries() {
                let fluent_syntax::ast::Entry::Message(message) = entry else { continue };
                let text = format!("{:?}", message.value);
                let variables = text.split("VariableReference { id: Identifier { name: \"").skip(1);
                let names = variables.map(|rest| rest.split('"').next().unwrap().to_owned());
                let name = message.id.name.to_owned();
                let told_twice = found.insert(name.clone(), names.collect()).is_some();
                assert!(!told_twice, "`{name}` stands in two places");
            }
        }
        found
    }

    #[test]
    fn every_message_stands_in_both_languages_with_the_same_variables() {
        assert_eq!(messages(Lang::En), messages(Lang::Cy));
    }

    #[test]
    fn every_message_that_a_page_asks_for_is_there_and_every_one_there_is_asked_for() {
        let known: BTreeSet<String> = messages(Lang::En).into_keys().collect();
        let (mut asked, mut kinds) = (BTreeSet::new(), BTreeSet::new());
        for text in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web"))) {
            for begin in ["say(\"", "say_with(\"", "say_event(\"", "count(\"", "none(\""] {
                let found = text.split(begin).skip(1);
                asked.extend(found.map(|rest| rest.split('"').next().unwrap().to_owned()));
            }
            for begin in ["word(\"", "find(\""] {
                let found = text.split(begin).skip(1);
                kinds.extend(found.map(|rest| format!("{}-", rest.split('"').next().unwrap())));
            }
            // A key that is chosen first stands as a text of its own.
            asked.extend(known.iter().filter(|key| text.contains(&format!("\"{key}\""))).cloned());
        }
        kinds.insert("month-".to_owned());
        asked.extend(crate::operate::demo::PEOPLE.map(|person| person.what.to_owned()));
        let missing: Vec<_> = asked.difference(&known).collect();
        assert!(missing.is_empty(), "no page's words hold {missing:?}");
        let of_a_kind = |key: &&String| kinds.iter().any(|kind| key.starts_with(kind));
        let unused: Vec<_> = known.difference(&asked).filter(|key| !of_a_kind(key)).collect();
        assert!(unused.is_empty(), "no page asks for {unused:?}");
    }

    fn sources(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(sources(&path));
            } else if path.extension().is_some_and(|it| it == "html" || it == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(text.split("#[cfg(test)]").next().unwrap().to_owned());
            }
        }
        found
    }

    /// Every word of a closed list, by its schema.
    fn words<T: JsonSchema>() -> Vec<String> {
        let schema = T::json_schema(&mut SchemaGenerator::default());
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let choices = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        let one = choices.filter_map(|choice| choice.get("const").and_then(text));
        let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        let found: Vec<String> = one.chain(listed.filter_map(text)).collect();
        assert!(!found.is_empty(), "{schema:?}");
        found
    }

    /// Every event by what its type says: `measure-target_changed`.
    fn events() -> Vec<String> {
        let types = piperoll_events::schemas().into_iter().map(|event| event.event_type);
        let short =
            |it: &str| it.trim_start_matches("piperoll.").trim_end_matches(".v1").replace('.', "-");
        types.map(short).collect()
    }

    #[test]
    fn every_word_of_the_format_that_pages_show_has_its_message() {
        use piperoll_events::ease::Ease;
        use piperoll_events::measure::duty_ended::Duty;
        use piperoll_events::reason::{AuthorityKind, AuthorityState, ReasonCode, Resolution};
        use piperoll_events::sign_off::SignedScope;
        use piperoll_projections::score::{Direction, FigureState, Timing};
        use piperoll_projections::scorecard::{Happened, TargetHappened};

        use crate::asking::questions::{changes, dropped, signed_by};

        shown([
            ("reason", words::<ReasonCode>()),
            ("authority", words::<AuthorityKind>()),
            ("authority-state", words::<AuthorityState>()),
            ("resolution", words::<Resolution>()),
            ("ease", words::<Ease>()),
            ("timing", words::<Timing>()),
            ("duty", words::<Duty>()),
            ("scope", words::<SignedScope>()),
            ("direction", words::<Direction>()),
            ("state", words::<FigureState>()),
            ("submission", words::<Happened>()),
            ("target", words::<TargetHappened>()),
            ("part", words::<changes::Part>()),
            ("drop", words::<dropped::Drop>()),
            ("signature", words::<signed_by::State>()),
            ("touched", words::<signed_by::Kind>()),
        ]);
    }

    #[test]
    fn every_word_of_the_format_that_the_page_of_an_act_shows_has_its_message() {
        use piperoll_events::cell::FigureStatus;
        use piperoll_events::decision_right::{ChangeClass, ChangeSubject};
        use piperoll_events::definition::Aggregation;
        use piperoll_events::ledger::created::{BodyKind, Reality};
        use piperoll_events::measure::adopted::{MeasureLevel, Subject, Treatment};
        use piperoll_events::post::{created::PostKind, held::Basis};
        use piperoll_events::rating::{Compare, Ends};
        use piperoll_events::role::granted::RoleName;
        use piperoll_events::step::added::StepLevel;
        use piperoll_events::submission::no_value_declared::NoValue;
        use piperoll_events::{Channel, PeriodType};

        use crate::ledger::Signature;

        shown([
            ("state", words::<NoValue>()),
            ("treatment", words::<Treatment>()),
            ("looked-at", words::<MeasureLevel>()),
            ("subject", words::<Subject>()),
            ("aggregation", words::<Aggregation>()),
            ("period-type", words::<PeriodType>()),
            ("figure-status", words::<FigureStatus>()),
            ("compare", words::<Compare>()),
            ("ends", words::<Ends>()),
            ("change-subject", words::<ChangeSubject>()),
            ("change-class", words::<ChangeClass>()),
            ("step-level", words::<StepLevel>()),
            ("body-kind", words::<BodyKind>()),
            ("reality", words::<Reality>()),
            ("post-kind", words::<PostKind>()),
            ("basis", words::<Basis>()),
            ("role", words::<RoleName>()),
            ("channel", words::<Channel>()),
            ("worth", words::<Signature>()),
            ("happened", events()),
        ]);
    }

    /// Judges that every word of some kinds has a message.
    #[track_caller]
    fn shown<const COUNT: usize>(kinds: [(&str, Vec<String>); COUNT]) {
        let known = messages(Lang::En);
        for (kind, words) in kinds {
            for word in words {
                let key = key(kind, &word);
                assert!(known.contains_key(&key), "no message `{key}`");
            }
        }
    }

    #[test]
    fn welsh_counts_in_its_own_way() {
        assert_eq!(Lang::Cy.count("scorecard-count", 2), "Roedd dau fesur ar waith.");
        assert_eq!(Lang::Cy.count("scorecard-count", 10), "Roedd 10 mesur ar waith.");
        assert_eq!(Lang::En.count("scorecard-count", 1), "One measure was in use.");
    }
}
