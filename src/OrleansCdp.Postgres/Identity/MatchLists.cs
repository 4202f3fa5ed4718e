using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>What people ask of match spaces, page by page; every page is found by an index.</summary>
internal static class MatchLists
{
    // One that is compared for others that say the same has those for partners, where it has no other.
    private const string Twin = """
        left join lateral (
            select t.subject, t.score from cdp.match_record t
            where t.twin = r.id and t.id <> r.id order by t.id limit 1
        ) twin on r.partner is null and r.owner is null and r.twin is null
        """;

    // soft: the best individual that a record of nobody may be.
    private const string Links = $"""
        select r.subject, r.owner, r.individual, r.group_id, coalesce(r.score, twin.score),
            coalesce(p.subject, twin.subject), r.event_id, soft.score, soft.subject,
            r.owner is null and r.individual is null and r.said = $5
        from cdp.match_record r
            left join cdp.match_record p on p.id = r.partner
            {Twin}
            left join lateral (
                select e.score, i.subject
                from (
                    select b as other, score from cdp.match_edge where a = coalesce(r.twin, r.id)
                    union all
                    select a, score from cdp.match_edge where b = coalesce(r.twin, r.id)
                ) e join cdp.match_record i on i.id = e.other
                where i.owner = i.subject
                    and not exists (
                        select from cdp.steward_pair p
                            left join cdp.base_individual b on b.id in (p.link_a, p.link_b)
                        where p.verdict < 0 and r.subject in (p.link_a, p.link_b)
                            and (i.subject in (p.link_a, p.link_b) or i.subject = b.root)
                    )
                order by e.score desc, i.subject limit 1
            ) soft on r.owner is null and r.individual is null
        where r.space = $1 and r.subject >= $2 and r.subject < $3
            and r.subject is distinct from r.owner
        order by r.subject limit $4
        """;

    private const string SoftLinks = """
        select o.subject, e.score, o.said, i.said
        from cdp.match_record i
            cross join lateral (
                select b as other, score from cdp.match_edge where a = i.id
                union all
                select a, score from cdp.match_edge where b = i.id
            ) e
            cross join lateral (
                select * from cdp.match_record where id = e.other
                union all
                select * from cdp.match_record where twin = e.other and twin <> id
            ) o
        where i.space = $1 and i.subject = $2 and o.owner is null and o.individual is null
            and not exists (
                select from cdp.steward_pair p
                    left join cdp.base_individual b on b.id in (p.link_a, p.link_b)
                where p.verdict < 0 and o.subject in (p.link_a, p.link_b)
                    and (i.subject in (p.link_a, p.link_b) or i.subject = b.root)
            )
        order by e.score desc, o.subject limit $3
        """;

    private const string Unresolved = $"""
        select r.group_id, r.subject, coalesce(r.score, twin.score), r.event_id, r.said = $4
        from (
            select distinct group_id from cdp.match_record
            where space = $1 and group_id > $2 and group_id is not null and individual is null
            order by group_id limit $3
        ) g join cdp.match_record r on r.group_id = g.group_id
            {Twin}
        where r.space = $1 and r.individual is null and r.group_id is not null
        order by r.group_id, r.subject
        """;

    public static Task<ImmutableArray<MatchedLink>> LinksAsync(
        DataSources sources,
        MatchFilter filter,
        CancellationToken cancel
    )
    {
        // Keys of a source begin with its name and a slash; the character after a slash is 0. Right behind a key comes the
        // same with the first character there is: none is NUL.
        const char first = '\u0001';
        string after = filter.After + first;
        (string from, string before) =
            filter.Link is { } link ? (link, link + first)
            : filter.Source is { } source
                ? (
                    string.CompareOrdinal(after, source + "/") > 0 ? after : source + "/",
                    source + "0"
                )
            : (after, "\U0010ffff");
        return sources
            .Storage.CreateCommand(Links)
            .With(filter.Space)
            .With(from)
            .With(before)
            .With(filter.Limit)
            .With(MatchValues.Empty.Encode())
            .RowsAsync(LinkAt, cancel);
    }

    public static Task<ImmutableArray<SoftLink>> SoftLinksAsync(
        DataSources sources,
        int space,
        string individual,
        int limit,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(SoftLinks)
            .With(space)
            .With(individual)
            .With(limit)
            .RowsAsync(
                row => new SoftLink(row.GetString(0), row.GetDouble(1), row.Bytes(2), row.Bytes(3)),
                cancel
            );

    public static async Task<ImmutableArray<UnresolvedGroup>> UnresolvedAsync(
        DataSources sources,
        int space,
        long after,
        int limit,
        CancellationToken cancel
    )
    {
        var records = await sources
            .Storage.CreateCommand(Unresolved)
            .With(space)
            .With(after)
            .With(limit)
            .With(MatchValues.Empty.Encode())
            .RowsAsync(
                row =>
                    (
                        Group: row.GetInt64(0),
                        Record: new UnresolvedRecord(
                            row.GetString(1),
                            row.Double(2),
                            row.GetString(3),
                            row.GetBoolean(4)
                        )
                    ),
                cancel
            );
        return
        [
            .. records
                .GroupBy(record => record.Group, record => record.Record)
                .Select(group => new UnresolvedGroup(group.Key, [.. group])),
        ];
    }

    private static MatchedLink LinkAt(NpgsqlDataReader row)
    {
        string? owner = row.Text(1);
        string? possible = row.Text(8);
        return new MatchedLink
        {
            Link = row.GetString(0),
            Individual = owner ?? row.Text(2),
            IsAnchored = owner is not null,
            Group = row.Number(3),
            Score = row.Double(possible is null ? 4 : 7),
            Partner = possible ?? row.Text(5),
            Possible = possible,
            EventId = row.GetString(6),
            SaysNothing = row.GetBoolean(9),
        };
    }
}
