//! Days, periods and figures as people read them, in either language.

use std::fmt;

use askama::filters::{Html, HtmlSafe, escape};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Europe::London;
use piperoll_events::comparability::Comparability;
use piperoll_events::reason::ReasonCode;
use piperoll_events::target::Level;
use piperoll_events::{Authority, Breakdown, Period, Quantity, Reason, Target, TargetKey, Tier};
use piperoll_projections::score::{Direction, FigureState};
use piperoll_projections::scorecard::Line;

use super::lang::{Lang, Written};
use crate::asking::answer::Scored;
use crate::asking::made_under::MadeUnder;

impl Lang {
    /// `14 October 2022`.
    pub(super) fn day(self, day: NaiveDate) -> String {
        format!("{} {} {}", day.day(), self.month(day), day.year())
    }

    /// `14 October 2022 at 09:30`, in London.
    pub(super) fn moment(self, at: DateTime<Utc>) -> String {
        let there = at.with_timezone(&London);
        let (day, hour) = (self.day(there.date_naive()), there.format("%H:%M").to_string());
        self.say_with("day-and-hour", &[("day", &day), ("hour", &hour)])
    }

    /// A period by its months where it is made of whole ones, else by its days: `October to December
    /// 2023`.
    pub(super) fn period(self, period: Period) -> String {
        let (first, last) = period.days();
        let after = last.checked_add_days(Days::new(1)).unwrap_or(last);
        let whole = first.day() == 1 && after.day() == 1;
        if !whole {
            return self.span(&self.day(first), &self.day(last));
        }
        let (from, to) = (self.month(first), self.month(last));
        let (begins, ends) = (first.year(), last.year());
        if begins != ends {
            return self.span(&format!("{from} {begins}"), &format!("{to} {ends}"));
        }
        match (first.month(), last.month()) {
            (1, 12) => begins.to_string(),
            (one, other) if one == other => format!("{from} {begins}"),
            _ => format!("{} {ends}", self.span(&from, &to)),
        }
    }

    fn span(self, from: &str, to: &str) -> String {
        self.say_with("from-to", &[("from", from), ("to", to)])
    }

    fn month(self, day: NaiveDate) -> String {
        self.say(&format!("month-{}", day.month())).into_owned()
    }

    /// A level that is aimed at.
    pub(super) fn level(self, level: Level, unit: Option<&str>) -> String {
        match level.to {
            Some(to) => self.span(&grouped(level.at), &with_unit(to, unit)),
            None => with_unit(level.at, unit),
        }
    }

    /// What is aimed at, or that nothing is.
    pub(super) fn aimed(self, level: Option<Level>, unit: Option<&str>) -> String {
        level.map_or_else(|| self.say("no-target").into_owned(), |level| self.level(level, unit))
    }

    /// What a line's target aims at, in the unit of its time; what is said in words alone stands with
    /// the measure.
    pub(super) fn target(self, line: &Line, made: &MadeUnder) -> String {
        match (line.level(), &line.target) {
            (None, Some(_)) => self.say("target-in-words").into_owned(),
            (level, _) => self.aimed(level, made.target_unit(line)),
        }
    }

    /// What a target is for: its period, and the part and the tier where they are not the usual ones.
    pub(super) fn key(self, key: &TargetKey) -> String {
        let part = (!key.breakdown.is_headline()).then(|| parted(&key.breakdown));
        let tier = (key.tier != Tier::Expected).then(|| self.word("tier", &key.tier).into_owned());
        let more: Vec<String> = part.into_iter().chain(tier).collect();
        let period = self.period(key.period);
        if more.is_empty() { period } else { format!("{period} ({})", more.join(", ")) }
    }

    /// What was done, by its name in the format: `measure.target_changed`.
    pub(super) fn happened(self, happened: &str) -> String {
        self.word("happened", &happened.replace('.', "-")).into_owned()
    }

    /// Whether figures under a definition compare with those under the one before.
    pub(super) fn comparability(self, comparability: Comparability) -> String {
        match comparability {
            Comparability::Same {} => self.say("comparability-same").into_owned(),
            Comparability::SameAfterFactor { factor } => {
                self.say_with("comparability-factor", &[("factor", &factor.to_string())])
            }
            Comparability::Broken {} => self.say("comparability-broken").into_owned(),
        }
    }

