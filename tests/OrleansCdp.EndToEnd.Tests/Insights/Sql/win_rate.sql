select id as subject, round(avg(won::int), 9) as value, count(at) as items
from account left join opportunity on subject = id and is_closed and at <= @at
group by id
