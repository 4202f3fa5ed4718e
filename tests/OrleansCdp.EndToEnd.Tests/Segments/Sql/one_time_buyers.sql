select subject from orders where at <= @at and left(subject, 4) = 'ind_'
group by subject having count(*) = 1 and min(at) <= @at - interval '60 days'
