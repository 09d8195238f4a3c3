-- What every read model keeps beside its own rows.
create table cursor (
    one            boolean primary key default true check (one),
    ledger_id      uuid not null,
    stream_created timestamptz not null,
    shape          uuid not null,
    position       bigint not null,
    epoch          bigint not null,
    known_at       timestamptz,
    opened_at      bigint
);
-- The last authentic event of every entity: what makes a repeated or skipped revision visible.
create table entity_head (
    kind     smallint not null,
    id       uuid not null,
    revision bigint not null,
    position bigint not null,
    primary key (kind, id)
) with (fillfactor = 80);
-- What was stepped over.
create table reject (
    position bigint not null,
    reason   text not null,
    detail   text not null,
    entity   text
);
-- One row each time that known-at grows.
create table moment (
    position bigint not null,
    known_at timestamptz not null
) with (autovacuum_vacuum_insert_scale_factor = 0.01);
