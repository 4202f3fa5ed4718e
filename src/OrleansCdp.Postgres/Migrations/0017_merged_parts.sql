-- 0017: individuals keep who is merged into them apart from their other parts. No silo may run meanwhile: one of an earlier
-- program would not find them, and would take a merged individual for a stranger.
select;
