-- Contender B: the same work as set-based SQL, one call per batch. Duplicates by event key, a durable log,
-- a profile with traits (newest wins), order count, revenue per currency, first and last order, last engagement,
-- open cases and the last 20 interactions. Written to be as fast as we know how.
create table b_seen (key uuid primary key) with (fillfactor = 90);
create table b_log (
    at timestamptz not null, subject bigint not null, kind smallint not null, payload text not null
);
alter table b_log alter column payload set compression lz4;
create table b_profile (
    subject bigint primary key,
    city text, city_at timestamptz,
    orders int not null, revenue numeric not null,
    first_order timestamptz, last_order timestamptz, last_engagement timestamptz,
    engagements bigint not null, open_cases int not null,
    recent text[] not null
) with (fillfactor = 80);

-- kind: 0 engagement, 1 order, 2 case created, 3 case closed, 4 identify
create function b_apply(
    keys uuid[], subjects bigint[], kinds smallint[], ats timestamptz[],
    amounts numeric[], names text[], payloads text[]
) returns int language sql as $$
    with fresh as (
        insert into b_seen select distinct k from unnest(keys) k
        on conflict do nothing returning key
    ), sent as materialized (
        select distinct on (e.key) e.*
        from unnest(keys, subjects, kinds, ats, amounts, names, payloads)
            with ordinality as e(key, subject, kind, at, amount, name, payload, n)
        join fresh on fresh.key = e.key
    ), logged as (
        insert into b_log select at, subject, kind, payload from sent
    ), sums as materialized (
        select subject,
            count(*) filter (where kind = 1) as orders,
            coalesce(sum(amount) filter (where kind = 1), 0) as revenue,
            min(at) filter (where kind = 1) as first_order,
            max(at) filter (where kind = 1) as last_order,
            max(at) filter (where kind = 0) as last_engagement,
            count(*) filter (where kind = 0) as engagements,
            count(*) filter (where kind = 2) - count(*) filter (where kind = 3) as open_cases,
            max(at) filter (where kind = 4) as city_at,
            (array_agg(name order by at desc) filter (where kind = 4))[1] as city,
            (array_agg(at::text || ' ' || name order by at desc))[1:20] as recent
        from sent group by subject
    ), upserted as (
        insert into b_profile as p
        select subject, city, city_at, orders, revenue, first_order, last_order, last_engagement,
            engagements, open_cases, recent
        from sums order by subject
        on conflict (subject) do update set
            city = case when excluded.city_at >= coalesce(p.city_at, '-infinity')
                then excluded.city else p.city end,
            city_at = greatest(p.city_at, excluded.city_at),
            orders = p.orders + excluded.orders,
            revenue = p.revenue + excluded.revenue,
            first_order = least(p.first_order, excluded.first_order),
            last_order = greatest(p.last_order, excluded.last_order),
            last_engagement = greatest(p.last_engagement, excluded.last_engagement),
            engagements = p.engagements + excluded.engagements,
            open_cases = p.open_cases + excluded.open_cases,
            recent = (excluded.recent || p.recent)[1:20]
        returning 1
    )
    select count(*)::int from upserted
$$;
