-- 0020: what waits to be decided is listed, the oldest first.

create index open_decision_noted on cdp.open_decision (noted_at, claim);
