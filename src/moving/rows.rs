//! One row under the heading becomes a row that says something, a row left out, or findings.
//!
//! **Invariant:** a row is read whole or not at all; every cell that is wrong in it is reported,
//! not only the first.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use piperoll_events::breakdown::Tag;
use piperoll_events::target::{Level, Point, TargetShape};
use piperoll_events::text::Label;
use piperoll_events::{Breakdown, Period, Target, TargetKey};

use super::cells::{Cells, either};
use super::checks::{Findings, shown};
use super::grammar::{self, NotRead, PeriodForm};
use super::mapping::Constants;
use super::numbers::{instant, looks_like_formula};
use super::reading::{
    DefinitionPart, Figure, Finding, MeasureKey, ReadRow, Refused, Said, Statement,
};
use super::says::{
    COLUMN, CodeStep, FigureColumns, FigurePart, KnownFrom, NoValueAbout, Says, TargetColumn,
};

/// What became of a row.
pub(super) enum Outcome {
    /// It says something.
    Said(ReadRow),
    /// The mapping leaves it out.
    LeftOut(Refused),
    /// Something in it is wrong, and was reported.
    Wrong,
}

/// Reads rows with a mapping; remembers what was said of a measure, so as not to repeat it.
pub(super) struct RowReader<'m> {
    pub(super) says: &'m Says,
    constants: &'m Constants,
    periods: BTreeMap<String, Period>,
    file_known_at: Option<DateTime<Utc>>,
    pub(super) said: HashMap<(MeasureKey, DefinitionPart), String>,
    pub(super) wrong: Findings,
    pub(super) odd: Findings,
}

/// A row that has something wrong in it; the finding is already written down.
pub(super) struct Reported;

pub(super) type Read<T> = Result<T, Reported>;

impl<'m> RowReader<'m> {
    pub(super) fn new(
        says: &'m Says,
        constants: &'m Constants,
        periods: BTreeMap<String, Period>,
        file_known_at: Option<DateTime<Utc>>,
    ) -> Self {
        let (wrong, odd) = (Findings::default(), Findings::default());
        Self { says, constants, periods, file_known_at, said: HashMap::new(), wrong, odd }
    }

    /// Reads one row.
    pub(super) fn read(&mut self, cells: &Cells<'_>) -> Outcome {
        let before = self.wrong.total();
        if let Some(left_out) = self.left_out(cells).or_else(|| self.ended(cells)) {
            return Outcome::LeftOut(left_out);
        }
        let says = self.says;
        for expected in &says.expected {
            if let Some((column, text)) = cells.find(&expected.columns)
                && !expected.values.iter().any(|value| value == text.trim())
            {
                let right = format!("the mapping is for {}", either(&expected.values));
                self.report(cells, column, text, "unexpected", "not what is expected here", right);
            }
        }
        let row = self.row(cells);
        match row {
            Ok(row) if self.wrong.total() == before => Outcome::Said(row),
            _ => Outcome::Wrong,
        }
    }

    fn row(&mut self, cells: &Cells<'_>) -> Read<ReadRow> {
        let known_at = self.known_at(cells);
        let (code, code_as_written) =
            self.code(cells, known_at.as_ref().ok().copied().flatten())?;
        let measure = self.split(cells, &code)?;
        let mut statements = self.definitions(cells, &measure)?;
        let figures = match self.no_value(cells, &code) {
            Some(declared) => vec![declared?],
            None => self.figures(cells, &code, &measure)?,
        };
        statements.extend(figures);
        let known_at = known_at?;
        Ok(ReadRow { line: cells.line(), known_at, measure, code_as_written, statements })
    }

    pub(super) fn report(
        &mut self,
        cells: &Cells<'_>,
        column: &str,
        value: &str,
        problem: &'static str,
        wrong: &str,
        right: String,
    ) -> Reported {
        let (line, column, value) = (cells.line(), shown(column), shown(value));
        let wrong = wrong.to_owned();
        self.wrong.push(Finding { line, column, value, problem, wrong, right });
        Reported
    }

    pub(super) fn missing(&mut self, cells: &Cells<'_>, columns: &[String]) -> Reported {
        let right = format!("name the column {}", either(columns));
        self.report(
            cells,
            &either(columns),
            "",
            "column_missing",
            "the row has no such column",
            right,
        )
    }

    fn left_out(&self, cells: &Cells<'_>) -> Option<Refused> {
        self.says.leave_out.iter().find_map(|rule| {
            let (column, text) = cells.find(&rule.columns)?;
            let is = |values: &[String]| values.iter().any(|value| value == text.trim());
            let out = is(&rule.values) || (!rule.unless.is_empty() && !is(&rule.unless));
            let why = || format!("{} (`{column}` is `{}`)", rule.reason, shown(text));
            out.then(|| Refused { line: cells.line(), code: "other_series", why: why() })
        })
    }

