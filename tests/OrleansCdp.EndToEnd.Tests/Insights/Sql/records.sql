-- Records as they stand, things done, and who counts in an account.
create temp view individual as select id from subject where left(id, 4) = 'ind_';
create temp view account as select id from subject where left(id, 4) = 'acc_';

-- The later is the newer: by the source's clock, then by its version, then by arrival.
create temp table said as
select *, row_number() over (
    order by occurred_at, version, sequence, lane, link collate "C" desc
) as nth
from event;

create temp view of_record as select * from said where record is not null and kind <> 'engagement';

-- One record of one source is one, under however many links of a subject it was told of: each field is as it was said last,
-- it began with its first event, and it is gone when its last one is a deletion.
create temp table record as
with field as (
    select distinct on (subject, source, object, record, name)
        subject, source, object, record, name, value
    from of_record cross join jsonb_each(fields) as f (name, value)
    order by subject, source, object, record, name, nth desc
), fields as (
    select subject, source, object, record, jsonb_object_agg(name, value) as fields
    from field group by subject, source, object, record
), life as (
    select subject, source, object, record,
        min(occurred_at) as first_at, (array_agg(kind order by nth desc))[1] as last_kind
    from of_record group by subject, source, object, record
)
select subject, source, object, record, first_at, last_kind = 'closed' as is_closed, fields
from life left join fields using (subject, source, object, record)
where last_kind <> 'deleted';

-- Closed is what was not closed just before.
create temp table closure as
select subject, source, object, record, at
from (
    select subject, source, object, record, occurred_at as at, kind = 'closed' as closed,
        lag(kind = 'closed', 1, false) over (
            partition by subject, source, object, record order by nth
        ) as was_closed
    from of_record where kind <> 'deleted'
) as status
where closed and not was_closed;

create temp table closable as
select subject, source, object, record, first_at as at, is_closed, fields,
    coalesce(closures, 0) as closures,
    case when is_closed then last_closure end as closed_at
from record
left join (
    select subject, source, object, record, count(*) as closures, max(at) as last_closure
    from closure group by subject, source, object, record
) as c using (subject, source, object, record)
where object in ('Case', 'Opportunity');

create temp view service_case as
select subject, source, record, at, is_closed, closures, closed_at,
    (fields ->> 'createdAt')::timestamptz as created_at,
    coalesce(fields ->> 'category', '') as category,
    coalesce(fields ->> 'resolutionCode', '') as resolution_code,
    fields ->> 'status' as status, fields ->> 'priority' as priority
from closable where object = 'Case';

create temp view opportunity as
select subject, source, record, at, is_closed, closed_at,
    coalesce((fields ->> 'won')::boolean, false) as won,
    (fields ->> 'amount')::numeric as amount,
    coalesce(fields ->> 'currency', 'XXX') as currency
from closable where object = 'Opportunity';

create temp view entitlement as
select subject, source, record, first_at as at, (fields ->> 'endDate')::date::timestamptz as ends_at,
    coalesce(fields ->> 'status', '') not in ('expired', 'cancelled', 'canceled') as is_in_force
from record where object = 'Entitlement';

-- Each line as it was said last, since all of them were said anew.
create temp table line as
select distinct on (subject, source, record, id)
    subject, source, record, id, coalesce(category, '') as category, round(amount, 9) as amount
from of_record
cross join jsonb_to_recordset(lines) as l (id text, category text, amount numeric)
left join (
    select subject, source, record, max(nth) as since
    from of_record where lines_complete group by subject, source, record
) as complete using (subject, source, record)
where object = 'SalesOrder' and nth >= coalesce(since, 0)
order by subject, source, record, id, nth desc;

create temp table orders as
select subject, source, record,
    coalesce((fields ->> 'orderedAt')::timestamptz, first_at) as at,
    round(coalesce((fields ->> 'total')::numeric, of_lines, 0), 9) as total,
    coalesce(fields ->> 'currency', 'XXX') as currency
from record
left join (
    select subject, source, record, sum(amount) as of_lines
    from line group by subject, source, record
) as l using (subject, source, record)
where object = 'SalesOrder';

create temp view order_line as
select subject, orders.at, category, amount
from orders join line using (subject, source, record);

-- It counts when it happened, or when it was heard of if that was before.
create temp table done as
select subject, object, least(occurred_at, received_at) as at,
    fields ->> 'name' as name, fields ->> 'category' as category
from said where kind = 'engagement' and object in ('Engagement', 'ProductUsage');

-- An account, and its people: those of whom it was stated last.
create temp table member as
select id as account, id as subject, false as is_person from account
union all
select account, subject, left(subject, 4) = 'ind_'
from (
    select distinct on (subject) account, subject from said
    where account is not null and left(subject, 4) <> 'acc_'
    order by subject, nth desc
) as stated;

analyze said; analyze record; analyze closure; analyze closable; analyze line; analyze orders;
analyze done; analyze member;