    /// A target on one line.
    pub(super) fn aim(self, target: Option<&Target>, unit: Option<&str>) -> String {
        let Some(target) = target else { return self.say("no-target").into_owned() };
        let own = target.level.map(|level| self.level(level, unit));
        let points = target.points.iter().map(|point| {
            let level = self.level(point.level, unit);
            format!("{}: {level}", self.period(point.period))
        });
        let words = target.words.iter().map(|words| format!("“{words}”"));
        own.into_iter().chain(points).chain(words).collect::<Vec<_>>().join("; ")
    }

    /// A figure as it was published, in the unit of its time, or why there is none.
    pub(super) fn figure(self, line: &Scored<Line>, made: &MadeUnder) -> String {
        let headline = line.facts.headline.as_ref();
        match headline.and_then(|headline| Some((headline.value?, headline.position))) {
            Some((value, at)) => {
                let (value, unit) = made.published(&line.facts, value, at);
                with_unit(value, unit)
            }
            None => self.state(line.figure_state),
        }
    }

    /// Why there is no figure.
    pub(super) fn state(self, state: FigureState) -> String {
        self.word("state", &state).into_owned()
    }

    /// A direction, with a sign for the eye.
    pub(super) fn direction(self, direction: Direction) -> String {
        self.word("direction", &direction).into_owned()
    }

    /// Why: the code in words, and what somebody wrote.
    pub(super) fn reason(self, reason: &Reason) -> Why {
        let text = reason.text.as_ref().map(|text| self.english(text.to_string()));
        // Words without a code are a reason too.
        let code = match (&text, reason.code) {
            (Some(_), ReasonCode::NoneRecorded) => self.say("reason-in-words"),
            (_, code) => self.word("reason", &code),
        };
        let more = self.say("reason-whole").into_owned();
        Why { code: code.into_owned(), text, more, elsewhere: None }
    }

    /// Who decided, on one line.
    pub(super) fn authority(self, authority: &Authority) -> Written {
        let mut parts = vec![self.word("authority", &authority.kind).into_owned()];
        parts.extend(authority.body.iter().map(ToString::to_string));
        parts.extend(authority.decided_on.map(|day| self.day(day)));
        parts.extend(authority.resolution.map(|it| self.word("resolution", &it).into_owned()));
        parts.extend(authority.meeting.iter().map(ToString::to_string));
        parts.extend(authority.item.iter().map(ToString::to_string));
        parts.extend(authority.reference.iter().map(ToString::to_string));
        let state = self.word("authority-state", &authority.state);
        Written::own(format!("{} ({state})", parts.join(", ")))
    }
}

/// A text of more letters is cut, and the rest of it folded away.
const LONG: usize = 400;

/// Why something was done: the kind of reason, and what somebody wrote. Displayed, it is HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Why {
    code: String,
    text: Option<Written>,
    /// What leads to the rest of a long text.
    more: String,
    /// Where the rest stands; none: folded away here.
    elsewhere: Option<String>,
}

/// How much of a page may be taken by the rests of long texts, in bytes.
#[derive(Debug)]
pub(super) struct Room(usize);

impl Room {
    /// So many bytes.
    pub(super) const fn of(bytes: usize) -> Self {
        Self(bytes)
    }
}

impl Why {
    /// Whether no reason was asked for.
    pub(super) const fn is_empty(&self) -> bool {
        self.code.is_empty()
    }

