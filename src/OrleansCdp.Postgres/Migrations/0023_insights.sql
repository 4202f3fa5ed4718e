-- 0023: links know what insights count of things done. No silo may run meanwhile: one of an earlier program cannot read them, and
-- would take them for damaged.

comment on table cdp.outbox is
    'Messages to relay. Of topics that begin with enrichments/ only the newest of an id waits: it replaces those before it.';
