select subject, case when count(*) filter (where at > @at - interval '90 days') >= 2 then 'busy' else 'known' end as tier
from service_case where at <= @at and left(subject, 4) = 'ind_'
group by subject
