select subject from done
where object = 'Engagement' and at <= @at and left(subject, 4) = 'ind_'
    and position('view' in lower(name)) > 0 and right(category, 3) = 'oes'
group by subject
