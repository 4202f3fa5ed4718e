-- What was refused, and what became of every event.

create table cdp.quarantine (
    id bigint generated always as identity primary key,
    stream text not null,
    code text not null,
    message text not null,
    pointer text,
    origin smallint not null,
    payload bytea not null,
    truncated boolean not null,
    at timestamptz not null,
    replayed_at timestamptz
);

create index quarantine_waiting on cdp.quarantine (id) where replayed_at is null;

create table cdp.event_count (
    stream text collate "C" not null,
    kind smallint not null,
    reason text collate "C" not null,
    count bigint not null,
    primary key (stream, kind, reason)
) with (fillfactor = 50);
