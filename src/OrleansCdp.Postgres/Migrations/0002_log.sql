-- The durable log. One chunk row holds consecutive events of one partition and lane. Lanes: 0 normal, 1 low.

-- Fixed when the database is made.
create table cdp.log_shape (
    singleton boolean primary key default true check (singleton),
    partition_count int not null,
    event_key_secret bigint not null
);

-- next_seq is moved under this row's lock, so sequence order is commit order. epoch fences former writers.
create table cdp.ingest_head (
    lane smallint not null,
    partition int not null,
    next_seq bigint not null default 1,
    epoch bigint not null default 0,
    owner text,
    primary key (lane, partition)
) with (fillfactor = 50);

-- A table of its own: writers and readers must not wait for each other's rows.
create table cdp.ingest_checkpoint (
    lane smallint not null,
    partition int not null,
    seq bigint not null default 0,
    epoch bigint not null default 0,
    owner text,
    primary key (lane, partition)
) with (fillfactor = 50);

-- Tables per day are made and dropped by the silos. payload: one format byte, then LZ4; external storage,
-- because compressing it once more costs and brings nothing.
create table cdp.ingest_chunk (
    lane smallint not null,
    partition int not null,
    first_seq bigint not null,
    count int not null,
    received_at timestamptz not null,
    payload bytea not null,
    subjects bigint[] not null,
    event_keys bytea not null,
    primary key (lane, partition, first_seq, received_at)
) partition by range (received_at);

alter table cdp.ingest_chunk alter column payload set storage external;
alter table cdp.ingest_chunk alter column event_keys set storage external;
