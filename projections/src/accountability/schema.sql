-- One row an act: every event of a framework, a measure, a post or a role, and what is said of a
-- submission. Acts on figures stand beside the figures, in the scorecard's notes, since there are a
-- hundred times as many.
create table act (
    position bigint not null, kind smallint not null, entity uuid not null, happened text not null,
    actor uuid not null, on_behalf_of uuid, post text, role text, channel smallint not null,
    recorded_at timestamptz not null, command uuid not null, correlation uuid, relied_on json,
    import uuid, file_digest bytea, row bigint, reported_known_at timestamptz,
    reason json, authority json, made_case json, asserted boolean not null,
    -- What the framework's table of decision rights was asked about it.
    subject smallint, class smallint
);
create table post (
    post uuid not null, position bigint not null, kind smallint not null, title json not null,
    organisation text
);
-- Somebody holds a post, or holds it no longer from `valid_from` on.
create table holding (
    post uuid not null, position bigint not null, happened smallint not null, holder uuid not null,
    basis smallint, valid_from date not null, valid_until date
);
create table delegation (
    post uuid not null, position bigint not null, delegate uuid not null,
    valid_from date not null, valid_until date
);
-- A post or an organisation has a duty towards a measure, or no longer from `valid_from` on.
create table duty (
    measure uuid not null, position bigint not null, happened smallint not null,
    duty smallint not null, post uuid, organisation text, valid_from date not null
);
-- What a post said of a submission at a stage. Period 0: the measure as a whole.
create table signature (
    measure uuid not null, period bigint not null, position bigint not null,
    happened smallint not null, stage text not null, post uuid not null, signed_at bigint,
    scope json, covers json, rating text, statement json
);
create table chain (framework uuid not null, position bigint not null, chain json not null);
-- A row of a framework's table of decision rights was set, or taken out.
create table decision_right (
    framework uuid not null, position bigint not null, decides json not null,
    in_force boolean not null
);
-- A role begins to count on `valid_from`, or counts no longer from then on.
create table role (
    role uuid not null, position bigint not null, happened smallint not null,
    valid_from date not null, valid_until date
);
