select id as subject, case when why is null then pg_temp.worth(x, mean) end as value,
    why, coalesce(n, 0) as items,
    x as frequency, t_x as recency, t as age, mean as monetary_value
from individual
left join pg_temp.spender(@at) as c on c.subject = id
left join (select subject, count(*) as n from orders where at <= @at group by subject) as o on o.subject = id
cross join lateral pg_temp.why_not(currencies, currency) as why
