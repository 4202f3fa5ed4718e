select subject, currency, sum(total) as value, count(*) as items
from orders where at <= @at and at > @at - interval '365 days'
group by subject, currency
