create unique index on measure (measure, position desc);
create unique index on measure_text (measure, position desc);
create index on code (measure, position desc);
create index on reported (measure, ends desc, starts desc, period, position);
create unique index on submission (period, measure, position desc)
    include (content_from, state, no_value, expected_on, value, numerator, denominator, status, asserted);
create index on submission using brin (position) with (autosummarize = on);
create unique index on submission_note (measure, period, position desc);
create index on reported_rating (measure, period, position desc);
create index on commentary (measure, period, position desc);
create unique index on cell (measure, period, breakdown, position desc)
    include (content_from, removed, value, numerator, denominator, status, asserted);
create index on cell using brin (position) with (autosummarize = on);
create unique index on cell_note (measure, period, breakdown, position desc);
create unique index on target (period, measure, breakdown, tier, span, position desc)
    include (shape, withdrawn, low, high, starts, ends, asserted);
create index on target using brin (position) with (autosummarize = on);
create unique index on target_text (measure, span, breakdown, tier, position desc);
create unique index on definition (measure, position desc);
create unique index on definition_text (measure, position desc);
create unique index on baseline (measure, position desc);
create index on placement (measure, position);
create unique index on rule (framework, position desc);
create unique index on structure (kind, id, position desc);
create index on import (import, position desc);
-- What the catalogue reads on from.
create index on measure (position);
create index on measure_text (position);
create index on code (position);
create index on placement (position);
create index on definition (position);
create index on baseline (position);
create index on aimed (position);
create index on rule (position);
