//! The fold of submissions: state and headline, cells, notes, words.
//!
//! **Invariant:** a cell counts only while the content it was recorded under is the submission's
//! current one, so taking content back is one row, however many cells it has.

use piperoll_events::ids::MeasureId;
use piperoll_events::submission::Submission;
use piperoll_events::submission::no_value_declared::NoValueDeclared;
use piperoll_events::submission::revised::Revised;
use piperoll_events::submission::submitted::Submitted;
use piperoll_events::text::{Label, SealedText};
use piperoll_events::{Breakdown, Cell, Period, Position, Reason, Revision};
use uuid::Uuid;

use super::catalogue::{OVERRIDDEN, RATED};
use super::folds::{At, Fold, last_of_each};
use super::rows::{
    CellNote, CellRow, CommentaryRow, OverrideRow, RatingRow, ReportedRow, SubmissionNote,
    SubmissionRow,
};
use super::words::{Happened, State};
use crate::runtime::copy::Json;
use crate::runtime::key::Key;
use crate::runtime::numbered::Numbered;

/// Which submission, and under which content.
#[derive(Clone, Copy)]
struct Of {
    measure: Uuid,
    period: Key,
    content_from: Position,
}

impl Of {
    fn new(measure: MeasureId, period: Option<Period>, content_from: Position) -> Self {
        Self { measure: measure.uuid(), period: Key::or_all(period), content_from }
    }
}

impl Fold {
    pub(super) fn submission(&mut self, at: At<'_>, fact: &Submission) {
        match fact {
            Submission::Submitted(fact) => self.submitted(at, fact),
            Submission::Revised(fact) => self.revised(at, fact),
            Submission::NoValueDeclared(fact) => self.no_value(at, fact),
            Submission::Withdrawn(f) => {
                let of = Of::new(f.measure, f.period, f.content_from);
                self.note(at, of, Happened::Withdrawn, (0, Some(&f.reason)));
                self.out.submission.push(bare(at, of, State::Withdrawn));
            }
            Submission::RatingOverridden(f) => {
                let (measure, period) = (f.measure.uuid(), Key::of(f.period));
                self.heard_of(at, measure, period);
                self.ever(measure, OVERRIDDEN, at.position);
                self.out.rating_override.push(OverrideRow {
                    measure,
                    period,
                    position: at.position,
                    computed: f.computed.as_ref().map(ToString::to_string),
                    stated: f.stated.to_string(),
                    inputs: Json::of(&f.inputs),
                    asserted: at.asserted,
                });
            }
            // What people say of a figure leaves it as it is; the acts stand in accountability.
            Submission::SignedOff(f) => {
                self.heard_of(at, f.measure.uuid(), Key::or_all(f.period));
            }
            Submission::SignOffRefused(f) => {
                self.heard_of(at, f.measure.uuid(), Key::or_all(f.period));
            }
            Submission::SignOffWithdrawn(f) => {
                self.heard_of(at, f.measure.uuid(), Key::or_all(f.period));
            }
            Submission::CommentaryWritten(f) => {
                let of = Of::new(f.measure, Some(f.period), f.content_from);
                self.note(at, of, Happened::CommentaryWritten, (0, None));
                self.commentary(at, of, f.explains, f.text.as_ref());
            }
        }
    }

    fn submitted(&mut self, at: At<'_>, fact: &Submitted) {
        let of = Of::new(fact.measure, Some(fact.period), at.position);
        let cells = each_once(&fact.cells);
        self.note(at, of, Happened::Submitted, (cells.len(), None));
        if !cells.iter().any(|cell| cell.breakdown.is_headline()) {
            self.out.submission.push(bare(at, of, State::NoHeadline));
        }
        for cell in cells {
            self.cell(at, of, cell);
        }
        if let Some(rating) = &fact.rating_as_reported {
            self.rating(at, of, Some(rating));
        }
        if let Some(text) = &fact.commentary {
            self.commentary(at, of, at.position, Some(text));
        }
    }

    fn revised(&mut self, at: At<'_>, fact: &Revised) {
        let of = Of::new(fact.measure, Some(fact.period), fact.content_from);
        let cells = each_once(&fact.changed);
        let touched = cells.len().saturating_add(fact.removed.len());
        self.note(at, of, Happened::Revised, (touched, Some(&fact.reason)));
        for breakdown in last_of_each(&fact.removed, |breakdown| breakdown) {
            // A cell both removed and changed in one event is held.
            if !cells.iter().any(|cell| cell.breakdown == *breakdown) {
                self.removed(at, of, breakdown);
            }
        }
        for cell in cells {
            self.cell(at, of, cell);
        }
        if let Some(rating) = &fact.rating_as_reported {
            self.rating(at, of, rating.now.as_ref());
        }
    }

