-- What verifying and rebuilding a state must know that the log does not say. No silo may run meanwhile: those of an
-- earlier program would go on moving links without noting it, and a state would be rebuilt without its moves.

-- When a link or an anchor was first claimed: whether the log still has everything since. Null: before this was noted.
alter table cdp.claim add column since timestamptz;
alter table cdp.claim alter column since set default now();

-- Individuals that a link ever came to or left: their state is not the fold of the links that claims give them now.
create table cdp.moved_individual (
    id text collate "C" not null primary key
);

-- States whose stored bytes were found damaged, all their rows as they were found, for a person to look at. part: empty
-- for the state's own row. flaw: what is wrong with this row; null for one that was kept because another is damaged.
-- outcome: 0 found, 1 rebuilt from the log, 2 not rebuilt, for the reason given.
create table cdp.corrupt_state (
    id text collate "C" not null,
    part text collate "C" not null,
    digest bytea not null,
    ver bigint not null,
    data bytea not null,
    flaw text,
    outcome smallint not null default 0,
    reason text,
    found_at timestamptz not null default now(),
    primary key (id, part, digest)
);

alter table cdp.corrupt_state alter column data set storage external;
