-- What matching has to look at again because of something else than what records say: individuals that are one person with
-- others than before, and links that a steward decided about. Noted in the transaction that decides; whoever finds the note
-- decides anew and takes it away. No silo may run meanwhile: one of an earlier program would not note anything.
create table cdp.match_due (
    subject text collate "C" not null primary key,
    decision bigint not null
);

create index match_due_oldest on cdp.match_due (decision);

-- What a steward said falls with the decision.
create index steward_pair_of_decision on cdp.steward_pair (decision);

-- Until now an individual was compared as if it had never been merged.
insert into cdp.match_due (subject, decision)
select m.subject, nextval('cdp.match_decision') from (
    select id as subject from cdp.base_individual where root <> id
    union
    select root from cdp.base_individual where root <> id
) m
where exists (select from cdp.match_space);
