select id as subject, max(at) as value, count(at) as items
from individual left join done on subject = id and at <= @at
group by id
