-- Counts per partition and lane, written by the very statement that moves its checkpoint, so they hold through crashes.
-- Safe while silos run.

-- Events that a reader brought although an earlier delivery had brought them already; events that went to quarantine.
alter table cdp.ingest_checkpoint add column redelivered bigint not null default 0;
alter table cdp.ingest_checkpoint add column quarantined bigint not null default 0;
