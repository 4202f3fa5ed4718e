select subject from done where object = 'ProductUsage' and at <= @at and left(subject, 4) = 'ind_'
group by subject
having count(*) filter (where at > @at - interval '60 days') > 3 * count(*) filter (where at > @at - interval '30 days')
intersect
(
    select subject from entitlement where is_in_force and at <= @at
    group by subject having max(ends_at) > @at and max(ends_at) <= @at + interval '90 days'
    union
    select m.subject from member m join entitlement e on e.subject = m.account
    where m.is_person and e.is_in_force and e.at <= @at
    group by m.subject having max(e.ends_at) > @at and max(e.ends_at) <= @at + interval '90 days'
)
