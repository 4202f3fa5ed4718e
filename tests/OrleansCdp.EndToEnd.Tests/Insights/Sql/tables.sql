-- What a test copies out of a drained system, for the queries beside this file. Gone with the connection.
set timezone to 'UTC';

-- Every event of the log that was not refused.
create temp table event (
    subject text,            -- who holds its link in the end: an individual, a record of nobody's, an account
    link text,
    source text,
    lane smallint,
    sequence bigint,         -- the order of arrival
    event_id text,
    object text,
    record text,             -- null for what describes the subject itself
    kind text,               -- created, updated, closed, deleted; engagement for what was done
    occurred_at timestamptz, -- by the source's clock
    received_at timestamptz,
    version bigint,          -- the source's own revision
    fields jsonb,            -- of what describes the subject itself its traits
    lines jsonb,             -- null where the event does not speak of the order's lines
    lines_complete boolean,  -- whether they replace all lines before
    account text             -- the account that the event says its subject belongs to
);

-- Everybody who is asked about.
create temp table subject (id text);

-- The model of the name `default`, if somebody has put one; `days` are those of its unit.
create temp table model (
    days integer, r float8, alpha float8, a float8, b float8, p float8, q float8, v float8, currency text
);
