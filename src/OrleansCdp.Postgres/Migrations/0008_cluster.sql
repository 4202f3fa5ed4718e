-- Which cluster the database belongs to: a second one would read the same partitions. Set at the first start with this
-- program. Safe while silos run.

alter table cdp.log_shape add column cluster_id text;
