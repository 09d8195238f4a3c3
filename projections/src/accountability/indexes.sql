create unique index on act (position);
create index on act (entity, position);
create index on post (post, position);
create index on holding (post, position);
create index on delegation (post, position);
create index on duty (measure, position);
create index on signature (measure, period, position);
create index on chain (framework, position);
