-- States of individuals and accounts, what they are found by, and what they have to say.

-- data: LZ4 already, so PostgreSQL neither compresses it again nor puts up to a page of it elsewhere.
create table cdp.snapshot (
    id text collate "C" not null primary key,
    prev_ver bigint not null,
    ver bigint not null,
    data bytea not null
) partition by hash (id);

alter table cdp.snapshot alter column data set storage external;

create table cdp.snapshot_00 partition of cdp.snapshot
    for values with (modulus 16, remainder 0) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_01 partition of cdp.snapshot
    for values with (modulus 16, remainder 1) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_02 partition of cdp.snapshot
    for values with (modulus 16, remainder 2) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_03 partition of cdp.snapshot
    for values with (modulus 16, remainder 3) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_04 partition of cdp.snapshot
    for values with (modulus 16, remainder 4) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_05 partition of cdp.snapshot
    for values with (modulus 16, remainder 5) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_06 partition of cdp.snapshot
    for values with (modulus 16, remainder 6) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_07 partition of cdp.snapshot
    for values with (modulus 16, remainder 7) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_08 partition of cdp.snapshot
    for values with (modulus 16, remainder 8) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_09 partition of cdp.snapshot
    for values with (modulus 16, remainder 9) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_10 partition of cdp.snapshot
    for values with (modulus 16, remainder 10) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_11 partition of cdp.snapshot
    for values with (modulus 16, remainder 11) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_12 partition of cdp.snapshot
    for values with (modulus 16, remainder 12) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_13 partition of cdp.snapshot
    for values with (modulus 16, remainder 13) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_14 partition of cdp.snapshot
    for values with (modulus 16, remainder 14) with (fillfactor = 80, toast_tuple_target = 8160);
create table cdp.snapshot_15 partition of cdp.snapshot
    for values with (modulus 16, remainder 15) with (fillfactor = 80, toast_tuple_target = 8160);

-- What a large state has that seldom changes: records, quiet links. Written with the state's own row.
create table cdp.snapshot_part (
    id text collate "C" not null,
    part text collate "C" not null,
    data bytea not null,
    primary key (id, part)
) partition by hash (id);

alter table cdp.snapshot_part alter column data set storage external;

create table cdp.snapshot_part_00 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 0) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_01 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 1) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_02 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 2) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_03 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 3) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_04 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 4) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_05 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 5) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_06 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 6) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_07 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 7) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_08 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 8) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_09 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 9) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_10 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 10) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_11 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 11) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_12 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 12) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_13 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 13) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_14 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 14) with (toast_tuple_target = 8160);
create table cdp.snapshot_part_15 partition of cdp.snapshot_part
    for values with (modulus 16, remainder 15) with (toast_tuple_target = 8160);

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
