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

    private static readonly string Links = $"""
        select b.id, s.link from unnest($1, $2) as b(id, after) cross join lateral (
            select link from cdp.anchor_statement
            where base = b.id and link > b.after order by link limit {LinksPage}
        ) s order by b.id, s.link
        """;

    private const string Stated = """
        select link, base from cdp.anchor_statement where link = any($1)
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
    private readonly Func<string, NpgsqlCommand> command;
    private readonly HashSet<string> seeds;
    private readonly CancellationToken cancel;

    private MergeNeighbourhood(
        Func<string, NpgsqlCommand> command,
        HashSet<string> seeds,
        CancellationToken cancel
    )
    {
        this.command = command;
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
    /// <param name="command">Makes a command of a statement.</param>
    /// <param name="ids">
    /// Where it begins. All individuals of links that state something new must be among them.
    /// </param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Null if more than <see cref="BasesMax"/> are connected.</returns>
    public static async Task<MergeNeighbourhood?> ReadAsync(
        Func<string, NpgsqlCommand> command,
        IReadOnlyCollection<string> ids,
        CancellationToken cancel
    )
    {
        MergeNeighbourhood found = new(command, ids.ToHashSet(StringComparer.Ordinal), cancel);
        HashSet<string> next = found.seeds;
        while (next.Count > 0)
        {
            await found.LoadAsync(next);
            string[] frontier = [.. next.Where(found.bases.ContainsKey)];
            found.reached.UnionWith(frontier);
            if (found.reached.Count > BasesMax)
            {
                return null;
            }

            next = await found.StepAsync(frontier);
            next.ExceptWith(found.reached);
        }

        return found;
    }

    private async Task LoadAsync(IEnumerable<string> ids)
    {
        string[] missing = [.. ids.Where(id => !bases.ContainsKey(id)).Distinct()];
        if (missing.Length == 0)
        {
            return;
        }

        await using NpgsqlCommand load = command(Load).With(missing);
        await using NpgsqlDataReader reader = await load.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            string id = reader.GetString(0);
            bases[id] = new(id, reader.GetInt32(1), reader.GetString(2));
            stored[id] = new(id, reader.GetString(3), reader.GetBoolean(4), reader.GetBoolean(5));
        }
    }

    /// <summary>Who is connected with some individuals directly.</summary>
    private async Task<HashSet<string>> StepAsync(string[] frontier)
    {
        HashSet<string> next = new(StringComparer.Ordinal);
        List<string> shared = [];
        Dictionary<string, Reading> open = frontier.ToDictionary(id => id, _ => new Reading());
        while (open.Count > 0 && next.Count <= BasesMax)
        {
            foreach ((string id, string[] links) in await PageAsync(open))
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

        next.UnionWith(await FormerlyWithAsync(shared));
        await DecidedAsync(frontier, next);
        return next;
    }

    /// <summary>The next links of individuals, with whom those state.</summary>
    private async Task<(string Id, string[] Links)[]> PageAsync(Dictionary<string, Reading> open)
    {
        string[] ids = [.. open.Keys];
        ILookup<string, string> rows = (
            await PairsAsync(
                command(Links).With(ids).With(Array.ConvertAll(ids, id => open[id].After))
            )
        ).ToLookup(row => row.Item1, row => row.Item2, StringComparer.Ordinal);
        string[] fresh =
        [
            .. rows.SelectMany(of => of).Distinct().Where(link => !statements.ContainsKey(link)),
        ];
        foreach ((string link, string id) in await PairsAsync(command(Stated).With(fresh)))
        {
            statements.TryAdd(link, []);
            statements[link].Add(id);
        }

        await LoadAsync(fresh.SelectMany(link => statements[link]));
        return Array.ConvertAll(ids, id => (id, rows[id].ToArray()));
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
        var members = await command(MergedInto)
            .With(roots)
            .RowsAsync(row => row.GetString(0), cancel);
        return members.Concat(roots);
    }

    private async Task DecidedAsync(string[] frontier, HashSet<string> next)
    {
        var decided = await command(Decided)
            .With(frontier)
            .RowsAsync(
                row => new StewardDecision(
                    row.GetInt64(0),
                    row.GetBoolean(1),
                    row.GetString(2),
                    row.GetString(3)
                ),
                cancel
            );
        foreach (StewardDecision one in decided)
        {
            decisions[one.Id] = one;
            next.Add(one.Survivor);
            next.Add(one.Other);
        }
    }

    private static LinkKey KeyOf(string link) =>
        LinkKey.TryParse(link, out LinkKey key)
            ? key
            : throw new InvalidDataException(
                "A statement is stored for something that is no link."
            );

    private Task<ImmutableArray<(string, string)>> PairsAsync(NpgsqlCommand pairs) =>
        pairs.RowsAsync(row => (row.GetString(0), row.GetString(1)), cancel);

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
