select m.subject from member m join opportunity o on o.subject = m.account
where m.is_person and o.is_closed and o.won and o.closed_at <= @at and o.closed_at > @at - interval '365 days'
    and o.amount is not null
group by m.subject having count(distinct o.currency) = 1 and sum(o.amount) >= 10000