    fn no_value(&mut self, at: At<'_>, fact: &NoValueDeclared) {
        let of = Of::new(fact.measure, fact.period, at.position);
        self.note(at, of, Happened::NoValueDeclared, (0, fact.reason.as_ref()));
        self.out.submission.push(SubmissionRow {
            no_value: Some(fact.state.number()),
            expected_on: fact.expected_on,
            ..bare(at, of, State::NoValue)
        });
    }

    fn cell(&mut self, at: At<'_>, of: Of, cell: &Cell) {
        let breakdown = self.breakdown(at, &cell.breakdown);
        let status = cell.status.map(Numbered::number);
        if breakdown.is_nil() {
            self.out.submission.push(SubmissionRow {
                value: cell.value,
                numerator: cell.numerator,
                denominator: cell.denominator,
                status,
                ..bare(at, of, State::Value)
            });
        } else {
            self.out.cell.push(CellRow {
                value: cell.value,
                numerator: cell.numerator,
                denominator: cell.denominator,
                status,
                ..empty(at, of, breakdown, Held::Yes)
            });
        }
        if cell.status_as_reported.is_some() || !cell.oddities.is_empty() {
            self.out.cell_note.push(CellNote {
                measure: of.measure,
                period: of.period,
                breakdown,
                position: at.position,
                status_as_reported: cell.status_as_reported.as_ref().map(ToString::to_string),
                oddities: Json::of(&cell.oddities),
            });
        }
    }

    fn removed(&mut self, at: At<'_>, of: Of, breakdown: &Breakdown) {
        let key = self.breakdown(at, breakdown);
        if key.is_nil() {
            self.out.submission.push(bare(at, of, State::NoHeadline));
        } else {
            self.out.cell.push(empty(at, of, key, Held::No));
        }
    }

    fn rating(&mut self, at: At<'_>, of: Of, rating: Option<&Label>) {
        self.ever(of.measure, RATED, at.position);
        self.out.reported_rating.push(RatingRow {
            measure: of.measure,
            period: of.period,
            position: at.position,
            content_from: of.content_from,
            rating: rating.map(ToString::to_string),
            asserted: at.asserted,
        });
    }

    fn commentary(&mut self, at: At<'_>, of: Of, explains: Position, text: Option<&SealedText>) {
        self.out.commentary.push(CommentaryRow {
            measure: of.measure,
            period: of.period,
            position: at.position,
            content_from: of.content_from,
            explains,
            text: text.map(Json::of),
            asserted: at.asserted,
        });
    }

    /// An entity's first event, whatever it is, is where its period is first heard of.
    fn heard_of(&mut self, at: At<'_>, measure: Uuid, period: Key) {
        if period != Key::ALL && at.event.record.revision == Revision(1) {
            let position = at.position;
            self.out.reported.push(ReportedRow { measure, period, position });
        }
    }

    fn note(
        &mut self,
        at: At<'_>,
        of: Of,
        happened: Happened,
        (cells, reason): (usize, Option<&Reason>),
    ) {
        self.heard_of(at, of.measure, of.period);
        let record = &at.event.record;
        let asserted = record.asserted.as_ref();
        self.out.submission_note.push(SubmissionNote {
            measure: of.measure,
            period: of.period,
            position: at.position,
            happened: happened.number(),
            content_from: of.content_from,
            cells: i16::try_from(cells).unwrap_or(i16::MAX),
            reason: reason.map(Json::of),
            recorded_at: at.event.time,
            actor: record.actor.uuid(),
            channel: record.channel.number(),
            import: asserted.map(|asserted| asserted.import.uuid()),
            file_digest: asserted.map(|asserted| asserted.file_digest),
            row: asserted.and_then(|asserted| asserted.row),
            reported_known_at: asserted.and_then(|asserted| asserted.known_at),
            asserted: at.asserted,
        });
    }
}

/// Cells, each breakdown once.
fn each_once(cells: &[Cell]) -> Vec<&Cell> {
    match cells {
        [one] => vec![one],
        many => last_of_each(many, |cell| &cell.breakdown),
    }
}

fn bare(at: At<'_>, of: Of, state: State) -> SubmissionRow {
    SubmissionRow {
        period: of.period,
        measure: of.measure,
        position: at.position,
        content_from: of.content_from,
        state: state.number(),
        no_value: None,
        expected_on: None,
        value: None,
        numerator: None,
        denominator: None,
        status: None,
        asserted: at.asserted,
    }
}

/// Whether a cell is held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    Yes,
    No,
}

fn empty(at: At<'_>, of: Of, breakdown: Uuid, held: Held) -> CellRow {
    CellRow {
        measure: of.measure,
        period: of.period,
        breakdown,
        position: at.position,
        content_from: of.content_from,
        removed: held == Held::No,
        value: None,
        numerator: None,
        denominator: None,
        status: None,
        asserted: at.asserted,
    }
}
