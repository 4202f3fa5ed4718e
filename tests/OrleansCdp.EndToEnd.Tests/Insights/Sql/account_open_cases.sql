select account as subject, count(at) as value, count(at) as items,
    count(distinct subject) filter (where is_person and at is not null) as people
from member
left join (select subject, at from service_case where not is_closed and at <= @at) as c using (subject)
group by account
