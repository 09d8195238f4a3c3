-- What questions look up. Of a submission the measure comes first: its period, the one before and
-- the one a year earlier are asked for together, and so stand on one page or two.
create unique index on submission (measure, period, position desc)
    include (content_from, state, asserted, value, status, no_value, expected_on, numerator, denominator);
create unique index on submission_note (measure, period, position desc);
create index on reported_rating (measure, period, position desc);
create index on rating_override (measure, period, position desc);
create index on commentary (measure, period, position desc);
create unique index on cell (measure, period, breakdown, position desc)
    include (content_from, removed, value, numerator, denominator, status, asserted);
create unique index on cell_note (measure, period, breakdown, position desc);
-- Ratings ask for what is expected of headlines, and nobody looks other targets up by period.
create unique index on target (period, measure, span, position desc)
    include (shape, withdrawn, asserted, low, high)
    where tier = 1 and breakdown = '00000000-0000-0000-0000-000000000000';
create index on target_text (measure, position);
-- What changed within a span.
create index on target using brin (position) with (autosummarize = on);
create index on target_text using brin (position) with (autosummarize = on);
create index on submission_note using brin (position) with (autosummarize = on);
-- No index by position alone: the planner would go through it for one figure's last override.
create index on rating_override using brin (position) with (autosummarize = on);
create index on baseline_proposal (measure, position);
create unique index on definition_text (measure, position);
create unique index on structure (kind, id, position desc);
create unique index on part_ending (kind, id, position desc);
create unique index on amendment (position);
-- What the catalogue reads on from.
create unique index on measure (position);
create unique index on measure_text (position);
create unique index on classification (position);
create unique index on ending (position);
create index on code (position);
create index on placement (position);
create unique index on definition (position);
create unique index on baseline (position);
create unique index on reported (position);
create index on ever (position);
create unique index on rule (position);
