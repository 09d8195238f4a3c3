-- The thing that a caller's request key was first used for. A command id follows from ledger, actor
-- and key, so the key itself is not kept.
create table vault.claim (
    ledger_id  uuid not null,
    command_id uuid not null,
    entity     text not null,
    made_at    timestamptz not null default now(),
    primary key (ledger_id, command_id)
);
