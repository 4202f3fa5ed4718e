-- The books hold through a crash: what an event became is written with the state it did or did not change.

-- Events of the log that are in no state, until a checkpoint passes them: a reader that begins anew at the checkpoint
-- meets them again. kind: 1 suppressed, 2 refused.
create table cdp.event_fate (
    lane smallint not null,
    partition int not null,
    seq bigint not null,
    kind smallint not null,
    code text collate "C" not null,
    primary key (lane, partition, seq)
) with (fillfactor = 80);

-- Where a refused event is in the log; null for what never came that far.
alter table cdp.quarantine add column lane smallint;
alter table cdp.quarantine add column partition int;
alter table cdp.quarantine add column seq bigint;
create unique index quarantine_by_position on cdp.quarantine (lane, partition, seq) where seq is not null;

-- Several slots per count, so that silos do not wait for one row.
alter table cdp.event_count add column slot int not null default 0;
alter table cdp.event_count drop constraint event_count_pkey;
alter table cdp.event_count add primary key (stream, kind, reason, slot);
