select subject, currency, sum(total) as value, count(*) as items
from orders where at <= @at
group by subject, currency
