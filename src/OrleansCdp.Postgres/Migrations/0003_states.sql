-- States of individuals and accounts, what they are found by, and what they have to say.

-- data: LZ4 already, so PostgreSQL neither compresses it again nor puts up to a page of it elsewhere. One table, not
-- many partitions: a group of states would look into all of them, and planning that costs more than the writing.
create table cdp.snapshot (
    id text collate "C" not null primary key,
    prev_ver bigint not null,
    ver bigint not null,
    data bytea not null
) with (fillfactor = 80, toast_tuple_target = 8160);

alter table cdp.snapshot alter column data set storage external;

-- What a large state has that seldom changes: records, quiet links. Written with the state's own row.
create table cdp.snapshot_part (
    id text collate "C" not null,
    part text collate "C" not null,
    data bytea not null,
    primary key (id, part)
) with (toast_tuple_target = 8160);

alter table cdp.snapshot_part alter column data set storage external;

-- How many states there are. Several slots per prefix, so that silos do not wait for one row.
create table cdp.snapshot_count (
    prefix text collate "C" not null,
    slot int not null,
    count bigint not null,
    primary key (prefix, slot)
) with (fillfactor = 50);

create table cdp.identifier (
    type text collate "C" not null,
    value text collate "C" not null,
    id text collate "C" not null,
    primary key (type, value, id)
);

create table cdp.claim (
    claim text collate "C" not null primary key,
    owner text collate "C" not null,
    anchored_by int not null,
    stamp_at bigint not null,
    stamp_version bigint not null,
    stamp_arrival bigint not null
);

-- Two anchors that contradict each other, for a steward.
create table cdp.anchor_conflict (
    anchor text collate "C" not null,
    holder text collate "C" not null,
    claimant text collate "C" not null,
    link text collate "C" not null,
    event_id text not null,
    noted_at timestamptz not null default now(),
    primary key (anchor, holder, claimant, link)
);

create table cdp.outbox (
    id text collate "C" not null,
    topic text collate "C" not null,
    seq bigint not null,
    payload bytea not null,
    written_at timestamptz not null default now(),
    primary key (id, topic, seq)
);

create table cdp.due (
    id text collate "C" not null primary key,
    due_at timestamptz not null
) with (fillfactor = 80);

create index due_by_time on cdp.due (due_at);
