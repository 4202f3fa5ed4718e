-- 0019: records that say the very same as another one go with it and take no room in its keys. No silo may run meanwhile:
-- one of an earlier program would take a record without keys for one that nobody can find.

alter table cdp.match_record add column twin bigint, add column print bigint;

create index match_record_twin on cdp.match_record (twin) where twin is not null;

-- Of those that say the same, the first that is compared.
create index match_record_print on cdp.match_record (space, print, id)
    where owner is null and twin is null;

-- Of a pair that a steward did not name himself, the record that is kept apart along with whom the other was taken from.
alter table cdp.steward_pair add column companion text collate "C";

-- A group without those that go with another one of it.
create index match_record_first on cdp.match_record (space, group_id)
    where group_id is not null and (twin is null or twin = id);
