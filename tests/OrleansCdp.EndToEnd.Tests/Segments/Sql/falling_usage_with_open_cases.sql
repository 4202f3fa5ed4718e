select subject from done where object = 'ProductUsage' and at <= @at and left(subject, 4) = 'ind_'
group by subject
having count(*) filter (where at > @at - interval '60 days') > 3 * count(*) filter (where at > @at - interval '30 days')
intersect
select subject from member where is_person and account in (
    select account from member join service_case using (subject) where not is_closed and service_case.at <= @at
)
