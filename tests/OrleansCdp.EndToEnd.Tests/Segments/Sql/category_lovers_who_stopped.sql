select subject from order_line where category = 'shoes' and at <= @at and left(subject, 4) = 'ind_'
group by subject having count(*) >= 3 and max(at) <= @at - interval '120 days'
