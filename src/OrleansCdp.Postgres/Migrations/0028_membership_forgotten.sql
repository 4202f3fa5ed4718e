-- 0028: up to where entries and exits are forgotten: whoever goes on behind that has missed some, and is told so.
create table cdp.membership_forgotten (
    segment text collate "C" primary key,
    -- The last change of the segment that is kept no more, as it was followed.
    written_by xid8 not null,
    number bigint not null
);
