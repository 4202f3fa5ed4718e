select subject from orders where at <= @at and left(subject, 4) = 'ind_'
group by subject having min(at) > @at - interval '30 days'
