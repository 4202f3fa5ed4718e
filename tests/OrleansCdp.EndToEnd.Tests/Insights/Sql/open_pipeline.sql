select subject, currency, sum(amount) as value, count(*) as items
from opportunity where not is_closed and amount is not null and at <= @at
group by subject, currency
