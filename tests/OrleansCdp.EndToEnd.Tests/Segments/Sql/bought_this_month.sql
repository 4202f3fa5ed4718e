select subject from orders
where at <= @at and left(subject, 4) = 'ind_'
group by subject
having max(at) >= date_trunc('month', @at at time zone 'Europe/Berlin') at time zone 'Europe/Berlin'
