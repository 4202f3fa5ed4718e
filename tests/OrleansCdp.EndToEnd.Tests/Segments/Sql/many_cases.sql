select subject from service_case
where at <= @at and at > @at - interval '90 days' and left(subject, 4) = 'ind_'
group by subject having count(*) >= 3
