select subject from done
where object = 'Engagement' and at <= @at and at > @at - interval '30 days' and left(subject, 4) = 'ind_'
group by subject having count(*) >= 10
