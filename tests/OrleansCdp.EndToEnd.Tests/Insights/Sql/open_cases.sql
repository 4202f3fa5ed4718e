select id as subject, count(at) as value, count(at) as items
from individual left join service_case on subject = id and not is_closed and at <= @at
group by id
