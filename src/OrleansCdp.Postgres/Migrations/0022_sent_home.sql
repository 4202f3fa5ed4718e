-- 0022: where a link was that a steward sent home, so that it goes back there when that is withdrawn.

create table cdp.sent_home (
    decision bigint primary key,
    claim text collate "C" not null,
    home text collate "C" not null,
    owner text collate "C" not null,
    anchored_by int not null,
    rule text,
    event_id text,
    -- How much the sign-in weighs that had brought it there.
    stamp_at bigint not null,
    stamp_version bigint not null,
    stamp_arrival bigint not null,
    sent_at timestamptz not null default now(),
    -- Since when the link has to go back, and when that was last tried. Of none that has gone back, or need not.
    withdrawn_at timestamptz,
    tried_at timestamptz,
    -- Why it could not go back yet; null until it was tried.
    reason text
);

create index sent_home_waiting on cdp.sent_home (withdrawn_at, claim) where withdrawn_at is not null;
create index sent_home_tried on cdp.sent_home (tried_at) where withdrawn_at is not null;
create index sent_home_claim on cdp.sent_home (claim, decision);
