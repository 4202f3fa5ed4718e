select c.subject from closure c join closable r using (subject, source, object, record)
where c.object = 'Case' and c.at <= @at and c.at > @at - interval '30 days' and r.closures >= 2
    and left(c.subject, 4) = 'ind_'
group by c.subject having count(distinct record) >= 2
