-- Contender B: a customer data platform of one batch function. Written to be as fast as set-based SQL gets: one pass per
-- kind of state, one index for the log and the dedupe together, hot updates, no work for kinds a batch does not hold.

create schema b;

-- The log is the dedupe: one index pays for both.
create table b.log (
    key uuid primary key,
    received_at timestamptz not null default now(),
    stream smallint not null,
    payload bytea not null
);

create table b.quarantine (
    received_at timestamptz not null default now(),
    stream smallint not null,
    code text not null,
    payload bytea not null
);

create sequence b.person_ids cache 1000;

-- What a person is known by: c: contact, e: verified email, u: user, a: browser.
create table b.link (
    link text collate "C" primary key,
    person bigint not null
) with (fillfactor = 80);

create index link_by_person on b.link (person);

create table b.profile (
    person bigint primary key,
    traits jsonb not null default '{}', -- name -> [value, time in ms]
    account text,
    account_at bigint not null default 0,
    order_count int not null default 0,
    last_engagement_at bigint,
    open_cases int not null default 0,
    recent text[] collate "C" not null default '{}' -- newest first: 13 digits of ms, then the JSON of the interaction
) with (fillfactor = 70, toast_tuple_target = 8160);

alter table b.profile alter column recent set storage main;
alter table b.profile alter column traits set storage main;

create table b.revenue (
    person bigint not null,
    currency text collate "C" not null,
    amount numeric not null,
    primary key (person, currency)
) with (fillfactor = 80);

create table b.sales_order (
    id text collate "C" primary key,
    link text collate "C" not null,
    at bigint not null,
    total numeric not null,
    currency text not null,
    record jsonb not null
) with (fillfactor = 90);

create table b.service_case (
    id text collate "C" primary key,
    link text collate "C" not null,
    at bigint not null,
    closed boolean not null,
    record jsonb not null
) with (fillfactor = 80);

create table b.account (
    id text collate "C" primary key,
    traits jsonb not null
) with (fillfactor = 70);

-- Browsers whose person turned out to be another: merged by b.merge_people.
create unlogged table b.to_merge (
    loser bigint not null,
    winner bigint not null
);

-- The newest of each trait wins.
create function b.newest_traits(one jsonb, other jsonb) returns jsonb
language sql immutable parallel safe as $$
    select coalesce(jsonb_object_agg(k, v), '{}')
    from (
        select distinct on (k) k, v
        from (select * from jsonb_each(one) union all select * from jsonb_each(other)) as t(k, v)
        order by k, (v ->> 1)::bigint desc
    ) newest
$$;

create function b.newest_recent(one text[], other text[]) returns text[]
language sql immutable parallel safe as $$
    select array(
        select x from unnest(one || other) as x order by x collate "C" desc limit 20
    )
$$;

-- kinds: 0 contact, 1 account, 2 identify, 3 engagement, 4 order, 5 case. Times in ms since 1970.
-- Every array has one element per event; null where a kind has no such thing.
create function b.take(
    keys uuid[], streams smallint[], payloads bytea[], kinds smallint[],
    subjects text[], -- the link the event is filed under
    others text[],   -- a browser that the event proves to be the subject's
    emails text[],   -- a verified email
    times bigint[], details jsonb[], recents text[],
    records text[], totals numeric[], currencies text[], closed boolean[], accounts text[]
) returns int
language plpgsql as $$
declare
    fresh int;
begin
    -- Shared: many batches run together, but none while people are merged.
    perform pg_advisory_xact_lock_shared(4711);

    create temporary table if not exists batch (
        ord int, kind smallint, subject text collate "C", other text collate "C",
        email text collate "C", at bigint, detail jsonb, recent text collate "C",
        record text collate "C", total numeric, currency text collate "C", closed boolean,
        account text collate "C", person bigint, other_person bigint, email_person bigint
    ) on commit delete rows;

    with input as materialized (
        select *
        from unnest(keys, streams, payloads, kinds, subjects, others, emails, times, details,
            recents, records, totals, currencies, closed, accounts)
            with ordinality as i(key, stream, payload, kind, subject, other, email, at, detail,
                recent, record, total, currency, closed, account, ord)
    ), logged as (
        insert into b.log (key, stream, payload)
        select key, stream, payload from input order by key
        on conflict do nothing
        returning key
    ), firsts as (
        select distinct on (i.key) i.* from input i join logged using (key) order by i.key, i.ord
    )
    insert into batch
    select ord, kind, subject, other, email, at, detail, recent, record, total, currency,
        f.closed, account,
        -- Scalar subqueries, because they are always index lookups: a join is planned once for all batches,
        -- without knowing how short the batch is, and then reads the whole table each time.
        (select k.person from b.link k where k.link = f.subject and f.kind <> 1),
        (select k.person from b.link k where k.link = f.other),
        (select k.person from b.link k where k.link = 'e:' || f.email)
    from firsts f;
    get diagnostics fresh = row_count;

    perform b.resolve();
    perform b.fold_accounts();
    perform b.fold_orders();
    perform b.fold_cases();
    perform b.fold_profiles();
    return fresh;
