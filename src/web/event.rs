//! An event as pages name it: by its position, with the way to its page for whoever may read that.

use std::fmt;

use askama::filters::{Html, HtmlSafe, escape};
use piperoll_events::Position;

use super::lang::Lang;
use super::page::Visit;
use crate::identity::policy::What;

/// The name of an event: `event 383`. Displayed, it is HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EventName {
    words: String,
    /// Where it is told; none for readers who may not read events.
    address: Option<String>,
}

impl Visit {
    /// The event at a position.
    pub(super) fn event(&self, position: Position) -> EventName {
        let may = self.may(What::ReadEvents).unwrap_or(false);
        EventName {
            words: self.lang.event(position),
            address: may.then(|| self.address(&format!("/acts/{position}"))),
        }
    }

    /// A message around the name of an event, which stands in it as `event`.
    pub(super) fn say_event(
        &self,
        key: &str,
        position: Position,
        more: &[(&'static str, &str)],
    ) -> AroundEvent {
        let whole = self.lang.say_with(key, &[&[("event", HERE)], more].concat());
        let (before, after) = whole.split_once(HERE).unwrap_or((&whole, ""));
        AroundEvent {
            before: before.to_owned(),
            event: self.event(position),
            after: after.to_owned(),
        }
    }
}

impl Lang {
    /// `event 383`.
    pub(super) fn event(self, position: Position) -> String {
        self.say_with("event", &[("position", &position.to_string())])
    }
}

/// A character that no message holds.
const HERE: &str = "\u{FFFC}";

/// A sentence that names an event. Displayed, it is HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AroundEvent {
    before: String,
    event: EventName,
    after: String,
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| escape(text, Html).map(|it| it.to_string()).map_err(|_| fmt::Error);
        let words = text(&self.words)?;
        match &self.address {
            Some(to) => write!(f, r#"<a class="govuk-link" href="{}">{words}</a>"#, text(to)?),
            None => f.write_str(&words),
        }
    }
}

impl fmt::Display for AroundEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| escape(text, Html).map(|it| it.to_string()).map_err(|_| fmt::Error);
        write!(f, "{}{}{}", text(&self.before)?, self.event, text(&self.after)?)
    }
}

impl HtmlSafe for EventName {}
impl HtmlSafe for AroundEvent {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_link_for_whoever_may_read_it_and_words_for_others() {
        let named = |address: Option<&str>| EventName {
            words: Lang::Cy.event(Position(383)),
            address: address.map(str::to_owned),
        };
        assert_eq!(named(None).to_string(), "digwyddiad 383");
        let link = named(Some("/cy/northmoor/acts/383")).to_string();
        let expected = r#"<a class="govuk-link" href="/cy/northmoor/acts/383">digwyddiad 383</a>"#;
        assert_eq!(link, expected);
        let around =
            AroundEvent { before: "a < ".to_owned(), event: named(None), after: "; b".to_owned() };
        assert_eq!(around.to_string(), "a &#60; digwyddiad 383; b");
    }
}
