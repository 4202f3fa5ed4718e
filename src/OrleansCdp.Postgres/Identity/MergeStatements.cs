namespace OrleansCdp.Identity;

/// <summary>The statements of <see cref="MergeTransaction"/>.</summary>
internal static class MergeStatements
{
    // In the order of ids, so that two transactions that touch a row outside of the lock do not wait in a circle.
    public const string AddBases = """
        insert into cdp.base_individual as base_individual (id, rank, name, root)
        select distinct on (b.id) b.id, b.rank, b.name, b.id
        from unnest($1, $2, $3) as b(id, rank, name) order by b.id, b.name desc
        on conflict (id) do update set name = excluded.name
            where base_individual.name = '' and excluded.name <> ''
        """;

    public const string AddLinks = """
        insert into cdp.anchor_link (link) select distinct l.link from unnest($1) as l(link)
        order by l.link on conflict do nothing
        """;

    // Of a link that states too many one is kept more than may be: that it proves nothing follows from those.
    public static readonly string AddStatements = $"""
        insert into cdp.anchor_statement (link, base, event_id)
        select n.link, n.base, n.event_id from (
            select i.link, i.base, i.event_id,
                row_number() over (partition by i.link order by i.base collate "C") as place
            from unnest($1, $2, $3) as i(link, base, event_id)
            where (
                select count(*) from cdp.anchor_statement s
                where s.link = i.link and s.base = i.base
            ) = 0
        ) n
        where n.place <= {Limits.AnchorsPerLinkMax + 1} - (
            select count(*) from cdp.anchor_statement s where s.link = n.link
        )
        order by n.link, n.base on conflict do nothing
        """;

    public const string StatedBy = """
        select distinct base from cdp.anchor_statement where link = any($1)
        """;

    // All of it is new, or nothing is added: somebody else was first.
    public const string AddFreshBases = """
        insert into cdp.base_individual (id, rank, name, root, live, settled)
        select i.id, i.rank, i.name, i.root, i.live, not i.live or i.root = i.id
        from unnest($1, $2, $3, $4, $5) as i(id, rank, name, root, live)
        order by i.id on conflict do nothing
        """;

    public const string AddFreshStatements = """
        insert into cdp.anchor_statement (link, base, event_id)
        select * from unnest($1, $2, $3)
        """;

    public const string MarkLive = """
        update cdp.base_individual set live = true, settled = root = id, changed_at = now()
        where id = any($1) and not live
        """;

    public const string Change = """
        update cdp.base_individual b set root = i.root, settled = not live, changed_at = now()
        from unnest($1, $2) as i(id, root) where b.id = i.id and b.root <> i.root
        """;

    public const string Remember = """
        insert into cdp.identity_history (individual, other, what, decision)
        select i.id, i.other, i.what, $4 from unnest($1, $2, $3) as i(id, other, what)
        """;

    // In order, as bases; the number tells whoever looked at an older note that there is more.
    public const string NoteDue = """
        insert into cdp.match_due (subject, decision)
        select d.subject, nextval('cdp.match_decision')
        from (select * from unnest($1) as d(subject) order by 1) d
        on conflict (subject) do update set decision = excluded.decision
        """;

    public const string NoteConflicts = """
        insert into cdp.merge_conflict as c (first, second, reason)
        select i.first, i.second, i.reason from unnest($1, $2, $3) as i(first, second, reason)
        order by i.first, i.second
        on conflict (first, second) do update
            set reason = excluded.reason, settled_at = null, noted_at = now()
            where c.settled_at is not null or c.reason <> excluded.reason
        returning first, second
        """;

    public const string SettleConflicts = """
        update cdp.merge_conflict c set settled_at = now()
        where c.settled_at is null
            and (
                (c.first = any($1) and c.second = any($4))
                or (c.first = any($4) and c.second = any($1))
            )
            and not exists (
                select from unnest($2, $3) as i(first, second)
                where i.first = c.first and i.second = c.second
            )
        """;
}
