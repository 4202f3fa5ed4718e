select distinct subject from done d
where object = 'Engagement' and name = 'Product Added' and left(subject, 4) = 'ind_'
    and at < @at - interval '24 hours' and at > @at - interval '30 days'
    and not exists (
        select from orders o where o.subject = d.subject and o.at > d.at and o.at <= d.at + interval '24 hours'
    )
