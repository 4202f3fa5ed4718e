-- 0013: making another version of a ruleset live. No silo may run meanwhile: one of an earlier program would make moves
-- that a version decided which is not live yet.

-- A successor is a space of its own, in which another version of the rules decides about the same records while the live
-- one goes on. When it knows all of them it takes over, name and all, in one transaction; until then nothing that it
-- decided is made true. What it took over from is emptied after that, and gone once it is empty.
-- successor_of: the space it is to take over from; null once it has, or if it is none.
-- replaced_by: the space that took over from this one; 0 when it was given up; null while it is in use.
alter table cdp.match_space
    add column successor_of int,
    add column replaced_by int;

-- One successor at a time.
create unique index match_space_one_successor on cdp.match_space (successor_of)
    where successor_of is not null and replaced_by is null;

-- What is left of a space that is being emptied.
create index match_record_by_space on cdp.match_record (space, id);
