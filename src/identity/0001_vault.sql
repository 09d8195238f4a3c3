-- The vault: what must be erasable, and so can't stand in an event.
create schema vault;

-- The key of one sealed text, wrapped under the vault's own key. Erasing a text deletes its row.
create table vault.text_key (
    key_id     uuid primary key,
    ledger_id  uuid not null,
    nonce      bytea not null,
    wrapped    bytea not null,
    made_at    timestamptz not null default now()
);

-- The name behind an actor id, one a ledger.
create table vault.actor (
    ledger_id  uuid not null,
    actor_id   uuid not null,
    name       text not null,
    primary key (ledger_id, actor_id),
    unique (ledger_id, name)
);
