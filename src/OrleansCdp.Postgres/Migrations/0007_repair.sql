-- What verifying and rebuilding a state must know that the log does not say. Safe while silos run.

-- When a link or an anchor was first claimed: whether the log still has everything since. Null: before this was noted.
alter table cdp.claim add column since timestamptz;
alter table cdp.claim alter column since set default now();

-- Individuals that a link ever came to or left: their state is not the fold of the links that claims give them now.
create table cdp.moved_individual (
    id text collate "C" not null primary key
);

-- States whose stored bytes were found damaged. part: empty for the state's own row. One row per damage, however often
-- it is met; the bytes stay for a person to look at.
create table cdp.corrupt_state (
    id text collate "C" not null,
    part text collate "C" not null,
    digest bytea not null,
    ver bigint not null,
    data bytea not null,
    is_damaged boolean not null,
    why text not null,
    rebuilt boolean not null default false,
    found_at timestamptz not null default now(),
    primary key (id, part, digest)
);

alter table cdp.corrupt_state alter column data set storage external;
