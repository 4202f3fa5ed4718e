select subject from done where object = 'Engagement' and at <= @at and left(subject, 4) = 'ind_'
group by subject having count(*) >= 5 and max(at) <= @at - interval '30 days'
