//! Mappings: how one kind of file is read, written in TOML by whoever knows the file.
//!
//! **Invariant:** what a mapping does not say is not done. Every column is read, expected, or
//! ignored by name; what a blank, a nought or a word means is written down; an unknown key is
//! refused with its line.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use piperoll_events::Period;
use piperoll_events::definition::AssertedPart;
use piperoll_events::text::Digest;
use sha2::{Digest as _, Sha256};

pub use super::asserted::Asserted;
use super::asserted::PolarityWord;
use super::reading::MeasureKey;
use super::rows::slug;
use super::says::{COLUMN, HoldsKind, KnownFrom, Measures, Periods, Says};

/// A mapping, read and found sound.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub(super) says: Says,
    digest: Digest,
}

/// Why a text is no mapping; whoever wrote it acts next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Not TOML, or a key that mappings don't have, or a value that the key can't hold.
    #[error("mapping `{name}`, {what}")]
    Form {
        /// The mapping.
        name: String,
        /// Line, key, and what would be right.
        what: String,
    },
    /// Sound TOML that contradicts itself.
    #[error("mapping `{name}`, key `{key}`: {wrong}; {right}")]
    Key {
        /// The mapping.
        name: String,
        /// The key, with the table it stands in.
        key: String,
        /// What is wrong.
        wrong: String,
        /// What would be right.
        right: String,
    },
}

/// What the plan says for one file where the mapping leaves it open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constants {
    /// By the names that the mapping uses: periods in their written form (`FY2014-Q1`), a code.
    pub values: BTreeMap<String, String>,
    /// When the file was known, where neither its rows nor its name say so.
    pub known_at: Option<DateTime<Utc>>,
}

impl Mapping {
    /// Reads a mapping from the bytes of its file; `name` is for messages.
    ///
    /// # Errors
    /// Bytes that are no mapping: the message names line, key, and what would be right.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, MappingError> {
        let form = |what| MappingError::Form { name: name.to_owned(), what };
        let text = std::str::from_utf8(bytes)
            .map_err(|e| form(format!("byte {}: not UTF-8; save it as UTF-8", e.valid_up_to())))?;
        let says: Says = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count().saturating_add(1);
            form(format!("line {line}: {}", error.message().replace('\n', "; ")))
        })?;
        says.check().map_err(|(key, wrong, right)| MappingError::Key {
            name: name.to_owned(),
            key,
            wrong,
            right: right.to_owned(),
        })?;
        Ok(Self { says, digest: Digest::new(Sha256::digest(bytes).into()) })
    }

    /// SHA-256 of the mapping's bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// What the mapping states of a measure because no file does.
    #[must_use]
    pub fn asserted(&self, measure: &MeasureKey) -> Asserted {
        let says = &self.says.asserted;
        let polarity = says.polarity.find(measure).map(PolarityWord::polarity);
        let unit = says.unit.find(measure).cloned();
        let mut parts = Vec::new();
        let timed = self.says.figures.iter().any(|figure| figure.period != COLUMN);
        let found = [
            (polarity.is_some(), AssertedPart::Polarity),
            (!self.says.targets.is_empty(), AssertedPart::TargetShape),
            (timed, AssertedPart::Period),
            (unit.is_some(), AssertedPart::Unit),
        ];
        parts.extend(found.into_iter().filter(|(is, _)| *is).map(|(_, part)| part));
        Asserted {
            polarity,
            title: says.titles.get(measure.as_str()).cloned(),
            unit,
            treatment: says.treatment.find(measure).copied(),
            level: says.level,
            measures: says.measures,
            parts,
        }
    }

    /// The measures that the mapping names by itself, whatever file it reads.
    #[must_use]
    pub fn names_measure(&self, measure: &MeasureKey) -> bool {
        self.says.asserted.titles.contains_key(measure.as_str())
    }
}

impl Constants {
    /// Finds every constant that the mapping needs, and none that it does not.
    pub(super) fn resolve(&self, says: &Says) -> Result<BTreeMap<String, Period>, String> {
        let mut periods = BTreeMap::new();
        for name in says.period_names() {
            let text = self.values.get(name);
            let text = text.ok_or_else(|| {
                format!(
                    "the mapping needs the constant `{name}`, a \
                period such as `FY2014-Q1`; the plan does not give it"
                )
            })?;
            let period = text.parse().map_err(|_| {
                format!(
                    "the constant `{name}` is `{text}`, \
                which is no period; write it like `FY2014-Q1`, `2021` or `2021-04`"
                )
            })?;
            periods.insert(name.to_owned(), period);
        }
        if let Some(name) = says.code.constant.as_ref().filter(|n| !self.values.contains_key(*n)) {
            return Err(format!(
                "the mapping needs the constant `{name}`, the code of the file's \
                measure; the plan does not give it"
            ));
        }
        let used =
            |name: &str| periods.contains_key(name) || says.code.constant.as_deref() == Some(name);
        match self.values.keys().find(|name| !used(name)) {
            Some(name) => Err(format!(
                "the plan gives the constant `{name}`, which the mapping \
                does not use; remove it, or name it in the mapping"
            )),
            None => Ok(periods),
        }
    }
}

