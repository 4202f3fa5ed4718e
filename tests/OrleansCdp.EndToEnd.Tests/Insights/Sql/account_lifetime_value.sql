with item as (
    select account, subject, is_person, currency, total
    from member join orders using (subject) where at <= @at
), people as (
    select account, count(distinct subject) filter (where is_person) as people from item group by account
)
select account as subject, currency, sum(total) as value, count(*) as items, people
from item join people using (account)
group by account, currency, people
