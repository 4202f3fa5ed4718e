-- What fuzzy rules find people by, and what they decided. No silo may run meanwhile: one of an earlier program would make
-- an individual of every link that has no anchor.

-- A match space: the records that one ruleset compares. text: the version that decides, as it was frozen; another version of
-- the definition decides nothing until it is put here.
create table cdp.match_space (
    space int generated always as identity primary key,
    ruleset text collate "C" not null unique,
    version int not null default 1,
    text text not null,
    live_since timestamptz not null default now()
);

-- Of records and groups: a group begins with the number of its first record.
create sequence cdp.match_id;

-- What is compared. Three kinds of rows: a link that no anchor names (owner: null); one that an anchor names (owner: its
-- individual, and no group, because it is compared as part of that one); and an individual (subject and owner: its id), whose
-- values are those of its anchored links together.
-- individual: whom the group belongs to; null while nobody knows. score, partner: the best comparison within the group.
-- said: the values, as the engine writes them.
create table cdp.match_record (
    id bigint not null primary key,
    space int not null,
    subject text collate "C" not null,
    owner text collate "C",
    group_id bigint,
    individual text collate "C",
    score double precision,
    partner bigint,
    event_id text not null,
    said bytea not null,
    unique (space, subject)
) with (fillfactor = 80);

create index match_record_by_group on cdp.match_record (group_id) where group_id is not null;

-- What the anchored links of an individual say: read when one of them leaves.
create index match_record_by_owner on cdp.match_record (space, owner) where owner is not null;

-- The pool: groups that belong to nobody yet.
create index match_record_unresolved on cdp.match_record (space, group_id, id)
    where group_id is not null and individual is null;

-- 64-bit hashes of what a record can be found by. Read by the beginning of the primary key, in one statement for all keys
-- of a batch.
create table cdp.match_key (
    space int not null,
    key_hash bigint not null,
    record_id bigint not null,
    primary key (space, key_hash, record_id)
);

-- Keys that too many records share to tell them apart: not read any more, and no row is added. records: how many had it
-- when it was closed, and have come since.
create table cdp.match_bucket (
    space int not null,
    key_hash bigint not null,
    records bigint not null,
    closed_at timestamptz not null default now(),
    primary key (space, key_hash)
) with (fillfactor = 80);

-- Comparisons from the soft threshold up. levels: what was found, field by field, as the engine writes it.
create table cdp.match_edge (
    a bigint not null,
    b bigint not null,
    score double precision not null,
    levels bigint not null,
    primary key (a, b),
    constraint match_edge_once check (a < b)
);

create index match_edge_by_other on cdp.match_edge (b, a);

-- Every change of a link's group or individual, with what led to it. individual, group: null for none.
create table cdp.match_change (
    id bigint generated always as identity primary key,
    space int not null,
    version int not null,
    subject text collate "C" not null,
    event_id text not null,
    from_individual text collate "C",
    to_individual text collate "C",
    from_group bigint,
    to_group bigint,
    from_score double precision,
    to_score double precision,
    partner text collate "C",
    levels bigint,
    at timestamptz not null default now()
);

create index match_change_by_subject on cdp.match_change (space, subject, id);

-- Links that must go to an individual, or back to their own record (target: null). Noted in the transaction that decides,
-- made after it, by whoever finds the row; gone once the link is there. stuck: why the last attempt did not get it there.
create table cdp.match_move (
    space int not null,
    subject text collate "C" not null,
    target text collate "C",
    decision bigint not null,
    stuck text,
    at timestamptz not null default now(),
    primary key (space, subject)
);

-- Individuals that must be told which records may be theirs; as above.
create table cdp.match_news (
    space int not null,
    individual text collate "C" not null,
    decision bigint not null,
    primary key (space, individual)
);

create sequence cdp.match_decision;

-- What a steward said about two links, or a link and an individual, in the order of their names: verdict 1 together, -1
-- apart. Stronger than any score. decision: of the steward's list.
create table cdp.steward_pair (
    link_a text collate "C" not null,
    link_b text collate "C" not null,
    verdict smallint not null,
    decision bigint not null,
    primary key (link_a, link_b),
    constraint steward_pair_once check (link_a < link_b)
);

create index steward_pair_by_other on cdp.steward_pair (link_b, link_a);
