select subject from orders where at <= @at and at > @at - interval '365 days' and left(subject, 4) = 'ind_'
group by subject having sum(total) >= 1000
intersect
select subject from service_case
where at <= @at and not is_closed and (status = 'Escalated' or lower(priority) in ('critical', '1 - critical'))
