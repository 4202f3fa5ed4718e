-- 0024: when individuals and accounts are looked at by the clock. The table was never filled. No silo may run meanwhile: one of an
-- earlier program would forget with each save when the next look is due.

drop table cdp.due;

create table cdp.due (
    id text collate "C" not null primary key,
    -- The partition of the log that the id hashes to: whoever owns that looks after it.
    slice int not null,
    due_at timestamptz not null,
    -- How often in a row looking failed.
    tries int not null default 0
) with (fillfactor = 80);

create index due_by_slice on cdp.due (slice, due_at);

-- How many are overdue is counted over all slices.
create index due_by_time on cdp.due (due_at);
