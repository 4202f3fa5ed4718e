-- 0027: how far the Orleans stream of entries and exits was delivered.
create table cdp.membership_stream (
    only_row bool primary key default true check (only_row),
    -- The last change that every grain which subscribes has taken, as it is followed.
    written_by xid8 not null,
    number bigint not null,
    -- How many were told up to it: the tokens of the stream count on from here.
    told bigint not null
);

insert into cdp.membership_stream (written_by, number, told) values ('0', 0, 0);
