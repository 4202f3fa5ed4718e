select subject, currency, sum(amount) as value, count(*) as items
from opportunity
where is_closed and won and amount is not null
    and closed_at <= @at and closed_at > @at - interval '365 days'
group by subject, currency
