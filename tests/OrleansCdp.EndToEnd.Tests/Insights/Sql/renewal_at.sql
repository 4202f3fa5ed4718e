select id as subject, max(ends_at) as value, count(ends_at) as items
from account left join entitlement on subject = id and is_in_force and at <= @at
group by id
