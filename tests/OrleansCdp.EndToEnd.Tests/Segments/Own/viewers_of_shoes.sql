select d.subject from done d
where object = 'Engagement' and at <= @at and left(d.subject, 4) = 'ind_'
    and not exists (
        select from said s
        where s.subject = d.subject and s.object = 'Individual' and s.fields ->> 'title' is not null
    )
group by d.subject
having count(*) filter (where position('view' in lower(name)) > 0 and right(category, 3) = 'oes') >= 1
    and count(*) filter (where left(category, 4) = 'coat') < 3
