select id as subject, count(at) as value, count(at) as items
from individual left join orders on subject = id and at <= @at
group by id
