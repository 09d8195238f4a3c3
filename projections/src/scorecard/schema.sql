-- One row a version; a row belongs to one entity and is never changed. `asserted`: a file says
-- so, nobody witnessed it here. Texts stand apart, so that no index entry outgrows a page.
-- A period is one number (key.rs), so that keys have one width and the order of time; 0 is none.
create table measure (
    measure uuid not null, position bigint not null, framework uuid not null,
    treatment smallint not null, level smallint not null, subject smallint not null,
    asserted boolean not null
);
-- Another treatment or level from here on; what is null stays as it was.
create table classification (
    measure uuid not null, position bigint not null, treatment smallint, level smallint
);
create table measure_text (
    measure uuid not null, position bigint not null, title json not null,
    reason json not null, authority json
);
create table code (
    measure uuid not null, position bigint not null, scheme text not null, code text not null,
    valid_from date, asserted boolean not null
);
-- Which measure has something for which period, from when on.
create table reported (measure uuid not null, period bigint not null, position bigint not null);
-- The state of a submission and its headline. Period 0: the measure as a whole.
create table submission (
    period bigint not null, measure uuid not null, position bigint not null,
    content_from bigint not null, state smallint not null, no_value smallint, expected_on date,
    value numeric, numerator numeric, denominator numeric, status smallint,
    asserted boolean not null
) with (autovacuum_vacuum_insert_scale_factor = 0.01);
-- Every event of a submission.
create table submission_note (
    measure uuid not null, period bigint not null, position bigint not null,
    happened smallint not null, content_from bigint not null, cells smallint not null,
    reason json, recorded_at timestamptz not null, actor uuid not null, channel smallint not null,
    import uuid, file_digest bytea, row bigint, reported_known_at timestamptz,
    asserted boolean not null
);
create table reported_rating (
    measure uuid not null, period bigint not null, position bigint not null,
    content_from bigint not null, rating text, asserted boolean not null
);
-- Somebody says otherwise than the rule, as long as every one of `inputs` is in force.
create table rating_override (
    measure uuid not null, period bigint not null, position bigint not null,
    computed text, stated text not null, inputs json not null, asserted boolean not null
);
create table commentary (
    measure uuid not null, period bigint not null, position bigint not null,
    content_from bigint not null, explains bigint not null, text json, asserted boolean not null
);
-- Cells other than the headline.
create table cell (
    measure uuid not null, period bigint not null, breakdown uuid not null,
    position bigint not null, content_from bigint not null, removed boolean not null,
    value numeric, numerator numeric, denominator numeric, status smallint,
    asserted boolean not null
) with (autovacuum_vacuum_insert_scale_factor = 0.01);
-- What stood beside a cell, also the headline's (breakdown nought).
create table cell_note (
    measure uuid not null, period bigint not null, breakdown uuid not null,
    position bigint not null, status_as_reported text, oddities json not null
);
create table breakdown (
    breakdown uuid primary key, tags json not null, position bigint not null
);
-- What is aimed at in `period` by the target for `span`. Period 0: every period within the span, of
-- a standing target whose span is no quarter, half or year.
create table target (
    period bigint not null, measure uuid not null, breakdown uuid not null,
    tier smallint not null, span bigint not null, position bigint not null,
    shape smallint not null, withdrawn boolean not null, low numeric, high numeric,
    asserted boolean not null
) with (autovacuum_vacuum_insert_scale_factor = 0.01);
-- What a measure has ever had, and where it first had it: targets that name a type of period (0:
-- every period of a span), ratings of its publisher (-1), overrides (-2). What it never had is not
-- looked up.
create table ever (
    measure uuid not null, kind smallint not null, position bigint not null,
    primary key (measure, kind)
);
-- Every version of a target, whole.
create table target_text (
    measure uuid not null, span bigint not null, breakdown uuid not null,
    tier smallint not null, position bigint not null, happened smallint not null,
    target json not null, old json, reason json not null, authority json,
    asserted boolean not null
);
create table definition (
    measure uuid not null, position bigint not null, polarity smallint not null,
    low numeric, high numeric, decimals smallint, asserted boolean not null, unit text
);
create table definition_text (
    measure uuid not null, position bigint not null, definition json not null,
    reason json not null, authority json, change json
);
create table baseline (
    measure uuid not null, position bigint not null, period bigint not null,
    value numeric not null, asserted boolean not null, reason json not null, authority json
);
-- What a source proposes; what was agreed stands.
create table baseline_proposal (
    measure uuid not null, position bigint not null, period bigint not null,
    value numeric not null, source text, asserted boolean not null
);
-- The measure is measured no longer from `valid_from` on, or another takes its place.
create table ending (
    measure uuid not null, position bigint not null, valid_from date not null, replaced_by uuid,
    comparability json, asserted boolean not null
);
create table placement (
    measure uuid not null, position bigint not null, kind smallint not null, place uuid not null,
    removed boolean not null, asserted boolean not null
);
create table rule (
    framework uuid not null, position bigint not null, rule json, scale json,
    reason json not null, authority json, asserted boolean not null
);
create table structure (
    kind smallint not null, id uuid not null, position bigint not null, framework uuid not null,
    parent uuid, code text, title json not null, level smallint, lead text, valid_from date,
    valid_until date, asserted boolean not null
);
-- The part is no longer one of its framework from `valid_from` on.
create table part_ending (
    kind smallint not null, id uuid not null, position bigint not null, valid_from date not null
);
-- A file of changes is applied to a framework, or is so no longer.
create table amendment (
    framework uuid not null, position bigint not null, state smallint not null,
    file_digest bytea not null, changes bigint
);
create table import (
    import uuid not null, position bigint not null, state smallint not null, file_name text,
    file_digest bytea, mapping_digest bytea, bytes bigint, encoding text, read bigint,
    recorded bigint, unchanged bigint, declared bigint, refused bigint, events bigint,
    withdrawn bigint, reason json
);