    /// A list of changes takes back that there is no value: the figures beside it say so already.
    fn ended(&self, cells: &Cells<'_>) -> Option<Refused> {
        let kind = self.says.change.as_ref()?.kind.as_ref()?;
        let is = |columns: &[String], values: &[String]| {
            let text = cells.find(columns).map(|(_, text)| text.trim());
            text.is_some_and(|text| values.iter().any(|value| value == text))
        };
        let declares = self.says.no_values.iter().any(|rule| is(&rule.columns, &rule.values));
        let why = "the declaration that there is no figure ends with the first figure".to_owned();
        let line = cells.line();
        (declares && is(&kind.columns, &kind.gone)).then_some(Refused {
            line,
            code: "declaration_ended",
            why,
        })
    }

    fn known_at(&mut self, cells: &Cells<'_>) -> Read<Option<DateTime<Utc>>> {
        let says = &self.says.known_at;
        if says.from != KnownFrom::Column {
            return Ok(self.file_known_at);
        }
        let Some((column, text)) = cells.find(&says.columns) else {
            return Err(self.missing(cells, &says.columns));
        };
        match instant(text.trim(), &says.format, says.zone.unwrap_or(Tz::Europe__London)) {
            Ok((at, "")) => Ok(Some(at)),
            Ok((_, _)) => {
                let right = format!("write it as `{}`", says.format);
                Err(self.report(cells, column, text, "known_at", "more than an instant", right))
            }
            Err(wrong) => {
                let right = format!("write it as `{}`", says.format);
                Err(self.report(cells, column, text, "known_at", wrong, right))
            }
        }
    }

    /// The measure's code, its spelling taken out, and the code as written.
    fn code(
        &mut self,
        cells: &Cells<'_>,
        known_at: Option<DateTime<Utc>>,
    ) -> Read<(String, String)> {
        let says = &self.says.code;
        let (column, text) = match &says.constant {
            Some(name) => {
                (name.as_str(), self.constants.values.get(name).map_or("", String::as_str))
            }
            None => match cells.find(&says.columns) {
                Some(found) => found,
                None => return Err(self.missing(cells, &says.columns)),
            },
        };
        let written = text.trim();
        if looks_like_formula(text) || written.parse::<Label>().is_err() {
            let wrong = if written.is_empty() { "there is no code" } else { "not a code" };
            let right = "write the measure's code in plain letters and digits".to_owned();
            return Err(self.report(cells, column, text, "code", wrong, right));
        }
        let mut code = written.to_owned();
        for step in &says.normalise {
            code = match step {
                CodeStep::Upper => code.to_uppercase(),
                CodeStep::Lower => code.to_lowercase(),
                CodeStep::NoSpaces => code.split_whitespace().collect(),
            };
        }
        code = padded(&code, says.pad_number);
        let code = says.aliases.get(&code).cloned().unwrap_or(code);
        let known_at = known_at.or(self.constants.known_at);
        let Some(renumbered) = says.renumbered.iter().find(|rule| rule.from == code) else {
            return Ok((code, written.to_owned()));
        };
        let Some(known_at) = known_at else {
            let wrong = "this code was renumbered, and the row does not say when it was known";
            let right = "give the file's known-at in the plan".to_owned();
            return Err(self.report(cells, column, text, "known_at", wrong, right));
        };
        let day = known_at.with_timezone(&Tz::Europe__London).date_naive();
        let code = if day < renumbered.on { renumbered.to.clone() } else { code };
        Ok((code, written.to_owned()))
    }

    fn split(&mut self, cells: &Cells<'_>, code: &str) -> Read<MeasureKey> {
        let Some(split) = &self.says.code.split else { return Ok(MeasureKey::new(code)) };
        let part = match (cells.find(&split.columns), &split.absent) {
            (Some((column, text)), _) => {
                if let Some(part) = split.parts.get(text.trim()) {
                    part
                } else {
                    let known: Vec<String> = split.parts.keys().cloned().collect();
                    let right = format!("write {}, or add it to the mapping", either(&known));
                    let wrong = "no measure of this code is in that unit or part";
                    return Err(self.report(cells, column, text, "part_unknown", wrong, right));
                }
            }
            (None, Some(part)) => part,
            (None, None) => return Err(self.missing(cells, &split.columns)),
        };
        Ok(MeasureKey::of(code, part))
    }

