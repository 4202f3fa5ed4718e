-- 0021: why a link's individual or group changed, and of which types an individual has too many identifiers.
-- Safe while silos run. One of an earlier program leaves both empty.

-- reason: a code; null where an earlier program decided. caused_by: the individual that it is because of; null for none.
alter table cdp.match_change
    add column reason text collate "C",
    add column caused_by text collate "C";

-- Of identifiers their types, as they last were.
alter table cdp.limit_alarm add column detail text;
