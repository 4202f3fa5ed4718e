select subject, currency, round(avg(total), 9) as value, count(*) as items
from orders where at <= @at
group by subject, currency
