//! One cell of a row, read as the mapping says: a number, a word, a text, or none; and the cells
//! that speak of the measure itself.
//!
//! **Invariant:** a blank, a nought and a word mean what the mapping says they mean and nothing
//! else; a text that a spreadsheet would take for a formula never passes unseen.

use std::collections::BTreeMap;

use piperoll_events::Quantity;
use piperoll_events::cell::FigureStatus;
use piperoll_events::text::{Label, NotText, Prose};

use super::cells::{Cells, either};
use super::checks::shown;
use super::numbers::{looks_like_formula, number};
use super::reading::{DefinitionPart, Finding, MeasureKey, Said, Statement};
use super::rows::{Read, RowReader};
use super::says::{Blank, DefinitionColumn, Field};

impl RowReader<'_> {
    /// What the row says of the measure itself, as far as it is news.
    pub(super) fn definitions(
        &mut self,
        cells: &Cells<'_>,
        measure: &MeasureKey,
    ) -> Read<Vec<Statement>> {
        let says = self.says;
        let mut found = Vec::new();
        if let Some(field) = &says.unit
            && let Said::Value(unit) = self.label(cells, field)?
            && self.is_news(measure, DefinitionPart::Unit, unit.as_str())
        {
            found.push(Statement::Unit { unit });
        }
        if says.code.listed.as_ref().is_some_and(|listed| {
            let now = cells.find(&listed.now).map_or("", |(_, text)| text.trim());
            cells.meet(&listed.when) && !now.is_empty()
        }) {
            found.push(Statement::Listed);
        }
        let spoken = |rule: &&DefinitionColumn| rule.when.as_ref().is_none_or(|w| cells.meet(w));
        for rule in says.definitions.iter().filter(spoken) {
            let now = self.prose(cells, &rule.now)?;
            let before = match &rule.before {
                Some(field) => self.prose(cells, field)?,
                None => Said::Silent,
            };
            let text = now.value().map_or("", |text| text.as_str());
            if !now.is_silent() && self.is_news(measure, rule.part, text) {
                found.push(Statement::Definition { part: rule.part, now, before });
            }
        }
        Ok(found)
    }

    fn is_news(&mut self, measure: &MeasureKey, part: DefinitionPart, text: &str) -> bool {
        let key = (measure.clone(), part);
        self.said.insert(key, text.to_owned()).is_none_or(|before| before != text)
    }

    /// A field's text, where it says something.
    fn said<'c>(
        &mut self,
        cells: &'c Cells<'_>,
        field: &'c Field,
    ) -> Read<Said<(&'c str, &'c str)>> {
        let Some((column, text)) = cells.find(&field.columns) else {
            if field.optional {
                return Ok(Said::Silent);
            }
            return Err(self.missing(cells, &field.columns));
        };
        let bare = text.trim();
        if text.contains('\u{FFFD}') {
            let right = "write the letter again; it was lost before the file came here".to_owned();
            return Err(self.report(cells, column, text, "letter_lost", "a letter is lost", right));
        }
        let none = field.nothing.iter().any(|rule| {
            let here = rule.when.as_ref().is_none_or(|when| cells.meet(when));
            here && rule.texts.iter().any(|none| same(none.trim(), bare))
        });
        match field.blank {
            _ if none => Ok(Said::Nothing),
            Blank::Nothing if bare.is_empty() => Ok(Said::Nothing),
            Blank::Silent if bare.is_empty() => Ok(Said::Silent),
            Blank::Refuse if bare.is_empty() => {
                let right = "fill it in, or say in the mapping what a blank means".to_owned();
                Err(self.report(cells, column, text, "blank", "there is nothing here", right))
            }
            _ => Ok(Said::Value((column, text))),
        }
    }

    pub(super) fn quantity(&mut self, cells: &Cells<'_>, field: &Field) -> Read<Said<Quantity>> {
        let (column, text) = match self.said(cells, field)? {
            Said::Silent => return Ok(Said::Silent),
            Said::Nothing => return Ok(Said::Nothing),
            Said::Value(found) => found,
        };
        number(text, &self.says.numbers).map(Said::Value).map_err(|(wrong, right)| {
            let formula = looks_like_formula(text);
            let problem = if formula { "looks_like_formula" } else { "number" };
            self.report(cells, column, text, problem, &wrong, right)
        })
    }

    pub(super) fn label(&mut self, cells: &Cells<'_>, field: &Field) -> Read<Said<Label>> {
        let (column, text) = match self.said(cells, field)? {
            Said::Silent => return Ok(Said::Silent),
            Said::Nothing => return Ok(Said::Nothing),
            Said::Value(found) => found,
        };
        let word = self.word(cells, field, column, text)?;
        if looks_like_formula(text) {
            let right = "take the first sign away".to_owned();
            let wrong = "a spreadsheet would take it for a formula";
            return Err(self.report(cells, column, text, "looks_like_formula", wrong, right));
        }
        word.parse().map(Said::Value).map_err(|error: NotText| {
            let right = "write plain text on one line".to_owned();
            self.report(cells, column, text, "text", &error.to_string(), right)
        })
    }

    pub(super) fn prose(&mut self, cells: &Cells<'_>, field: &Field) -> Read<Said<Prose>> {
        let (column, text) = match self.said(cells, field)? {
            Said::Silent => return Ok(Said::Silent),
            Said::Nothing => return Ok(Said::Nothing),
            Said::Value(found) => found,
        };
        let words = self.word(cells, field, column, text)?;
        if looks_like_formula(text) {
            self.odd.push(Finding {
                line: cells.line(),
                column: shown(column),
                value: shown(text),
                problem: "looks_like_formula",
                wrong: "a spreadsheet would take it for a formula; it is kept as text".to_owned(),
                right: "take the first sign away, if it is none of the text".to_owned(),
            });
        }
        words.parse().map(Said::Value).map_err(|error: NotText| {
            let right = "write plain text".to_owned();
            self.report(cells, column, text, "text", &error.to_string(), right)
        })
    }

    /// The word that the mapping puts for a text, where it lists words.
    fn word(&mut self, cells: &Cells<'_>, field: &Field, column: &str, text: &str) -> Read<String> {
        if field.words.is_empty() {
            return Ok(text.trim_end().to_owned());
        }
        field.words.get(text.trim()).cloned().ok_or_else(|| {
            let known: Vec<String> = field.words.keys().cloned().collect();
            let right = format!("write {}, or add the word to the mapping", either(&known));
            let wrong = "the mapping does not know this word";
            self.report(cells, column, text, "word", wrong, right)
        })
    }

    pub(super) fn status(
        &mut self,
        cells: &Cells<'_>,
        field: &Field,
    ) -> Read<(Said<FigureStatus>, Said<Label>)> {
        let raw = Field { words: BTreeMap::new(), ..field.clone() };
        let reported = self.label(cells, &raw)?;
        let status = match self.label(cells, field)? {
            Said::Silent => Said::Silent,
            Said::Nothing => Said::Nothing,
            Said::Value(word) => match word.as_str() {
                "provisional" => Said::Value(FigureStatus::Provisional),
                "final" => Said::Value(FigureStatus::Final),
                "estimate" => Said::Value(FigureStatus::Estimate),
                _ => Said::Nothing,
            },
        };
        Ok((status, reported))
    }
}

/// Two texts that are equal, or two numbers that are.
fn same(one: &str, other: &str) -> bool {
    let number = |text: &str| text.parse::<Quantity>();
    one == other || number(one).is_ok_and(|one| number(other).is_ok_and(|other| one == other))
}
