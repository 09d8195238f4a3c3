//! A rating as it is shown: word, shape and colour, never colour alone.

use std::fmt;

use askama::filters::HtmlSafe;
use piperoll_events::rating::{Scale, ScaleLevel, Shape};
use piperoll_projections::score::Rating;

use super::lang::{Lang, Written};

/// A rating. Displayed, it is HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// In words.
    pub(super) words: Written,
    drawn: Option<Drawn>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Drawn {
    shape: Shape,
    /// `#rrggbb`, as the format has it.
    colour: String,
}

impl Mark {
    /// A rating on a body's scale.
    pub(super) fn of(lang: Lang, rating: &Rating, scale: Option<&Scale>) -> Self {
        let none =
            |key: &str| Self { words: Written::own(lang.say(key).into_owned()), drawn: None };
        match rating {
            Rating::Level(code) => {
                let levels = scale.map_or(&[][..], |scale| &scale.levels);
                match levels.iter().find(|level| level.code == *code) {
                    Some(level) => Self::level(lang, level),
                    None => Self { words: lang.english(code.to_string()), drawn: None },
                }
            }
            Rating::NoFigure => none("unrated-no-figure"),
            Rating::NoTarget => none("unrated-no-target"),
            Rating::NoRule => none("unrated-no-rule"),
            Rating::NotComparable => none("unrated-not-comparable"),
            Rating::TooEarly => none("unrated-too-early"),
            Rating::Tracker => none("unrated-tracker"),
            Rating::Suspended => none("unrated-suspended"),
            Rating::Suppressed => none("unrated-suppressed"),
        }
    }

    fn level(lang: Lang, level: &ScaleLevel) -> Self {
        // The format takes any short text for a colour; what is none is drawn in the text's own.
        let is_one = |text: &str| {
            let digits = text.strip_prefix('#').unwrap_or_default();
            digits.len() == 6 && digits.bytes().all(|it| it.is_ascii_hexdigit())
        };
        let colour = Some(level.colour.as_str()).filter(|text| is_one(text));
        let colour = colour.unwrap_or("currentColor").to_owned();
        Self { words: lang.pick(&level.words), drawn: Some(Drawn { shape: level.shape, colour }) }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(drawn) = &self.drawn else {
            return write!(f, r#"<span class="piperoll-unrated">{}</span>"#, self.words);
        };
        let shape = match drawn.shape {
            Shape::Circle => r#"<circle cx="8" cy="8" r="7"/>"#,
            Shape::Triangle => r#"<path d="M8 1 15 15H1z"/>"#,
            Shape::Square => r#"<path d="M1 1h14v14H1z"/>"#,
            Shape::Diamond => r#"<path d="M8 0l8 8-8 8-8-8z"/>"#,
            Shape::Star => {
                r#"<path d="M8 0l2.4 5.3 5.6.6-4.2 3.8 1.2 5.6L8 12.4l-5 2.9 1.2-5.6L0 5.9l5.6-.6z"/>"#
            }
        };
        write!(
            f,
            r#"<span class="piperoll-rating"><svg class="piperoll-rating__mark" aria-hidden="true" focusable="false" viewBox="0 0 16 16" width="16" height="16" fill="{}">{shape}</svg>{}</span>"#,
            drawn.colour, self.words
        )
    }
}

impl HtmlSafe for Mark {}

#[cfg(test)]
mod tests {
    use super::*;
    use piperoll_events::rating::Track;
    use piperoll_events::text::Words;

    fn shown(colour: &str, code: &str) -> String {
        let level = ScaleLevel {
            code: "red".parse().unwrap(),
            words: Words { en: "Off track".parse().unwrap(), cy: None },
            shape: Shape::Square,
            colour: colour.parse().unwrap(),
            track: Track::Off,
        };
        let scale = Scale { levels: vec![level] };
        Mark::of(Lang::En, &Rating::Level(code.parse().unwrap()), Some(&scale)).to_string()
    }

    #[test]
    fn a_rating_is_word_shape_and_colour() {
        let shown = shown("#b00020", "red");
        assert!(shown.contains("Off track") && shown.contains("<path"), "{shown}");
        assert!(shown.contains(r##"fill="#b00020""##), "{shown}");
    }

    #[test]
    fn a_colour_that_is_none_is_not_written_out() {
        let shown = shown("\"><script>", "red");
        assert!(shown.contains(r#"fill="currentColor""#), "{shown}");
        assert!(!shown.contains("script"), "{shown}");
    }

    #[test]
    fn a_level_that_the_scale_lacks_is_shown_by_its_code() {
        assert_eq!(shown("#b00020", "blue"), r#"<span class="piperoll-unrated">blue</span>"#);
    }
}
