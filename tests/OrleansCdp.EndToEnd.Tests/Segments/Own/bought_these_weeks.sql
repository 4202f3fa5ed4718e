select subject from orders
where at <= @at and left(subject, 4) = 'ind_'
group by subject
having max(at) >= (date_trunc('week', @at at time zone 'America/New_York') - interval '7 days') at time zone 'America/New_York'
    and max(at) < date_trunc('day', @at at time zone 'Asia/Kolkata') at time zone 'Asia/Kolkata'
