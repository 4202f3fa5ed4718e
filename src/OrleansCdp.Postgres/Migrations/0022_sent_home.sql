-- 0022: where a link was that a steward sent home, so that it goes back there when that is withdrawn.

create table cdp.sent_home (
    decision bigint primary key,
    claim text collate "C" not null,
    home text collate "C" not null,
    owner text collate "C" not null,
    anchored_by int not null,
    rule text,
    event_id text,
    -- Set while the decision is withdrawn and the link has not gone back yet.
    returning_since timestamptz
);

create index sent_home_returning on cdp.sent_home (returning_since)
    where returning_since is not null;
