select id as subject, pg_temp.expected(x, t_x, t, (select 90.0 / days from model)) as value,
    pg_temp.why_not(1, null) as why, coalesce(n, 0) as items,
    x as frequency, t_x as recency, t as age, mean as monetary_value
from individual
left join pg_temp.buyer(@at) as c on c.subject = id
left join (select subject, count(*) as n from orders where at <= @at group by subject) as o on o.subject = id
