using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>What a steward's decision says to matching, where one of both is a record that no anchor names.</summary>
internal static class StewardPairs
{
    private const string LinkPrefix = "link:";

    private const string Add = """
        insert into cdp.steward_pair (link_a, link_b, verdict, decision)
        select least(p.a, p.b) collate "C", greatest(p.a, p.b), $3, $4
        from (select a collate "C" as a, b collate "C" as b from unnest($1, $2) as i(a, b)) p
        on conflict (link_a, link_b) do update
            set verdict = excluded.verdict, decision = excluded.decision
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

        HashSet<(string, string)> pairs = [(left, right)];
        if (!together)
        {
            foreach (string record in new[] { left, right }.Except([one.Id, other.Id]))
            {
                foreach (string companion in await CompanionsAsync(merges, record))
                {
                    pairs.Add((record, companion));
                }
            }
        }

        await using NpgsqlCommand add = merges
            .Command(Add)
            .With(pairs.Select(pair => pair.Item1).ToArray())
            .With(pairs.Select(pair => pair.Item2).ToArray())
            .With((short)(together ? 1 : -1))
            .With(decision);
        await add.ExecuteNonQueryAsync();
        await merges.NoteDueAsync(pairs.SelectMany(pair => new[] { pair.Item1, pair.Item2 }));
    }

    /// <summary>Takes back what decisions said.</summary>
    public static async Task RemoveAsync(MergeTransaction merges, long[] decisions)
    {
        var pairs = await merges
            .Command(Remove)
            .With(decisions)
            .RowsAsync(row => new[] { row.GetString(0), row.GetString(1) }, CancellationToken.None);
        await merges.NoteDueAsync(pairs.SelectMany(pair => pair));
    }

    /// <summary>What matching knows it by: a record by its link.</summary>
    private static string SubjectOf(BaseIndividual one) =>
        SubjectIds.IsRecord(one.Id) ? LinkOf(one) ?? one.Id : one.Id;

    /// <summary>The link that names it; null where another anchor does.</summary>
    private static string? LinkOf(BaseIndividual one) =>
        one.Name.StartsWith(LinkPrefix, StringComparison.Ordinal)
            ? one.Name[LinkPrefix.Length..]
            : null;

    private static Task<ImmutableArray<string>> CompanionsAsync(
        MergeTransaction merges,
        string record
    ) =>
        merges
            .Command(Companions)
            .With(record)
            .RowsAsync(row => row.GetString(0), CancellationToken.None);
}
