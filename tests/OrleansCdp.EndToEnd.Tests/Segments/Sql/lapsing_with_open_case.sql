select subject from orders where at <= @at and left(subject, 4) = 'ind_'
group by subject
having count(*) filter (where at > @at - interval '365 days') >= 2 and max(at) <= @at - interval '90 days'
intersect
select subject from service_case where at <= @at and not is_closed
