using System.Collections.Frozen;
using Npgsql;

namespace OrleansCdp.Segments;

/// <summary>
/// Who is in the segments of the starter pack as plain SQL makes it of the log, against who is; and in some more, of kinds that the
/// pack has none of.
/// </summary>
internal static class OracleSegments
{
    private const int DifferencesMax = 20;
    private const string More = "Own";

    private const string Members =
        "select segment, individual || coalesce(' ' || tier, '') from cdp.members";

    private const string Faults = """
        with ordered as (
            select individual, sequence, segment, tier, entered,
                row_number() over (partition by individual order by sequence) as nth,
                lag(entered, 1, false) over (partition by individual, segment order by sequence) as was_in,
                lead(sequence) over (partition by individual, segment order by sequence) is null as is_last
            from cdp.membership_changes
        )
        select o.individual || ' ' || o.segment || ' ' || o.sequence || ' ' || o.entered
        from ordered o left join cdp.members m using (individual, segment)
        where nth <> o.sequence or entered = was_in
            or (is_last and entered <> (m.individual is not null))
            or (is_last and entered and (m.tier is distinct from o.tier or m.sequence <> o.sequence))
        """;

    /// <summary>Text of each segment by its name.</summary>
    public static FrozenDictionary<string, string> Texts { get; } =
        StarterPack.All.Concat(StarterPack.TextsIn(More)).ToFrozenDictionary();

    /// <summary>The query of each segment by its name.</summary>
    public static FrozenDictionary<string, string> Queries { get; } =
        StarterPack.Queries.Concat(StarterPack.QueriesIn(More)).ToFrozenDictionary();

    /// <summary>Compares them once everybody is evaluated. Nobody may send meanwhile.</summary>
    /// <returns>How many are in each segment without a doubt.</returns>
    public static async Task<IReadOnlyDictionary<string, int>> CheckAsync(RunningHost host)
    {
        string connection = await host.DatabaseAsync();
        OracleTables tables = await OracleTables.ReadAsync(connection);
        string[] subjects =
        [
            .. tables
                .Events.Select(one => OracleSql.HolderOf(tables, one.Event))
                .OfType<string>()
                .Distinct(),
        ];
        await using OracleSql sql = await OracleSql.ReadAsync(
            connection,
            tables,
            subjects,
            model: null
        );
        string[] differences = [];
        Dictionary<string, int> certain = [];
        await Eventually.BeAsync(
            async () =>
            {
                var members = await MembersAsync(connection);
                differences = [.. await DifferencesAsync(sql, members, certain)];
                return differences.Length == 0;
            },
            "who is in the segments is who should be",
            () => string.Join('\n', differences.Take(DifferencesMax).Append(host.Output))
        );
        await DemandOrderAsync(connection);
        return certain;
    }

    /// <summary>
    /// Demands of all entries and exits that numbers have no gaps, that of one segment somebody enters and leaves in turn, and that
    /// whoever entered last is in it.
    /// </summary>
    /// <param name="connection">The database.</param>
    public static async Task DemandOrderAsync(string connection) =>
        (await RowsAsync(connection, Faults, row => row.GetString(0))).ShouldBeEmpty();

    /// <summary>Segments that somebody entered or left.</summary>
    /// <param name="connection">The database.</param>
    public static async Task<IEnumerable<string>> ChangedAsync(string connection) =>
        await RowsAsync(
            connection,
            "select distinct segment from cdp.membership_changes",
            row => row.GetString(0)
        );

    private static async Task<IEnumerable<string>> DifferencesAsync(
        OracleSql sql,
        Dictionary<string, HashSet<string>> members,
        Dictionary<string, int> certain
    )
    {
        List<string> differences = [];
        foreach ((string name, string query) in Queries)
        {
            var due = await DueMembers.AskAsync(sql, name, query, DateTimeOffset.UtcNow);
            certain[name] = due.Certain.Count;
            differences.AddRange(
                due.Differences(members.GetValueOrDefault(name) ?? [])
                    .Select(one => $"{name}: {one}")
            );
        }

        return differences;
    }

    private static async Task<Dictionary<string, HashSet<string>>> MembersAsync(string connection)
    {
        var rows = await RowsAsync(
            connection,
            Members,
            row => (Segment: row.GetString(0), Member: row.GetString(1))
        );
        return rows.GroupBy(row => row.Segment)
            .ToDictionary(
                segment => segment.Key,
                segment => segment.Select(row => row.Member).ToHashSet()
            );
    }

    private static async Task<List<T>> RowsAsync<T>(
        string connection,
        string query,
        Func<NpgsqlDataReader, T> read
    )
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(connection);
        await using NpgsqlCommand command = source.CreateCommand(query);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        List<T> rows = [];
        while (await reader.ReadAsync())
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