end
$$;

-- Gives every event its person, making links and people that are missing.
create function b.resolve() returns void
language plpgsql as $$
begin
    if not exists (
        select from batch
        where kind <> 1 and (person is null
            or (other is not null and other_person is null)
            or (email is not null and email_person is null))
    ) then
        perform b.note_merges();
        return;
    end if;

    -- A link missing beside a known one goes to the known one's person, the strongest first.
    with people as materialized (
        select t.*,
            coalesce(
                case when left(t.subject, 2) = 'c:' then t.person end,
                t.email_person, t.person, nextval('b.person_ids')
            ) as owner
        from (
            select distinct subject, other, email, person, other_person, email_person from batch
            where kind <> 1 and (
                (other is not null and (person is null or other_person is null))
                or (email is not null and (person is null or email_person is null)))
        ) t
    ), wanted as (
        select subject as link, owner from people where person is null
        union all
        select 'e:' || email, owner from people where email is not null and email_person is null
        union all
        select other, owner from people where other is not null and other_person is null
    )
    insert into b.link (link, person)
    select distinct on (link) link, owner from wanted order by link, owner
    on conflict do nothing;

    insert into b.link (link, person)
    select t.subject, nextval('b.person_ids')
    from (
        select distinct subject from batch x
        where kind <> 1 and person is null
            and (select k.person from b.link k where k.link = x.subject) is null
        order by subject
    ) t
    on conflict do nothing;

    -- Read again: another batch may have been first.
    update batch set
        person = coalesce(person, (select k.person from b.link k where k.link = batch.subject)),
        other_person = (select k.person from b.link k where k.link = batch.other)
    where kind <> 1 and (person is null or (other is not null and other_person is null));
    perform b.note_merges();
end
$$;

-- A browser known as somebody else, who is nothing but browsers, is the subject's.
create function b.note_merges() returns void
language plpgsql as $$
begin
    insert into b.to_merge (loser, winner)
    select distinct x.other_person, x.person
    from batch x
    where x.other_person <> x.person
        and not exists (
            select from b.link k where k.person = x.other_person and left(k.link, 2) <> 'a:'
            offset 0
        );
end
$$;

create function b.fold_accounts() returns void
language plpgsql as $$
begin
    insert into b.account as a (id, traits)
    select t.id, jsonb_object_agg(t.k, t.v)
    from (
        select distinct on (x.subject, d.k) x.subject as id, d.k, d.v
        from batch x cross join lateral jsonb_each(x.detail) as d(k, v)
        where x.kind = 1
        order by x.subject, d.k, x.at desc
    ) t
    group by t.id order by t.id
    on conflict (id) do update set traits = b.newest_traits(a.traits, excluded.traits);
end
$$;

-- Orders replace themselves by id, the newer wins; counts and revenue get the difference.
create function b.fold_orders() returns void
language plpgsql as $$
begin
    create temporary table if not exists order_change (
        person bigint, orders int, currency text collate "C", amount numeric
    ) on commit delete rows;

    with newest as materialized (
        select distinct on (record) record, subject, person, at, total, currency, detail
        from batch where kind = 4 order by record, at desc
    ), before as materialized (
        select n.*, o.id is null as is_new, o.total as old_total, o.currency as old_currency
        from newest n
            left join lateral (select * from b.sales_order k where k.id = n.record limit 1) o on true
        where o.id is null or n.at > o.at
    ), saved as (
        insert into b.sales_order as o (id, link, at, total, currency, record)
        select record, subject, at, total, currency, detail from before order by record
        on conflict (id) do update set at = excluded.at, total = excluded.total,
            currency = excluded.currency, record = excluded.record
    )
    insert into order_change
    select person, is_new::int, currency, total from before
    union all
    select person, 0, old_currency, -old_total from before where not is_new;

    insert into b.revenue as r (person, currency, amount)
    select person, currency, sum(amount) from order_change
    group by 1, 2 order by 1, 2
    on conflict (person, currency) do update set amount = r.amount + excluded.amount;
end
$$;

create function b.fold_cases() returns void
language plpgsql as $$
begin
    create temporary table if not exists case_change (person bigint, opened int)
        on commit delete rows;

    with newest as materialized (
        select distinct on (record) record, subject, person, at, closed, detail
        from batch where kind = 5 order by record, at desc, ord desc
    ), before as materialized (
        select n.*, o.id as known, o.closed as was_closed
        from newest n
            left join lateral (select * from b.service_case k where k.id = n.record limit 1) o on true
        where o.id is null or n.at >= o.at
    ), saved as (
        insert into b.service_case as o (id, link, at, closed, record)
        select record, subject, at, closed, detail from before order by record
        on conflict (id) do update set at = excluded.at, closed = excluded.closed,
            record = o.record || excluded.record
    )
    insert into case_change
    select person, (not closed)::int - coalesce((not was_closed)::int, 0) from before;
