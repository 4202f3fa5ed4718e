-- What the models know of a customer at a moment, and their published formulas.

-- Purchases of one day (UTC) are one: x of them after the first, t_x the time from the first to the last, t to the moment.
create function pg_temp.buyer(moment timestamptz)
returns table (subject text, x int, t_x float8, t float8, mean float8) language sql as $$
    select subject, count(*)::int - 1, (max(day) - min(day)) / days::float8,
        (moment::date - min(day)) / days::float8,
        case when count(*) = 1 then 0 else (sum(n) - min(n) filter (where day = first)) / (count(*) - 1) end
    from (
        select subject, at::date as day, count(*) as n, min(at::date) over (partition by subject) as first
        from orders where at <= moment group by subject, at::date
    ) as purchase cross join model
    group by subject, days
$$;

-- The same with what purchases were worth. A refund takes its amount off the purchases of its day, then off those before,
-- the latest first: what is left of a day is what no later refund reached, as of a pile that is taken from at its top.
create function pg_temp.spender(moment timestamptz)
returns table (
    subject text, x int, t_x float8, t float8, mean float8, currencies int, currency text
) language sql as $$
    with step as (
        select subject, at::date as day, total < 0 as is_refund, sum(total) as amount
        from orders where at <= moment group by subject, at::date, total < 0
    ), walk as (
        select *, sum(amount) over (partition by subject order by day, is_refund) as sum from step
    ), pile as (
        select *, sum - least(0, min(sum) over (partition by subject order by day, is_refund)) as height
        from walk
    ), rest as (
        select *, greatest(0, least(amount, amount - height + min(height) over (
            partition by subject order by day, is_refund
            rows between current row and unbounded following))) as left_of_it
        from pile
    ), purchase as (
        select subject, day, left_of_it, min(day) over (partition by subject) as first
        from rest where not is_refund
    ), said as (
        select subject, count(distinct currency)::int as currencies, min(currency) as currency
        from orders where at <= moment and total >= 0 group by subject
    )
    select subject, count(*)::int - 1, (max(day) - min(day)) / days::float8,
        (moment::date - min(day)) / days::float8,
        coalesce(sum(left_of_it) filter (where day > first) / nullif(count(*) - 1, 0), 0),
        currencies, said.currency
    from purchase join said using (subject) cross join model
    group by subject, currencies, said.currency, days
$$;

-- Why nothing is said of what a customer's purchases are worth.
create function pg_temp.why_not(currencies int, paid_in text) returns text language sql as $$
    select case
        when not exists (select from model) then 'no_model'
        when currencies > 1 then 'several_currencies'
        when paid_in <> (select coalesce(currency, '') from model) then 'not_of_this_currency'
    end
$$;

-- Fader, Hardie, Lee: Computing P(alive) Using the BG/NBD Model (2008).
create function pg_temp.alive(x int, t_x float8, t float8) returns float8 language sql as $$
    select case when x = 0 then 1
        else 1 / (1 + a / (b + x - 1) * power((alpha + t) / (alpha + t_x), r + x)) end
    from model where x is not null
$$;

-- Gauss' hypergeometric function by its series.
create function pg_temp.hypergeometric(a float8, b float8, c float8, z float8) returns float8
language plpgsql as $$
declare
    term float8 := 1;
    series float8 := 1;
    k int := 0;
begin
    while abs(term) > 1e-17 * abs(series) loop
        term := term * (a + k) * (b + k) / ((c + k) * (k + 1)) * z;
        series := series + term;
        k := k + 1;
    end loop;
    return series;
end
$$;

-- Fader, Hardie, Lee: "Counting Your Customers" the Easy Way (2005), equation 10: purchases within a horizon of the model's units.
create function pg_temp.expected(x int, t_x float8, t float8, horizon float8) returns float8
language sql as $$
    select (a + b + x - 1) / (a - 1)
        * (1 - power((alpha + t) / (alpha + t + horizon), r + x)
            * pg_temp.hypergeometric(r + x, b + x, a + b + x - 1, horizon / (alpha + t + horizon)))
        * pg_temp.alive(x, t_x, t)
    from model where x is not null
$$;

-- Fader, Hardie: The Gamma-Gamma Model of Monetary Value (2013), equation 5.
create function pg_temp.worth(x int, mean float8) returns float8 language sql as $$
    select p * (v + x * mean) / (p * x + q - 1) from model
$$;
