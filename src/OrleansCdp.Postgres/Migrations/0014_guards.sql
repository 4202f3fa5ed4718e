-- 0014: identifiers that too many individuals have, and what operators have to see. No silo may run meanwhile: one of an
-- earlier program would not note who has which identifier.

-- Who has which identifier: the records that are compared. individual: whether the record stands for an individual.
create table cdp.match_identifier (
    space int not null,
    identifier bigint not null,
    record_id bigint not null,
    individual boolean not null,
    primary key (space, identifier, record_id)
);

-- How many individuals have one is counted here, and only so far as it decides something.
create index match_identifier_individuals on cdp.match_identifier (space, identifier, record_id)
    where individual;

-- Identifiers that more individuals had than may. guarded: whether they still do; then it identifies nobody.
-- change: number of the last time that changed. reviewed: up to which record those who have it were looked at again since;
-- null once all were.
create table cdp.match_guard (
    space int not null,
    identifier bigint not null,
    field text not null,
    value text not null,
    guarded boolean not null,
    change bigint not null,
    reviewed bigint,
    at timestamptz not null default now(),
    primary key (space, identifier)
) with (fillfactor = 80);

-- What changed since a silo last asked.
create index match_guard_changes on cdp.match_guard (space, change);

create index match_guard_due on cdp.match_guard (change) where reviewed is not null;

-- Of the identifiers of a record those that identified nobody when it was last compared.
alter table cdp.match_record add column guarded bigint[];

-- Records up to this one have noted their identifiers; null when all have.
alter table cdp.match_space add column identifiers_to bigint;

update cdp.match_space set identifiers_to = 0;
