with item as (
    select account, subject, is_person, currency, total, at from member join orders using (subject)
), people as (
    select account, count(distinct subject) filter (where is_person) as people from item group by account
), amount as (
    select account, currency, sum(total) as value, count(*) as items
    from item where at <= @at group by account, currency
)
select account as subject, currency, value, items, people
from people left join amount using (account)