    fn no_value(&mut self, cells: &Cells<'_>, code: &str) -> Option<Read<Statement>> {
        let says = self.says;
        let rule = says.no_values.iter().find(|rule| {
            let text = cells.find(&rule.columns).map(|(_, text)| text.trim());
            text.is_some_and(|text| rule.values.iter().any(|value| value == text))
        })?;
        let period = match rule.about {
            NoValueAbout::Measure => Ok(None),
            NoValueAbout::Period => self.period(cells, code).map(Some),
        };
        Some(period.map(|period| Statement::NoValue { period, state: rule.state }))
    }

    fn figures(
        &mut self,
        cells: &Cells<'_>,
        code: &str,
        measure: &MeasureKey,
    ) -> Read<Vec<Statement>> {
        let says = self.says;
        let breakdown = self.breakdown(cells);
        let by_column = says.period.is_some();
        let column = if by_column { Some(self.period(cells, code)) } else { None };
        let (breakdown, column) = (breakdown?, column.transpose()?);
        let mut found = Vec::new();
        for columns in &says.figures {
            let Some(period) = self.named(&columns.period, column) else { continue };
            let figure = Figure::silent(period, breakdown.clone());
            let silent = figure.clone();
            let figure = self.figure(cells, columns, figure)?;
            if figure != silent {
                found.push(Statement::Figure(Box::new(figure)));
            }
        }
        for target in &says.targets {
            let (span, point) =
                (self.named(&target.span, column), self.named(&target.point, column));
            if let Some(span) = span {
                let key =
                    TargetKey { period: span, breakdown: breakdown.clone(), tier: target.tier };
                found.extend(self.target(cells, target, measure, key, point)?);
            }
        }
        Ok(found)
    }

    fn named(&self, name: &str, column: Option<Period>) -> Option<Period> {
        if name == COLUMN { column } else { self.periods.get(name).copied() }
    }

    fn figure(
        &mut self,
        cells: &Cells<'_>,
        columns: &FigureColumns,
        mut figure: Figure,
    ) -> Read<Figure> {
        let (part, gone) = self.change(cells)?;
        let value = if gone { Ok(Said::Nothing) } else { self.quantity(cells, &columns.value) };
        match part {
            FigurePart::Value => figure.value = value?,
            FigurePart::Numerator => figure.numerator = value?,
            FigurePart::Denominator => figure.denominator = value?,
        }
        if gone {
            return Ok(figure);
        }
        if let Some(field) = &columns.numerator {
            figure.numerator = self.quantity(cells, field)?;
        }
        if let Some(field) = &columns.denominator {
            figure.denominator = self.quantity(cells, field)?;
        }
        if let Some(field) = &columns.status {
            (figure.status, figure.status_as_reported) = self.status(cells, field)?;
        }
        if let Some(field) = &columns.rating {
            figure.rating_as_reported = self.label(cells, field)?;
        }
        if let Some(field) = &columns.commentary {
            figure.commentary = self.prose(cells, field)?;
        }
        Ok(figure)
    }

    /// Which part of a figure a row of a list of changes is about, and whether it is gone.
    fn change(&mut self, cells: &Cells<'_>) -> Read<(FigurePart, bool)> {
        let Some(change) = &self.says.change else { return Ok((FigurePart::Value, false)) };
        let mut part = FigurePart::Value;
        if let Some(field) = &change.field {
            let Some((column, text)) = cells.find(&field.columns) else {
                return Err(self.missing(cells, &field.columns));
            };
            let Some(found) = field.words.get(text.trim()) else {
                let known: Vec<String> = field.words.keys().cloned().collect();
                let wrong = "the mapping does not know this field";
                return Err(self.report(cells, column, text, "word", wrong, either(&known)));
            };
            part = *found;
        }
        let Some(kind) = &change.kind else { return Ok((part, false)) };
        let Some((column, text)) = cells.find(&kind.columns) else {
            return Err(self.missing(cells, &kind.columns));
        };
        let word = text.trim();
        let gone = kind.gone.iter().any(|known| known == word);
        if !gone && !kind.given.iter().any(|known| known == word) {
            let known: Vec<String> = kind.gone.iter().chain(&kind.given).cloned().collect();
            let wrong = "the mapping does not know this kind of change";
            return Err(self.report(cells, column, text, "word", wrong, either(&known)));
        }
        Ok((part, gone))
    }

