-- Merges that can be taken back: which base individuals are one person follows from what links state and what stewards
-- decided; claims keep naming the base individual. No silo may run meanwhile: those of an earlier program would move
-- claims with every merge.

-- Why a claim is as it is: the anchor, or another rule, and the event that decided.
alter table cdp.claim add column rule text;
alter table cdp.claim add column event_id text;

-- Individuals that may be merged. root: who has everybody's links; placed_at: who has them by now, null for itself.
-- live: it bears links of its own; otherwise nothing has to move when its root changes. settled: its links are known to be
-- at the root; once the root has changed they may be anywhere on the way until somebody has seen to it.
create table cdp.base_individual (
    id text collate "C" not null primary key,
    rank int not null,
    name text collate "C" not null,
    root text collate "C" not null,
    placed_at text collate "C",
    live boolean not null default false,
    settled boolean not null default true,
    changed_at timestamptz not null default now()
) with (fillfactor = 80);

create index base_individual_moving on cdp.base_individual (changed_at)
    where live and not settled;
create index base_individual_merged on cdp.base_individual (root) where root <> id;

-- Links that state anchors of several base individuals.
create table cdp.anchor_statement (
    link text collate "C" not null,
    base text collate "C" not null,
    event_id text not null,
    at timestamptz not null default now(),
    primary key (link, base)
);

create index anchor_statement_by_base on cdp.anchor_statement (base, link);

-- What people decided. together: one person, otherwise two.
create table cdp.steward_decision (
    id bigint generated always as identity primary key,
    together boolean not null,
    survivor text collate "C" not null,
    other text collate "C" not null,
    reason text not null,
    author text not null,
    at timestamptz not null default now(),
    withdrawn_at timestamptz,
    withdrawn_by text,
    withdrawn_reason text
);

create index steward_decision_survivor on cdp.steward_decision (survivor) where withdrawn_at is null;
create index steward_decision_other on cdp.steward_decision (other) where withdrawn_at is null;

-- Individuals that something says are one and that stay apart, for a steward; settled once they are one, or nothing says so.
create table cdp.merge_conflict (
    first text collate "C" not null,
    second text collate "C" not null,
    reason text not null,
    noted_at timestamptz not null default now(),
    settled_at timestamptz,
    primary key (first, second)
);

create index merge_conflict_open on cdp.merge_conflict (noted_at, first, second) where settled_at is null;
create index merge_conflict_second on cdp.merge_conflict (second, first);

-- What happened to whom.
create table cdp.identity_history (
    id bigint generated always as identity primary key,
    individual text collate "C" not null,
    other text collate "C",
    what text not null,
    link text collate "C",
    rule text,
    event_id text,
    decision bigint,
    at timestamptz not null default now()
);

create index identity_history_of on cdp.identity_history (individual, id);
create index identity_history_with on cdp.identity_history (other, id) where other is not null;

-- What was in conflict before still is, until what links state is stated anew.
insert into cdp.merge_conflict (first, second, reason, noted_at)
select least(holder, claimant), greatest(holder, claimant), 'two_contacts', min(noted_at)
from cdp.anchor_conflict where holder <> claimant group by 1, 2;

drop table cdp.anchor_conflict;
