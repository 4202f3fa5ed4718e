select subject from done where object = 'ProductUsage' and at <= @at and left(subject, 4) = 'ind_'
group by subject
having count(*) filter (where at > @at - interval '60 days') > 3 * count(*) filter (where at > @at - interval '30 days')
