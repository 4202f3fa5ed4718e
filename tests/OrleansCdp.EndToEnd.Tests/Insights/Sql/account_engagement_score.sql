select account as subject,
    coalesce(sum(
        power(0.5::float8, extract(epoch from @at - at) / extract(epoch from interval '14 days'))
    ) filter (where at <= @at), 0) as value,
    count(at) filter (where at <= @at) as items,
    count(distinct subject) filter (where is_person and at is not null) as people
from member left join done using (subject)
group by account
