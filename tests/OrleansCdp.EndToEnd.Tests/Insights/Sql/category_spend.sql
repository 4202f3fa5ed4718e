with part as (
    select subject, array[category] as part, sum(amount) as value, count(*) as items
    from order_line where at <= @at
    group by subject, category
)
select subject, part, value, sum(value) over whole as total, sum(items) over whole as items,
    case when sum(value) over whole > 0 then value / sum(value) over whole else 0 end::float8 as share,
    count(*) over (partition by subject, value) > 1 as tied,
    row_number() over (partition by subject order by value desc, part collate "C") as place,
    20 as told
from part
window whole as (partition by subject)
