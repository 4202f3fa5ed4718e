-- The window reaches up to a 32nd of its length too far.
select id as subject,
    count(at) filter (where at > @at - interval '30 days') as value,
    count(at) as at_most
from individual
left join done on subject = id and at <= @at and at >= @at - interval '30 days' * (1 + 1.0 / 32)
group by id
