with part as (
    select c.subject, array[category, resolution_code] as part, count(*)::numeric as value, count(*) as items
    from closure as c join service_case using (subject, source, record)
    where c.object = 'Case' and c.at <= @at and c.at > @at - interval '365 days'
    group by c.subject, category, resolution_code
)
select subject, part, value, sum(value) over whole as total, sum(items) over whole as items,
    case when sum(value) over whole > 0 then value / sum(value) over whole else 0 end::float8 as share,
    count(*) over (partition by subject, value) > 1 as tied,
    row_number() over (partition by subject order by value desc, part collate "C") as place,
    20 as told
from part
window whole as (partition by subject)
