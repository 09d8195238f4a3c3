alter table reject add primary key (position);
create unique index on moment (position) include (known_at);
create index on moment (known_at) include (position);
