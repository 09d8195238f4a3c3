//! The rows of the histories, column by column as `schema.sql` has them.

use chrono::{DateTime, NaiveDate, Utc};
use piperoll_events::text::Digest;
use piperoll_events::{Position, Quantity};
use uuid::Uuid;

use crate::runtime::copy::{Json, histories};
use crate::runtime::key::Key;

histories! { Histories;
    measure: MeasureRow (All) {
        measure: Uuid, position: Position, framework: Uuid, treatment: i16, level: i16,
        subject: i16, asserted: bool,
    }
    classification: ClassificationRow (All) {
        measure: Uuid, position: Position, treatment: Option<i16>, level: Option<i16>,
    }
    measure_text: MeasureText (All) {
        measure: Uuid, position: Position, title: Json, reason: Json, authority: Option<Json>,
    }
    code: CodeRow (All) {
        measure: Uuid, position: Position, scheme: String, code: String,
        valid_from: Option<NaiveDate>, asserted: bool,
    }
    reported: ReportedRow (All) {
        measure: Uuid, period: Key, position: Position,
    }
    submission: SubmissionRow (All) {
        period: Key, measure: Uuid, position: Position, content_from: Position, state: i16,
        no_value: Option<i16>, expected_on: Option<NaiveDate>, value: Option<Quantity>,
        numerator: Option<Quantity>, denominator: Option<Quantity>, status: Option<i16>,
        asserted: bool,
    }
    submission_note: SubmissionNote (All) {
        measure: Uuid, period: Key, position: Position, happened: i16, content_from: Position,
        cells: i16, reason: Option<Json>, recorded_at: DateTime<Utc>, actor: Uuid, channel: i16,
        import: Option<Uuid>, file_digest: Option<Digest>, row: Option<u64>,
        reported_known_at: Option<DateTime<Utc>>, asserted: bool,
    }
    reported_rating: RatingRow (All) {
        measure: Uuid, period: Key, position: Position, content_from: Position,
        rating: Option<String>, asserted: bool,
    }
    rating_override: OverrideRow (All) {
        measure: Uuid, period: Key, position: Position, computed: Option<String>, stated: String,
        inputs: Json, asserted: bool,
    }
    commentary: CommentaryRow (All) {
        measure: Uuid, period: Key, position: Position, content_from: Position,
        explains: Position, text: Option<Json>, asserted: bool,
    }
    cell: CellRow (All) {
        measure: Uuid, period: Key, breakdown: Uuid, position: Position, content_from: Position,
        removed: bool, value: Option<Quantity>, numerator: Option<Quantity>,
        denominator: Option<Quantity>, status: Option<i16>, asserted: bool,
    }
    cell_note: CellNote (All) {
        measure: Uuid, period: Key, breakdown: Uuid, position: Position,
        status_as_reported: Option<String>, oddities: Json,
    }
    breakdown: BreakdownRow (First) { breakdown: Uuid, tags: Json, position: Position }
    target: TargetRow (All) {
        period: Key, measure: Uuid, breakdown: Uuid, tier: i16, span: Key, position: Position,
        shape: i16, withdrawn: bool, low: Option<Quantity>, high: Option<Quantity>, asserted: bool,
    }
    ever: EverRow (First) { measure: Uuid, kind: i16, position: Position }
    target_text: TargetText (All) {
        measure: Uuid, span: Key, breakdown: Uuid, tier: i16, position: Position,
        happened: i16, target: Json, old: Option<Json>, reason: Json, authority: Option<Json>,
        asserted: bool,
    }
    definition: DefinitionRow (All) {
        measure: Uuid, position: Position, polarity: i16, low: Option<Quantity>,
        high: Option<Quantity>, decimals: Option<i16>, asserted: bool, unit: Option<String>,
    }
    definition_text: DefinitionText (All) {
        measure: Uuid, position: Position, definition: Json, reason: Json, authority: Option<Json>,
        change: Option<Json>,
    }
    baseline: BaselineRow (All) {
        measure: Uuid, position: Position, period: Key, value: Quantity, asserted: bool,
        reason: Json, authority: Option<Json>,
    }
    baseline_proposal: ProposalRow (All) {
        measure: Uuid, position: Position, period: Key, value: Quantity, source: Option<String>,
        asserted: bool,
    }
    ending: EndingRow (All) {
        measure: Uuid, position: Position, valid_from: NaiveDate, replaced_by: Option<Uuid>,
        comparability: Option<Json>, asserted: bool,
    }
    placement: PlacementRow (All) {
        measure: Uuid, position: Position, kind: i16, place: Uuid, removed: bool, asserted: bool,
    }
    rule: RuleRow (All) {
        framework: Uuid, position: Position, rule: Option<Json>, scale: Option<Json>, reason: Json,
        authority: Option<Json>, asserted: bool,
    }
    structure: StructureRow (All) {
        kind: i16, id: Uuid, position: Position, framework: Uuid, parent: Option<Uuid>,
        code: Option<String>, title: Json, level: Option<i16>, lead: Option<String>,
        valid_from: Option<NaiveDate>, valid_until: Option<NaiveDate>, asserted: bool,
    }
    part_ending: PartEndingRow (All) {
        kind: i16, id: Uuid, position: Position, valid_from: NaiveDate,
    }
    amendment: AmendmentRow (All) {
        framework: Uuid, position: Position, state: i16, file_digest: Digest, changes: Option<u64>,
    }
    import: ImportRow (All) {
        import: Uuid, position: Position, state: i16, file_name: Option<String>,
        file_digest: Option<Digest>, mapping_digest: Option<Digest>, bytes: Option<u64>,
        encoding: Option<String>, read: Option<u64>, recorded: Option<u64>,
        unchanged: Option<u64>, declared: Option<u64>, refused: Option<u64>, events: Option<u64>,
        withdrawn: Option<u64>, reason: Option<Json>,
    }
}