    /// The same in what room there is: where its rest does not fit, it stands at an address.
    pub(super) fn within(mut self, room: &mut Room, elsewhere: impl FnOnce() -> String) -> Self {
        let rest = self.text.as_ref().and_then(|text| Some(text.cut(LONG)?.1.to_string().len()));
        let Some(rest) = rest else { return self };
        match room.0.checked_sub(rest) {
            Some(left) => room.0 = left,
            None => self.elsewhere = Some(elsewhere()),
        }
        self
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", escape(&self.code, Html).map_err(|_| fmt::Error)?)?;
        let Some(text) = &self.text else { return Ok(()) };
        let Some((first, rest)) = text.cut(LONG) else { return write!(f, ": “{text}”") };
        let html = |text: &str| escape(text, Html).map(|it| it.to_string()).map_err(|_| fmt::Error);
        let more = html(&self.more)?;
        if let Some(to) = &self.elsewhere {
            let to = html(to)?;
            return write!(f, r#": “{first}…” <a class="govuk-link" href="{to}">{more}</a>"#);
        }
        write!(
            f,
            r#": “{first}…” <details class="govuk-details"><summary class="govuk-details__summary"><span class="govuk-details__summary-text">{more}</span></summary><div class="govuk-details__text">“…{rest}”</div></details>"#
        )
    }
}

impl HtmlSafe for Why {}

/// Which part of the population, as the body's own lists have it: `sex: female; age: 25 to 34`.
pub(super) fn parted(breakdown: &Breakdown) -> String {
    let tags = breakdown.tags().iter();
    let parts: Vec<String> = tags.map(|tag| format!("{}: {}", tag.taxonomy, tag.code)).collect();
    parts.join("; ").replace('_', " ")
}

/// A figure with its unit: `67.8%`, `£1,250`, `12 days`.
pub(super) fn with_unit(value: Quantity, unit: Option<&str>) -> String {
    let value = grouped(value);
    match unit {
        None | Some("") => value,
        Some("%") => format!("{value}%"),
        Some("£") => match value.strip_prefix('−') {
            Some(value) => format!("−£{value}"),
            None => format!("£{value}"),
        },
        Some(unit) => format!("{value} {unit}"),
    }
}

/// Thousands apart, and a minus that a reader aloud calls one.
fn grouped(value: Quantity) -> String {
    let text = value.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("−", rest));
    let (whole, rest) = digits.split_once('.').map_or((digits, None), |(w, r)| (w, Some(r)));
    let mut grouped = String::from(sign);
    for (n, digit) in whole.chars().enumerate() {
        let left = whole.len().saturating_sub(n);
        if n > 0 && left.checked_rem(3) == Some(0) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(rest) = rest {
        grouped.push('.');
        grouped.push_str(rest);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_at_a_word_and_the_rest_of_it_folded_away() {
        let why = |text: &str| {
            Lang::En.reason(&Reason { code: ReasonCode::Error, text: text.parse().ok() })
        };
        let short = why("Typed < twice.").to_string();
        assert_eq!(short, "An error in the record: “Typed &#60; twice.”");
        let words = "gair ".repeat(200);
        let long = why(words.trim()).to_string();
        let (first, rest) = long.split_once("…” <details").unwrap();
        assert!(first.ends_with("gair") && first.chars().count() < 450, "{first}");
        assert!(rest.contains("<summary") && rest.contains("“…gair gair"), "{rest}");
        assert_eq!(long.matches("gair").count(), 200, "every word is there once");
        // A text without a gap is cut all the same, and between letters.
        assert_eq!(why(&"ŵ".repeat(1_000)).to_string().matches('ŵ').count(), 1_000);
        // Where there is no room for the rest, it is a link away.
        let mut room = Room::of(700);
        let [fits, doesnt] =
            [(), ()].map(|()| why(words.trim()).within(&mut room, || "/a?b&c".to_owned()));
        assert!(fits.to_string().contains("<details"), "{fits}");
        let told = doesnt.to_string();
        assert!(!told.contains("<details") && told.contains(r#"href="/a?b&#38;c""#), "{told}");
    }

    fn shown(text: &str, unit: Option<&str>) -> String {
        with_unit(text.parse().unwrap(), unit)
    }

    #[test]
    fn a_figure_is_shown_with_its_unit_and_its_thousands_apart() {
        assert_eq!(shown("205262", None), "205,262");
        assert_eq!(shown("1234567.50", Some("£")), "£1,234,567.50");
        assert_eq!(shown("-28", Some("%")), "−28%");
        assert_eq!(shown("-1000", Some("£")), "−£1,000");
        assert_eq!(shown("999", Some("days")), "999 days");
        assert_eq!(shown("0", Some("")), "0");
    }

    #[test]
    fn a_period_is_told_by_its_months() {
        for (period, en, cy) in [
            ("FY2023-Q3", "October to December 2023", "Hydref – Rhagfyr 2023"),
            ("FY2023", "April 2023 to March 2024", "Ebrill 2023 – Mawrth 2024"),
            ("2022", "2022", "2022"),
            ("2023-05", "May 2023", "Mai 2023"),
            ("2023-W14", "3 April 2023 to 9 April 2023", "3 Ebrill 2023 – 9 Ebrill 2023"),
        ] {
            let period: Period = period.parse().unwrap();
            assert_eq!((Lang::En.period(period), Lang::Cy.period(period)), (en.into(), cy.into()));
        }
    }

    #[test]
    fn a_day_is_told_in_both_languages() {
        let day = "2022-10-14".parse().unwrap();
        assert_eq!(Lang::En.day(day), "14 October 2022");
        assert_eq!(Lang::Cy.day(day), "14 Hydref 2022");
    }
}
