using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>A base individual as it is stored.</summary>
internal sealed record StoredBase(string Id, string Root, bool Live, bool Settled);

/// <summary>
/// Some base individuals and everybody whom a link or a steward connects with them. It ends at anchors and links that prove
/// nothing because too many share them: who is beyond is there only to be counted.
/// </summary>
internal sealed class MergeNeighbourhood
{
    /// <summary>Individuals that may be connected; a proof that would connect more is refused.</summary>
    public const int BasesMax = 5_000;

    /// <summary>Links of one individual that are read at once.</summary>
    public const int LinksPage = 200;

    private const string Load = """
        select id, rank, name, root, live, settled from cdp.base_individual where id = any($1)
        """;

    // One by one, whatever the planner guesses: no plan walks through a table.
    private static readonly string Links = $"""
        select b.id, s.link, a.base, i.rank, i.name, i.root, i.live, i.settled
        from unnest($1, $2) as b(id, after)
        cross join lateral (
            select link from cdp.anchor_statement
            where base = b.id and link > b.after order by link limit {LinksPage}
        ) s cross join lateral (
            select base from cdp.anchor_statement
            where link = s.link limit {Limits.AnchorsPerLinkMax + 1}
        ) a cross join lateral (
            select rank, name, root, live, settled from cdp.base_individual
            where id = a.base limit 1
        ) i order by b.id, s.link
        """;

    private const string Decided = """
        select id, together, survivor, other from cdp.steward_decision
        where withdrawn_at is null and (survivor = any($1) or other = any($1))
        """;

    private const string MergedInto = """
        select id from cdp.base_individual where root = any($1) and root <> id
        """;

    private readonly Dictionary<string, BaseIndividual> bases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredBase> stored = new(StringComparer.Ordinal);
    private readonly HashSet<string> reached = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> statements = new(StringComparer.Ordinal);
    private readonly Dictionary<long, StewardDecision> decisions = [];
    private readonly Func<NpgsqlBatch> newBatch;
    private readonly HashSet<string> seeds;
    private readonly CancellationToken cancel;

    private MergeNeighbourhood(
        Func<NpgsqlBatch> newBatch,
        HashSet<string> seeds,
        CancellationToken cancel
    )
    {
        this.newBatch = newBatch;
        this.seeds = seeds;
        this.cancel = cancel;
    }

    /// <summary>Everybody who is needed to decide.</summary>
    public IReadOnlyCollection<BaseIndividual> Bases => bases.Values;

    /// <summary>Those about whom all is known, so that it can be decided about them.</summary>
    public IReadOnlyCollection<StoredBase> Stored => [.. reached.Select(id => stored[id])];

    public IReadOnlyCollection<StewardDecision> Decisions => decisions.Values;

    /// <summary>Whom links state.</summary>
    public IReadOnlyDictionary<LinkKey, ImmutableArray<string>> Statements =>
        statements.ToDictionary(
            one => KeyOf(one.Key),
            one => (ImmutableArray<string>)[.. one.Value.Where(bases.ContainsKey)]
        );

    /// <summary>Reads it, one step after the other.</summary>
    /// <param name="newBatch">Makes a batch of statements in the transaction that decides.</param>
    /// <param name="ids">
    /// Where it begins. All individuals of links that state something new must be among them.
    /// </param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Null if more than <see cref="BasesMax"/> are connected.</returns>
    public static async Task<MergeNeighbourhood?> ReadAsync(
        Func<NpgsqlBatch> newBatch,
        IReadOnlyCollection<string> ids,
        CancellationToken cancel
    )
    {
        MergeNeighbourhood found = new(newBatch, ids.ToHashSet(StringComparer.Ordinal), cancel);
        HashSet<string> next = found.seeds;
        HashSet<string> asked = new(StringComparer.Ordinal);
        while (next.Count > 0)
        {
            asked.UnionWith(next); // Whoever is not stored is asked about once, too.
            if (asked.Count > BasesMax)
            {
                return null;
            }

            next = await found.StepAsync([.. next]);
            next.ExceptWith(asked);
        }

        return found;
    }

    /// <summary>Who is connected with some individuals directly.</summary>
    private async Task<HashSet<string>> StepAsync(string[] ids)
    {
        HashSet<string> next = new(StringComparer.Ordinal);
        List<string> shared = [];
        Dictionary<string, Reading> open = ids.ToDictionary(id => id, _ => new Reading());
        for (bool isFirst = true; open.Count > 0 && next.Count <= BasesMax; isFirst = false)
        {
            foreach ((string id, string[] links) in await PageAsync(open, isFirst, next))
            {
                Reading reading = open[id];
                reading.Add(links, statements, bases);
                bool isShared =
                    bases[id].Rank > 0 && reading.Contacts.Count > Limits.ContactsPerAnchorMax;
                if (isShared || links.Length < LinksPage)
                {
                    open.Remove(id);
                }

                if (!isShared)
                {
                    next.UnionWith(reading.Others);
                }
                else if (seeds.Contains(id))
                {
                    shared.Add(id);
                }
            }
        }

        reached.UnionWith(ids.Where(bases.ContainsKey));
        next.UnionWith(await FormerlyWithAsync(shared));
        return next;
    }

