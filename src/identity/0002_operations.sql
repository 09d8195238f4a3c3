-- What the service finds out about its own surroundings.

-- One row each time the guard finds that a stream is not as it must be, or is so again.
create table operations.guard_finding (
    found_at   timestamptz not null,
    ledger     text not null,
    field      text not null,
    expected   text not null,
    found      text not null
);
create index on operations.guard_finding (ledger, found_at desc);
