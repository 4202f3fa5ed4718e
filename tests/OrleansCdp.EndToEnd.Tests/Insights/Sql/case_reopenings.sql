select id as subject, coalesce(sum(greatest(closures - 1, 0)), 0) as value, count(at) as items
from individual left join service_case on subject = id and at <= @at
group by id
