select id as subject, count(at) as value, count(at) as items
from individual
left join service_case on subject = id and at <= @at and at > @at - interval '90 days'
group by id
