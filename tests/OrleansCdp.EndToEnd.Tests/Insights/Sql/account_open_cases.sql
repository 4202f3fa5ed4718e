select account as subject,
    count(*) filter (where at <= @at) as value,
    count(*) filter (where at <= @at) as items,
    count(distinct subject) filter (where is_person and at is not null) as people
from member
left join (select subject, at from service_case where not is_closed) as open using (subject)
group by account
