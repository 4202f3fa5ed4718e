with item as (
    select subject, category, 5 as points, at from order_line where category <> ''
    union all
    select subject, category, 1, at from done where object = 'Engagement' and category is not null
), part as (
    select subject, array[category] as part, count(*) as items,
        round(sum(
            points * power(0.5::float8, extract(epoch from @at - at) / extract(epoch from interval '90 days'))
        )::numeric, 9)::float8 as value
    from item where at <= @at
    group by subject, category
)
select subject, part, value, sum(value) over whole as total, sum(items) over whole as items,
    case when sum(value) over whole > 0 then value / sum(value) over whole else 0 end::float8 as share,
    count(*) over (partition by subject, value) > 1 as tied,
    row_number() over (partition by subject order by value desc, part collate "C") as place,
    5 as told
from part
window whole as (partition by subject)
