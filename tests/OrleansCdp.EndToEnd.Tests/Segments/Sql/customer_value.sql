select subject,
    case when sum(total) >= 1000 then 'gold' when sum(total) >= 300 then 'silver' else 'bronze' end as tier
from orders where at <= @at and at > @at - interval '365 days' and left(subject, 4) = 'ind_'
group by subject
