select id as subject, min(at) as value, count(at) as items
from individual left join orders on subject = id and at <= @at
group by id
