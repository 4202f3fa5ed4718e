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

-- Identifiers that identify nobody now.
create index match_guard_guarded on cdp.match_guard (space, identifier) where guarded;

-- Links that matching gave to an individual on one day of UTC. Kept for a week.
create table cdp.match_growth (
    space int not null,
    individual text collate "C" not null,
    day date not null,
    links bigint not null,
    primary key (space, individual, day)
) with (fillfactor = 80);

create index match_growth_oldest on cdp.match_growth (day);

-- Those that grew by more than Limits.LinksPerDayMax.
create index match_growth_unusual on cdp.match_growth (space, individual, day) where links > 50;

-- Limits that were met and of which nothing else tells: component, identifiers. space: 0 for none. amount: the most there
-- was. Those that were not met for longest are dropped beyond Limits.AlarmsMax.
create table cdp.limit_alarm (
    kind text collate "C" not null,
    space int not null,
    subject text collate "C" not null,
    amount bigint not null,
    times bigint not null default 1,
    first_at timestamptz not null default now(),
    last_at timestamptz not null default now(),
    primary key (kind, space, subject)
) with (fillfactor = 80);

create index limit_alarm_oldest on cdp.limit_alarm (last_at);

-- What is counted every few minutes, by whichever silo comes first, so that a scrape asks the database nothing.
create table cdp.identity_figure (
    figure text collate "C" not null,
    label text collate "C" not null,
    value bigint not null,
    primary key (figure, label)
);

create table cdp.identity_count (
    once boolean not null primary key default true check (once),
    counted_at timestamptz not null
);

insert into cdp.identity_count (counted_at) values ('-infinity');

-- An anchor names the same individual for ever. Should one ever name another, it is seen, whoever made it so.
create function cdp.note_anchor_moved() returns trigger language plpgsql as $$
begin
    insert into cdp.identity_history (individual, other, what, link, rule, event_id)
    values (new.owner, old.owner, 'anchor_moved', new.claim, new.rule, new.event_id);
    return null;
end
$$;

create trigger claim_anchor_moved after update of owner on cdp.claim
    for each row when (old.owner <> new.owner and old.claim not like 'link:%')
    execute function cdp.note_anchor_moved();

create index identity_history_anchors on cdp.identity_history (at) where what = 'anchor_moved';
