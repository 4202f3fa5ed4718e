select id as subject,
    coalesce(sum(power(0.5::float8, extract(epoch from @at - at) / extract(epoch from interval '14 days'))), 0) as value,
    count(at) as items
from individual left join done on subject = id and at <= @at
group by id