type Contradiction = (String, String, &'static str);

impl Says {
    fn check(&self) -> Result<(), Contradiction> {
        let no = |key: &str, wrong: &str, right| Err((key.to_owned(), wrong.to_owned(), right));
        if self.code.columns.is_empty() == self.code.constant.is_none() {
            return no("code", "needs either `columns` or `constant`", "give one of the two");
        }
        if self.figures.is_empty() && self.targets.is_empty() && self.definitions.is_empty() {
            return no("figure", "the mapping reads nothing", "add `[[figure]]` or `[[target]]`");
        }
        let by_column = |period: &str| period == COLUMN;
        let column_used = self.figures.iter().any(|f| by_column(&f.period))
            || self.targets.iter().any(|t| by_column(&t.span));
        if column_used && self.period.is_none() {
            return no("period", "there is no period column", "add `[period]` with its forms");
        }
        if self.period.as_ref().is_some_and(|p| p.forms.is_empty()) {
            return no("period.forms", "no form is listed", "list how periods are written");
        }
        if self.holds.measures == Measures::OfCode && self.code.constant.is_none() {
            return no(
                "holds.measures",
                "`of_code` needs a constant code",
                "use `fed` or `present`",
            );
        }
        let snapshot = self.holds.kind == HoldsKind::Snapshot;
        if snapshot && (self.change.is_some() || self.holds.parts.is_empty()) {
            return no(
                "holds",
                "a snapshot has no `[change]` and names its `parts`",
                "write parts = [\"figures\"], or kind = \"changes\"",
            );
        }
        self.check_words()
    }

    fn check_words(&self) -> Result<(), Contradiction> {
        for rule in &self.leave_out {
            if rule.values.is_empty() == rule.unless.is_empty() {
                let wrong = "needs either `where` or `unless`".to_owned();
                return Err(("leave_out".to_owned(), wrong, "give one of the two"));
            }
        }
        let known = &self.known_at;
        let stated = known.from == KnownFrom::Column && known.columns.is_empty();
        if stated || (known.from != KnownFrom::Plan && known.format.is_empty()) {
            let wrong = "needs `format`, and `columns` where it is a column".to_owned();
            return Err(("known_at".to_owned(), wrong, "write format = \"rfc3339\" or a pattern"));
        }
        let statuses = self.figures.iter().filter_map(|figure| figure.status.as_ref());
        for word in statuses.flat_map(|status| status.words.values()) {
            if !matches!(word.as_str(), "provisional" | "final" | "estimate" | "none") {
                return Err((
                    "figure.status.words".to_owned(),
                    format!("`{word}` is no status"),
                    "use `provisional`, `final`, `estimate` or `none`",
                ));
            }
        }
        let mut codes =
            self.breakdowns.iter().flat_map(|b| b.aliases.values().chain([&b.taxonomy]));
        if let Some(code) = codes.find(|code| slug(code) != **code) {
            return Err((
                "breakdown".to_owned(),
                format!("`{code}` is no code"),
                "use lower-case letters, digits and `_`",
            ));
        }
        let clash = |a: Option<char>, b: Option<char>| a.is_some() && a == b;
        if clash(self.numbers.thousands, self.numbers.decimal.or(Some('.'))) {
            return Err((
                "numbers".to_owned(),
                "one sign for thousands and decimals".to_owned(),
                "name two different ones",
            ));
        }
        Ok(())
    }

    /// The constants that the mapping uses as periods.
    pub(super) fn period_names(&self) -> impl Iterator<Item = &str> {
        let listed = match &self.holds.periods {
            Periods::Constants(names) => names.as_slice(),
            Periods::All => &[],
        };
        let figures = self.figures.iter().map(|figure| &figure.period);
        let targets = self.targets.iter().flat_map(|target| [&target.span, &target.point]);
        figures.chain(targets).chain(listed).map(String::as_str).filter(|name| *name != COLUMN)
    }
}