    fn target(
        &mut self,
        cells: &Cells<'_>,
        column: &TargetColumn,
        measure: &MeasureKey,
        key: TargetKey,
        point: Option<Period>,
    ) -> Read<Option<Statement>> {
        let at = match self.quantity(cells, &column.level)? {
            Said::Silent => return Ok(None),
            Said::Nothing => return Ok(Some(Statement::Target { key, target: None })),
            Said::Value(at) => at,
        };
        let Some(shape) = column.shape.find(measure).copied() else {
            let right = "give it a shape under [target.shape]".to_owned();
            let (name, value) = (either(&column.level.columns), measure.to_string());
            let wrong = "the mapping does not say which shape this measure's target has";
            return Err(self.report(cells, &name, &value, "shape_unknown", wrong, right));
        };
        let level = Level { at, to: None };
        let mut target = Target { shape, ..Target::standing(at) };
        if shape == TargetShape::Profile {
            let Some(period) = point else {
                let right = "name `point` under [[target]]".to_owned();
                let (name, wrong) = (either(&column.level.columns), "a profile without a point");
                return Err(self.report(cells, &name, "", "shape_unknown", wrong, right));
            };
            (target.level, target.points) = (None, vec![Point { period, level }]);
        }
        Ok(Some(Statement::Target { key, target: Some(target) }))
    }

    fn period(&mut self, cells: &Cells<'_>, code: &str) -> Read<Period> {
        let Some(says) = &self.says.period else { return Err(Reported) };
        let Some((column, text)) = cells.find(&says.columns) else {
            return Err(self.missing(cells, &says.columns));
        };
        let special = says.special.iter().find(|special| special.codes.iter().any(|c| c == code));
        let forms = special.map_or(&says.forms, |special| &special.forms);
        let fault = match grammar::read(forms, text) {
            Ok(period) => return Ok(period),
            Err(NotRead::NoForm) => None,
            Err(NotRead::Ambiguous { one, other }) => Some((one, other)),
        };
        let listed = |forms: &[PeriodForm]| {
            let each = forms.iter().map(|form| format!("{form} like `{}`", form.example()));
            each.collect::<Vec<_>>().join(", or ")
        };
        Err(match fault {
            None => {
                let wrong = "not a period of the forms that the mapping lists for this measure";
                let right = format!("write {}", listed(forms));
                self.report(cells, column, text, "period", wrong, right)
            }
            Some((one, other)) => {
                let wrong = format!("{} as {}, {} as {}", one.1, one.0, other.1, other.0);
                let right =
                    "list one of the two forms for this measure under [[period.for]]".into();
                self.report(cells, column, text, "period_ambiguous", &wrong, right)
            }
        })
    }

    fn breakdown(&mut self, cells: &Cells<'_>) -> Read<Breakdown> {
        let says = self.says;
        let mut tags = Vec::new();
        for rule in &says.breakdowns {
            let Some((column, text)) = cells.find(&rule.columns) else {
                if rule.optional || says.file.expand_json.is_some() {
                    continue;
                }
                return Err(self.missing(cells, &rule.columns));
            };
            let value = text.trim();
            if rule.all.iter().any(|all| all == value) {
                continue;
            }
            let code = rule.aliases.get(value).cloned().unwrap_or_else(|| slug(value));
            if code.is_empty() || code.len() > 128 || looks_like_formula(text) {
                let right = "write a word or a number, or list it under `all` or `aliases`".into();
                let wrong = "no code can be made of it";
                return Err(self.report(cells, column, text, "breakdown", wrong, right));
            }
            tags.push(Tag { taxonomy: rule.taxonomy.clone(), code });
        }
        Breakdown::new(tags).map_err(|error| {
            let right = "let each taxonomy have one column".to_owned();
            self.report(cells, "", "", "breakdown", &error.to_string(), right)
        })
    }
}

/// The first number in a code, filled up with noughts.
fn padded(code: &str, width: usize) -> String {
    let Some(start) = code.find(|c: char| c.is_ascii_digit()) else { return code.to_owned() };
    let (head, rest) = code.split_at_checked(start).unwrap_or((code, ""));
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    format!("{head}{}{rest}", "0".repeat(width.saturating_sub(length)))
}

/// A value as a code: lower-case letters and digits, anything between them one `_`.
pub(super) fn slug(value: &str) -> String {
    let mut code = String::new();
    for letter in value.chars().flat_map(char::to_lowercase).map(plain) {
        if letter.is_ascii_alphanumeric() {
            code.push(letter);
        } else if !code.is_empty() && !code.ends_with('_') {
            code.push('_');
        }
    }
    code.trim_end_matches('_').to_owned()
}

/// The letter without its mark, for the letters of Welsh and its neighbours.
const fn plain(letter: char) -> char {
    match letter {
        'à'..='å' => 'a',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ò'..='ö' => 'o',
        'ù'..='ü' => 'u',
        'ŵ' | 'ẁ' | 'ẃ' | 'ẅ' => 'w',
        'ŷ' | 'ý' | 'ÿ' | 'ỳ' => 'y',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    }
}
