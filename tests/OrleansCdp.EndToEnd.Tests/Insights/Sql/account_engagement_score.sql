select account as subject,
    coalesce(sum(power(0.5::float8, extract(epoch from @at - at) / extract(epoch from interval '14 days'))), 0) as value,
    count(at) as items,
    count(distinct subject) filter (where is_person and at is not null) as people
from member left join (select subject, at from done where at <= @at) as d using (subject)
group by account
