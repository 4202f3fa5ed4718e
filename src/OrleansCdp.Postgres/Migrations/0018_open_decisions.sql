-- 0018: what events say of links and could not be carried out. Until now it was dropped.

create table cdp.open_decision (
    claim text collate "C" primary key,
    -- The record and the individual that only this link names: whoever decides about those looks here.
    record text collate "C" not null,
    individual text collate "C" not null,
    weight_at bigint not null,
    weight_version bigint not null,
    weight_arrival bigint not null,
    sequence bigint not null,
    -- A chunk of the log with the one event.
    event bytea not null,
    reason text not null,
    noted_at timestamptz not null default now(),
    tried_at timestamptz not null default now()
);

create index open_decision_record on cdp.open_decision (record);
create index open_decision_individual on cdp.open_decision (individual);
create index open_decision_tried on cdp.open_decision (tried_at);
