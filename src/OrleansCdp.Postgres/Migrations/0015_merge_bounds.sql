-- 0015: what large imports and stewards need to find without walking through tables. No silo may run meanwhile: one of an
-- earlier program would state anchors of links without naming the links here.

-- Links that state anchors of several base individuals, once each: two silos that state something of one link at the same
-- time meet here, as they meet at the individuals, and neither needs the lock of all merges for what is new altogether.
create table cdp.anchor_link (
    link text collate "C" not null primary key
);

insert into cdp.anchor_link (link) select distinct link from cdp.anchor_statement;

-- What a steward's decision said to matching, when it is withdrawn.
create index steward_pair_by_decision on cdp.steward_pair (decision);
