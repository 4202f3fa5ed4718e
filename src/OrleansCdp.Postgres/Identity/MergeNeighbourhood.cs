using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>A base individual as it is stored.</summary>
internal sealed record StoredBase(string Id, string Root, bool Live, bool Settled);

/// <summary>
/// Some base individuals and everybody whom a link or a steward connects with them. It ends at those who share an anchor
/// with too many: that anchor proves nothing, and they are there only to be counted.
/// </summary>
internal sealed class MergeNeighbourhood
{
    /// <summary>Individuals of one neighbourhood; with more of them nothing is decided.</summary>
    public const int BasesMax = 5_000;

    // Links of one individual that state others too. Of one with more of them than that the rest is not looked at: its
    // anchor is shared by then, or they all say the same.
    private const int LinksMax = 200;

    private const string Load = """
        select id, rank, name, root, live, settled from cdp.base_individual where id = any($1)
        """;

    private static readonly string Links = $"""
        select b.id, s.link from unnest($1) as b(id) cross join lateral (
            select link from cdp.anchor_statement where base = b.id order by link limit {LinksMax}
        ) s
        """;

    private const string Stated = """
        select link, base from cdp.anchor_statement where link = any($1)
        """;

    private const string Decided = """
        select id, together, survivor, other from cdp.steward_decision
        where withdrawn_at is null and (survivor = any($1) or other = any($1))
        """;

    private readonly Dictionary<string, BaseIndividual> bases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredBase> stored = new(StringComparer.Ordinal);
    private readonly Dictionary<LinkKey, HashSet<string>> statements = [];
    private readonly Dictionary<long, StewardDecision> decisions = [];

    private MergeNeighbourhood() { }

    /// <summary>Everybody who is needed to decide.</summary>
    public IReadOnlyCollection<BaseIndividual> Bases => bases.Values;

    /// <summary>Those about whom all is known, so that it can be decided about them.</summary>
    public IReadOnlyCollection<StoredBase> Stored => stored.Values;

    public IReadOnlyCollection<StewardDecision> Decisions => decisions.Values;

    /// <summary>Whom links state, as far as those are in the neighbourhood.</summary>
    public IReadOnlyDictionary<LinkKey, ImmutableArray<string>> Statements =>
        statements.ToDictionary(
            one => one.Key,
            one => (ImmutableArray<string>)[.. one.Value.Where(bases.ContainsKey)]
        );

    /// <summary>Reads it, one step after the other.</summary>
    /// <exception cref="InvalidOperationException">More than <see cref="BasesMax"/>.</exception>
    public static async Task<MergeNeighbourhood> ReadAsync(
        Func<string, NpgsqlCommand> command,
        IReadOnlyCollection<string> ids,
        CancellationToken cancel
    )
    {
        MergeNeighbourhood found = new();
        string[] frontier = [.. ids];
        while (frontier.Length > 0)
        {
            string[] added = await found.LoadAsync(command(Load).With(frontier), cancel);
            if (found.bases.Count > BasesMax)
            {
                throw new InvalidOperationException(
                    $"More than {BasesMax} individuals are connected by what links state."
                );
            }

            HashSet<string> next = new(StringComparer.Ordinal);
            await found.StepAsync(command, added, next, cancel);
            frontier = [.. next.Where(id => !found.bases.ContainsKey(id))];
        }

        await found.LoadRestAsync(command(Load), cancel);
        return found;
    }

    private async Task<string[]> LoadAsync(NpgsqlCommand command, CancellationToken cancel)
    {
        List<string> added = [];
        await using (command)
        await using (NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
            {
                string id = reader.GetString(0);
                bases[id] = new(id, reader.GetInt32(1), reader.GetString(2));
                stored[id] = new(
                    id,
                    reader.GetString(3),
                    reader.GetBoolean(4),
                    reader.GetBoolean(5)
                );
                added.Add(id);
            }
        }

        return [.. added];
    }

    private async Task LoadRestAsync(NpgsqlCommand load, CancellationToken cancel)
    {
        string[] rest =
        [
            .. statements
                .Values.SelectMany(stated => stated)
                .Distinct(StringComparer.Ordinal)
                .Where(id => !bases.ContainsKey(id)),
        ];
        foreach (string id in await LoadAsync(load.With(rest), cancel))
        {
            stored.Remove(id);
        }
    }

    private async Task StepAsync(
        Func<string, NpgsqlCommand> command,
        string[] added,
        HashSet<string> next,
        CancellationToken cancel
    )
    {
        Dictionary<string, List<LinkKey>> linksOf = new(StringComparer.Ordinal);
        foreach ((string id, string link) in await PairsAsync(command(Links).With(added), cancel))
        {
            LinkKey key = KeyOf(link);
            linksOf.TryAdd(id, []);
            linksOf[id].Add(key);
        }

        string[] links =
        [
            .. linksOf.Values.SelectMany(of => of).Select(key => $"{key}").Distinct(),
        ];
        foreach ((string link, string id) in await PairsAsync(command(Stated).With(links), cancel))
        {
            LinkKey key = KeyOf(link);
            statements.TryAdd(key, []);
            statements[key].Add(id);
        }

        foreach ((string id, List<LinkKey> of) in linksOf)
        {
            string[] others = [.. of.SelectMany(key => statements[key]).Distinct()];
            // Whoever shares the anchor of so many has nothing to do with them by it.
            if (bases[id].Rank == 0 || others.Length <= Limits.ContactsPerAnchorMax * 4)
            {
                next.UnionWith(others);
            }
        }

        await using NpgsqlCommand decided = command(Decided).With(added);
        await using NpgsqlDataReader reader = await decided.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            StewardDecision one = new(
                reader.GetInt64(0),
                reader.GetBoolean(1),
                reader.GetString(2),
                reader.GetString(3)
            );
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

    private static async Task<List<(string, string)>> PairsAsync(
        NpgsqlCommand command,
        CancellationToken cancel
    )
    {
        List<(string, string)> rows = [];
        await using (command)
        await using (NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
            {
                rows.Add((reader.GetString(0), reader.GetString(1)));
            }
        }

        return rows;
    }
}
