create unique index on act (position);
create index on act (entity, position);
