-- One row an act: every event of a framework or a measure. Acts on figures stand beside the figures,
-- in the scorecard's notes, since there are a hundred times as many.
create table act (
    position bigint not null, kind smallint not null, entity uuid not null, happened text not null,
    actor uuid not null, on_behalf_of uuid, post text, role text, channel smallint not null,
    recorded_at timestamptz not null, command uuid not null, correlation uuid, relied_on json,
    import uuid, file_digest bytea, row bigint, reported_known_at timestamptz,
    reason json, authority json, made_case json, asserted boolean not null
);
