select id as subject,
    round(percentile_cont(0.5) within group (
        order by round(extract(epoch from closed_at - coalesce(created_at, at)) / 3600, 9)
    )::numeric, 9) as value,
    count(at) as items
from individual left join service_case on subject = id and is_closed and at <= @at
group by id
