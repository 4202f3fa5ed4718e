-- The order of anchors: the ranks that claims have are places in it. Set at the first start of a silo with this program.
-- Safe while silos run.

alter table cdp.log_shape add column anchors text[];

-- A database that was made before has ranks of the order there was.
update cdp.log_shape set anchors = '{contactId,email,userId}';