    /// <summary>
    /// The next links of individuals, with whom those state; with the first page who the individuals are, and what stewards
    /// decided about them. Whoever is not stored is left out.
    /// </summary>
    private async Task<(string Id, string[] Links)[]> PageAsync(
        Dictionary<string, Reading> open,
        bool isFirst,
        HashSet<string> next
    )
    {
        string[] ids = [.. open.Keys];
        await using NpgsqlBatch batch = newBatch();
        if (isFirst)
        {
            string[] missing = Array.FindAll(ids, id => !bases.ContainsKey(id));
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Load).With(missing));
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Decided).With(ids));
        }

        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(Links)
                .With(ids)
                .With(Array.ConvertAll(ids, id => open[id].After))
        );
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancel);
        if (isFirst)
        {
            await reader.RowsAsync(row => Learn(row.GetString(0), row, 1), cancel);
            await reader.NextResultAsync(cancel);
            Learn(await reader.RowsAsync(DecisionOf, cancel), next);
            await reader.NextResultAsync(cancel);
        }

        ILookup<string, string> links = Learn(await reader.RowsAsync(StatementOf, cancel));
        foreach (string id in ids.Where(id => !bases.ContainsKey(id)))
        {
            open.Remove(id);
        }

        return [.. open.Keys.Select(id => (id, links[id].ToArray()))];
    }

    private (string Id, string Link, string Base) StatementOf(NpgsqlDataReader row)
    {
        string stated = row.GetString(2);
        Learn(stated, row, 3);
        return (row.GetString(0), row.GetString(1), stated);
    }

    private static StewardDecision DecisionOf(NpgsqlDataReader row) =>
        new(row.GetInt64(0), row.GetBoolean(1), row.GetString(2), row.GetString(3));

    private string Learn(string id, NpgsqlDataReader row, int first)
    {
        if (!bases.ContainsKey(id))
        {
            bases[id] = new(id, row.GetInt32(first), row.GetString(first + 1));
            stored[id] = new(
                id,
                row.GetString(first + 2),
                row.GetBoolean(first + 3),
                row.GetBoolean(first + 4)
            );
        }

        return id;
    }

    private void Learn(ImmutableArray<StewardDecision> decided, HashSet<string> next)
    {
        foreach (StewardDecision one in decided)
        {
            decisions[one.Id] = one;
            next.Add(one.Survivor);
            next.Add(one.Other);
        }
    }

    /// <summary>Notes whom links state, and says which links are whose.</summary>
    private ILookup<string, string> Learn(
        ImmutableArray<(string Id, string Link, string Base)> rows
    )
    {
        foreach (var link in rows.GroupBy(row => row.Link, StringComparer.Ordinal))
        {
            if (!statements.ContainsKey(link.Key))
            {
                statements.Add(link.Key, [.. link.Select(row => row.Base).Distinct()]);
            }
        }

        return rows.Select(row => (row.Id, row.Link))
            .Distinct()
            .ToLookup(row => row.Id, row => row.Link, StringComparer.Ordinal);
    }

    /// <summary>
    /// Who was one with anchors that prove nothing: they may have begun to do so by what is new, and then those part.
    /// </summary>
    private async Task<IEnumerable<string>> FormerlyWithAsync(List<string> shared)
    {
        if (shared.Count == 0)
        {
            return [];
        }

        string[] roots = [.. shared.Select(id => stored[id].Root).Distinct()];
        await using NpgsqlBatch batch = newBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(MergedInto).With(roots));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancel);
        var members = await reader.RowsAsync(row => row.GetString(0), cancel);
        return members.Concat(roots);
    }

    private static LinkKey KeyOf(string link) =>
        LinkKey.TryParse(link, out LinkKey key)
            ? key
            : throw new InvalidDataException(
                "A statement is stored for something that is no link."
            );

    /// <summary>What the links of one individual say, as far as they are read.</summary>
    private sealed class Reading
    {
        /// <summary>The last link that was read.</summary>
        public string After { get; private set; } = "";

        /// <summary>Whom they state, too.</summary>
        public HashSet<string> Others { get; } = new(StringComparer.Ordinal);

        /// <summary>The contacts that may prove it: of each link the first one.</summary>
        public HashSet<string> Contacts { get; } = new(StringComparer.Ordinal);

        public void Add(
            string[] links,
            Dictionary<string, List<string>> statements,
            Dictionary<string, BaseIndividual> bases
        )
        {
            foreach (string link in links)
            {
                After = link;
                if (statements[link].Count > Limits.AnchorsPerLinkMax)
                {
                    continue;
                }

                Others.UnionWith(statements[link]);
                BaseIndividual? contact = statements[link]
                    .Select(id => bases[id])
                    .Where(one => one.Rank == 0)
                    .OrderBy(one => one.Name, StringComparer.Ordinal)
                    .ThenBy(one => one.Id, StringComparer.Ordinal)
                    .FirstOrDefault();
                if (contact is not null)
                {
                    Contacts.Add(contact.Id);
                }
            }
        }
    }
}
