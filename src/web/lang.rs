//! The two languages of pages.

use std::fmt;

use askama::filters::{Html, HtmlSafe, escape};
use piperoll_events::text::Words;

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lang {
    /// English.
    En,
    /// Welsh.
    Cy,
}

impl Lang {
    /// Both, English first.
    pub(super) const BOTH: [Self; 2] = [Self::En, Self::Cy];

    /// Its code (BCP 47).
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Cy => "cy",
        }
    }

    /// The other one.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::En => Self::Cy,
            Self::Cy => Self::En,
        }
    }

    /// What its addresses begin with.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::En => "",
            Self::Cy => "/cy",
        }
    }

    /// The language of an address.
    pub(super) fn of(path: &str) -> Self {
        if path == "/cy" || path.starts_with("/cy/") { Self::Cy } else { Self::En }
    }

    /// The same address in the other language.
    pub(super) fn mirrored(self, address: &str) -> String {
        match self {
            Self::En => format!("/cy{address}"),
            Self::Cy => match address.strip_prefix("/cy") {
                Some(rest) if rest.starts_with('/') => rest.to_owned(),
                Some(rest) => format!("/{rest}"),
                None => address.to_owned(),
            },
        }
    }

    /// What somebody wrote, in this language where they wrote it in both.
    pub(super) fn pick(self, words: &Words) -> Written {
        let (text, lang) = match (self, &words.cy) {
            (Self::Cy, Some(cy)) => (cy.as_str(), Self::Cy),
            _ => (words.en.as_str(), Self::En),
        };
        Written { text: text.to_owned(), foreign: (lang != self).then_some(lang) }
    }

    /// What somebody wrote in English alone.
    pub(super) fn english(self, text: impl Into<String>) -> Written {
        Written { text: text.into(), foreign: (self != Self::En).then_some(Self::En) }
    }
}

/// What somebody wrote, marked where it is in another language than the page (WCAG 3.1.2). Displayed,
/// it is HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// The words.
    pub(super) text: String,
    foreign: Option<Lang>,
}

impl Written {
    /// Words in the page's own language.
    pub(super) const fn own(text: String) -> Self {
        Self { text, foreign: None }
    }

    /// The words cut in two after so many letters at most, at a gap where there is one; none where there
    /// are no more.
    pub(super) fn cut(&self, letters: usize) -> Option<(Self, Self)> {
        let (end, _) = self.text.char_indices().nth(letters)?;
        let (first, _) = self.text.split_at_checked(end)?;
        let gap = first.rfind(char::is_whitespace).unwrap_or(end);
        let (first, rest) = self.text.split_at_checked(if gap == 0 { end } else { gap })?;
        let part = |text: &str| Self { text: text.to_owned(), foreign: self.foreign };
        Some((part(first), part(rest.trim_start())))
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = escape(&self.text, Html).map_err(|_| fmt::Error)?;
        match self.foreign {
            Some(lang) => write!(f, r#"<span lang="{}">{text}</span>"#, lang.code()),
            None => write!(f, "{text}"),
        }
    }
}

impl HtmlSafe for Written {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_mirror_and_that_leads_back() {
        for (en, cy) in [
            ("/", "/cy/"),
            (
                "/northmoor/scorecard?known_at=2022-10-14",
                "/cy/northmoor/scorecard?known_at=2022-10-14",
            ),
        ] {
            assert_eq!(Lang::En.mirrored(en), cy);
            assert_eq!(Lang::Cy.mirrored(cy), en);
            assert_eq!((Lang::of(en), Lang::of(cy)), (Lang::En, Lang::Cy));
        }
        assert_eq!(Lang::Cy.mirrored("/cy"), "/");
    }

    #[test]
    fn words_that_are_not_in_the_page_s_language_are_marked_and_none_is_markup() {
        let words = |en: &str, cy: Option<&str>| Words {
            en: en.parse().unwrap(),
            cy: cy.map(|cy| cy.parse().unwrap()),
        };
        let both = words("A & <b>", Some("Â"));
        assert_eq!(Lang::Cy.pick(&both).to_string(), "Â");
        assert_eq!(Lang::En.pick(&both).to_string(), "A &#38; &#60;b&#62;");
        let shown = Lang::Cy.pick(&words("Bins", None)).to_string();
        assert_eq!(shown, r#"<span lang="en">Bins</span>"#);
    }
}