end
$$;

create function b.fold_profiles() returns void
language plpgsql as $$
begin
    with lately as (
        select person, array_agg(recent) as recent
        from (
            select person, recent,
                row_number() over (partition by person order by recent desc) as n
            from batch where recent is not null
        ) r
        where n <= 20 group by person
    ), engaged as (
        select person, max(at) as at from batch where kind = 3 group by person
    ), told as (
        select person, jsonb_object_agg(k, v) as traits
        from (
            select distinct on (x.person, d.k) x.person, d.k, d.v
            from batch x cross join lateral jsonb_each(x.detail) as d(k, v)
            where x.kind in (0, 2)
            order by x.person, d.k, x.at desc
        ) t
        group by person
    ), belongs as (
        select distinct on (person) person, account, at
        from batch where account is not null order by person, at desc
    ), ordered as (
        select person, sum(orders)::int as orders from order_change group by person
    ), served as (
        select person, sum(opened)::int as opened from case_change group by person
    )
    insert into b.profile as p (person, traits, account, account_at, order_count,
        last_engagement_at, open_cases, recent)
    select person, coalesce(told.traits, '{}'), belongs.account, coalesce(belongs.at, 0),
        coalesce(ordered.orders, 0), engaged.at, coalesce(served.opened, 0),
        coalesce(lately.recent, '{}')
    from (select distinct person from batch where person is not null) t
        left join lately using (person)
        left join engaged using (person)
        left join told using (person)
        left join belongs using (person)
        left join ordered using (person)
        left join served using (person)
    order by person
    on conflict (person) do update set
        traits = case when excluded.traits = '{}' then p.traits
            else b.newest_traits(p.traits, excluded.traits) end,
        account = case when excluded.account_at > p.account_at then excluded.account
            else p.account end,
        account_at = greatest(p.account_at, excluded.account_at),
        order_count = p.order_count + excluded.order_count,
        last_engagement_at = greatest(p.last_engagement_at, excluded.last_engagement_at),
        open_cases = p.open_cases + excluded.open_cases,
        recent = case when excluded.recent = '{}' then p.recent
            else b.newest_recent(p.recent, excluded.recent) end;
end
$$;

-- Gives everything of people who were nothing but browsers to whom the browsers belong. Alone, so that no batch
-- adds to somebody who is just being given away.
create function b.merge_people() returns int
language plpgsql as $$
declare
    losers bigint[];
    winners bigint[];
begin
    if not exists (select from b.to_merge) then
        return 0;
    end if;

    perform pg_advisory_xact_lock(4711);
    with gone as (delete from b.to_merge returning loser, winner)
    select array_agg(loser order by loser), array_agg(winner order by loser) into losers, winners
    from (select distinct on (loser) loser, winner from gone order by loser, winner) once;

    update b.link k
    set person = (select m.w from unnest(losers, winners) as m(l, w) where m.l = k.person)
    where k.person = any(losers);

    with gone as (delete from b.revenue r where r.person = any(losers) returning r.*)
    insert into b.revenue as r (person, currency, amount)
    select m.w, o.currency, sum(o.amount)
    from gone o join unnest(losers, winners) as m(l, w) on m.l = o.person
    group by 1, 2 order by 1, 2
    on conflict (person, currency) do update set amount = r.amount + excluded.amount;

    with losing as materialized (
        delete from b.profile p where p.person = any(losers) returning p.*
    ), given as materialized (
        select m.w as winner, l.* from losing l join unnest(losers, winners) as m(l, w) on m.l = l.person
    ), sums as materialized (
        select winner, sum(order_count)::int as order_count,
            max(last_engagement_at) as last_engagement_at, sum(open_cases)::int as open_cases
        from given group by winner
    ), lately as materialized (
        select winner, array_agg(recent) as recent
        from (
            select l.winner, x.recent,
                row_number() over (partition by l.winner order by x.recent desc) as n
            from given l cross join lateral unnest(l.recent) as x(recent)
        ) r
        where n <= 20 group by winner
    )
    update b.profile p set
        order_count = p.order_count + s.order_count,
        last_engagement_at = greatest(p.last_engagement_at, s.last_engagement_at),
        open_cases = p.open_cases + s.open_cases,
        recent = b.newest_recent(p.recent, coalesce(l.recent, '{}'))
    from sums s left join lately l using (winner)
    where p.person = s.winner and p.person = any(winners);
    return cardinality(losers);
end
$$;
