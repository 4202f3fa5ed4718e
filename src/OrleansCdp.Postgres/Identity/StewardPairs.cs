using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>What a steward's decision says to matching, where one of both is a record that no anchor names.</summary>
internal static class StewardPairs
{
    private const string Add = """
        insert into cdp.steward_pair as s (link_a, link_b, verdict, decision, companion)
        select least(p.a, p.b) collate "C", greatest(p.a, p.b), $3, $4, p.companion
        from (
            select a collate "C" as a, b collate "C" as b, companion
            from unnest($1, $2, $5) as i(a, b, companion)
        ) p
        on conflict (link_a, link_b) do update set
            verdict = excluded.verdict, decision = excluded.decision,
            companion = case when s.companion is not null then excluded.companion end
        """;

    // Held to be of the same person by matching alone, in any space.
    private const string Companions = """
        select distinct o.subject
        from cdp.match_space s
            join cdp.match_record r on r.space = s.space and r.subject = $1
            join cdp.match_record o on o.space = r.space and o.group_id = r.group_id
        where s.replaced_by is null and r.individual is not null and o.owner is null and o.id <> r.id
        """;

    private const string Remove = """
        delete from cdp.steward_pair where decision = any($1) returning link_a, link_b
        """;

    private const string Suspend = """
        update cdp.steward_pair set verdict = 0 where decision = any($1) returning link_a, link_b
        """;

    private const string Resume = """
        update cdp.steward_pair set verdict = -1 where decision = any($1) returning link_a, link_b
        """;

    private const string Bases = """
        select id, rank, name from cdp.base_individual where id = any($1)
        """;

    /// <summary>
    /// Adds it. A record that is kept apart from an individual is kept apart from the other records too that it has only by
    /// matching: they would bring it back.
    /// </summary>
    public static async Task AddAsync(
        MergeTransaction merges,
        BaseIndividual one,
        BaseIndividual other,
        bool together,
        long decision
    )
    {
        (string left, string right) = (SubjectOf(one), SubjectOf(other));
        if (left == one.Id && right == other.Id)
        {
            // Who is one person with whom is told by their roots, but a link may be about to go home.
            await merges.NoteDueAsync([left, right, LinkOf(other) ?? right]);
            return;
        }

        Dictionary<(string, string), string?> pairs = new() { [(left, right)] = null };
        if (!together)
        {
            foreach (string record in new[] { left, right }.Except([one.Id, other.Id]))
            {
                foreach (string companion in await CompanionsAsync(merges, record))
                {
                    pairs.TryAdd((record, companion), companion);
                }
            }
        }

        await AddAsync(merges, pairs, together, decision);
    }

    /// <summary>Takes back what decisions said.</summary>
    public static Task RemoveAsync(MergeTransaction merges, long[] decisions) =>
        ChangeAsync(merges, Remove, decisions);

    /// <summary>
    /// Has what decisions said count for nothing (verdict 0) until another one that overrules them is withdrawn. Which
    /// companions a record had is kept: by then it may have others.
    /// </summary>
    public static Task SuspendAsync(MergeTransaction merges, long[] decisions) =>
        ChangeAsync(merges, Suspend, decisions);

    /// <summary>Has decisions that two are two count again. Of the two themselves the other decision may have spoken.</summary>
    public static async Task RestoreAsync(
        MergeTransaction merges,
        ImmutableArray<StewardDecision> decisions
    )
    {
        if (decisions.IsEmpty)
        {
            return;
        }

        await ChangeAsync(merges, Resume, [.. decisions.Select(one => one.Id)]);
        var bases = await merges
            .Command(Bases)
            .With(decisions.SelectMany(one => new[] { one.Survivor, one.Other }).ToArray())
            .RowsAsync(
                row => new BaseIndividual(row.GetString(0), row.GetInt32(1), row.GetString(2)),
                CancellationToken.None
            );
        var byId = bases.ToDictionary(one => one.Id, StringComparer.Ordinal);
        foreach (StewardDecision one in decisions)
        {
            (BaseIndividual survivor, BaseIndividual other) = (byId[one.Survivor], byId[one.Other]);
            (string left, string right) = (SubjectOf(survivor), SubjectOf(other));
            if (left == survivor.Id && right == other.Id)
            {
                await merges.NoteDueAsync([left, right, LinkOf(other) ?? right]);
            }
            else
            {
                Dictionary<(string, string), string?> pair = new() { [(left, right)] = null };
                await AddAsync(merges, pair, together: false, one.Id);
            }
        }
    }

    private static async Task AddAsync(
        MergeTransaction merges,
        Dictionary<(string, string), string?> pairs,
        bool together,
        long decision
    )
    {
        await using NpgsqlCommand add = merges
            .Command(Add)
            .With(pairs.Keys.Select(pair => pair.Item1).ToArray())
            .With(pairs.Keys.Select(pair => pair.Item2).ToArray())
            .With((short)(together ? 1 : -1))
            .With(decision)
            .With(pairs.Values.ToArray());
        await add.ExecuteNonQueryAsync();
        await merges.NoteDueAsync(pairs.Keys.SelectMany(pair => new[] { pair.Item1, pair.Item2 }));
    }

    private static async Task ChangeAsync(MergeTransaction merges, string sql, long[] decisions)
    {
        var pairs = await merges
            .Command(sql)
            .With(decisions)
            .RowsAsync(row => new[] { row.GetString(0), row.GetString(1) }, CancellationToken.None);
        await merges.NoteDueAsync(pairs.SelectMany(pair => pair));
    }

    /// <summary>What matching knows it by: a record by its link.</summary>
    private static string SubjectOf(BaseIndividual one) =>
        SubjectIds.IsRecord(one.Id) ? LinkOf(one) ?? one.Id : one.Id;

    /// <summary>The link that names it; null where another anchor does.</summary>
    private static string? LinkOf(BaseIndividual one) => ClaimKeys.LinkOf(one.Name)?.ToString();

    private static Task<ImmutableArray<string>> CompanionsAsync(
        MergeTransaction merges,
        string record
    ) =>
        merges
            .Command(Companions)
            .With(record)
            .RowsAsync(row => row.GetString(0), CancellationToken.None);
}
