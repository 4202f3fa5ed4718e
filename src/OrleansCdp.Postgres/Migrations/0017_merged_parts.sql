-- 0017: individuals keep who is merged into them apart from their other parts. No silo may run meanwhile: one of an earlier
-- program would not find them, and would take a merged individual for a stranger.

-- Why a link was separated, withdrawn or not: a history asks for the decision about the two.
create index steward_decision_between on cdp.steward_decision (survivor, other);
