-- 0016: what matching left to be done is gone through in the order in which it was decided, page by page. Safe while silos run.

create index match_move_oldest on cdp.match_move (decision);

create index match_news_oldest on cdp.match_news (decision);

-- What was noted in spaces that another one has taken over from: whoever took over noted it for itself.
delete from cdp.match_move m using cdp.match_space s
where s.space = m.space and s.replaced_by is not null;

delete from cdp.match_news n using cdp.match_space s
where s.space = n.space and s.replaced_by is not null;
