using System.Data;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Serialization;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>An event that is in no state, because it is in quarantine.</summary>
internal sealed record QuarantinedEvent(string Stream, string Code, bool IsReplayed);

/// <summary>What the tables of a drained system say, read at one instant.</summary>
internal sealed class OracleTables
{
    private readonly List<string> flaws = [];
    private readonly List<(LogPosition At, LinkEvent Event)> events = [];
    private readonly Dictionary<string, (string Base, string At)> claims = new(
        StringComparer.Ordinal
    );
    private readonly Dictionary<LogPosition, QuarantinedEvent> quarantined = [];
    private readonly List<QuarantinedEvent> refusedAtEdge = [];
    private readonly HashSet<string> disputed = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Stream, CountKind Kind, string Reason), long> counts = [];
    private readonly List<string> ids = [];

    private OracleTables() { }

    /// <summary>What cannot be true, whatever the events say.</summary>
    public IReadOnlyList<string> Flaws => flaws;

    /// <summary>Every event of the log, lane by lane in sequence order.</summary>
    public IReadOnlyList<(LogPosition At, LinkEvent Event)> Events => events;

    /// <summary>Refused events of the log, by their place.</summary>
    public IReadOnlyDictionary<LogPosition, QuarantinedEvent> Quarantined => quarantined;

    /// <summary>What was refused before it came to the log.</summary>
    public IReadOnlyList<QuarantinedEvent> RefusedAtEdge => refusedAtEdge;

    /// <summary>The counts, summed over their slots.</summary>
    public IReadOnlyDictionary<(string Stream, CountKind Kind, string Reason), long> Counts =>
        counts;

    /// <summary>Who has what a claim's owner has, wherever that is by a merge; null for nobody.</summary>
    public string? HolderOf(string claim) => claims.GetValueOrDefault(claim).At;

    /// <summary>Whether a link says of the contact that an anchor names that it is another one too.</summary>
    public bool IsDisputed(string anchor) =>
        claims.TryGetValue(anchor, out var claim) && disputed.Contains(claim.Base);

    /// <summary>Ids of stored states.</summary>
    public IEnumerable<string> IdsOf(string prefix) =>
        ids.Where(id => id.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Reads them.</summary>
    public static async Task<OracleTables> ReadAsync(string connectionString)
    {
        OracleTables tables = new();
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync();
        await using NpgsqlTransaction instant = await connection.BeginTransactionAsync(
            IsolationLevel.RepeatableRead
        );
        await tables.ReadEventsAsync(connection);
        await tables.ReadIdentityAsync(connection);
        await tables.ReadBooksAsync(connection);
        return tables;
    }

    private async Task ReadEventsAsync(NpgsqlConnection connection)
    {
        using ServiceProvider services = new ServiceCollection()
            .AddSerializer()
            .BuildServiceProvider();
        ChunkCodec codec = new(services.GetRequiredService<Serializer<LinkEvent[]>>());
        Dictionary<(Lane, int), long> ends = [];
        HashSet<(int, string, string)> known = [];
        await ReadAsync(
            connection,
            """
            select lane, partition, first_seq, payload from cdp.ingest_chunk
            order by lane, partition, first_seq
            """,
            row =>
            {
                Lane lane = (Lane)row.GetInt16(0);
                int partition = row.GetInt32(1);
                long next = row.GetInt64(2);
                long end = ends.GetValueOrDefault((lane, partition));
                Demand(next == end + 1, $"{lane} {partition}: {next} follows {end}");
                foreach (LinkEvent e in codec.Decode(row.GetFieldValue<byte[]>(3)).Events)
                {
                    bool isNew = known.Add((partition, e.Link.Source, e.EventId));
                    Demand(isNew, $"{lane} {partition}: {e.EventId} is there twice");
                    events.Add((new LogPosition(lane, partition, next++), e));
                }

                ends[(lane, partition)] = next - 1;
            }
        );
        await ReadAsync(
            connection,
            """
            select h.lane, h.partition, h.next_seq - 1, k.seq
            from cdp.ingest_head h join cdp.ingest_checkpoint k using (lane, partition)
            """,
            row =>
            {
                (Lane, int) lane = ((Lane)row.GetInt16(0), row.GetInt32(1));
                long end = ends.GetValueOrDefault(lane);
                Demand(row.GetInt64(2) == end, $"{lane}: the head is not at the last event");
                Demand(row.GetInt64(3) == end, $"{lane}: the checkpoint is not at the last event");
            }
        );
    }

    private async Task ReadIdentityAsync(NpgsqlConnection connection)
    {
        await ReadAsync(
            connection,
            """
            select c.claim, c.owner, coalesce(b.placed_at, c.owner)
            from cdp.claim c left join cdp.base_individual b on b.id = c.owner
            """,
            row => claims.Add(row.GetString(0), (row.GetString(1), row.GetString(2)))
        );
        await ReadAsync(
            connection,
            """
            select c.first, c.second from cdp.merge_conflict c
                join cdp.base_individual f on f.id = c.first
                join cdp.base_individual s on s.id = c.second
            where c.settled_at is null and f.rank = 0 and s.rank = 0
            """,
            row => disputed.UnionWith([row.GetString(0), row.GetString(1)])
        );
        await ReadAsync(
            connection,
            """
            select id, root from cdp.base_individual
            where live and (not settled or coalesce(placed_at, id) <> root)
            """,
            row => Demand(false, $"{row[0]} is still on its way to {row[1]}")
        );
    }

    private async Task ReadBooksAsync(NpgsqlConnection connection)
    {
        await ReadAsync(
            connection,
            """
            select stream, code, replayed_at is not null, lane, partition, seq from cdp.quarantine
            """,
            row =>
            {
                QuarantinedEvent one = new(row.GetString(0), row.GetString(1), row.GetBoolean(2));
                if (row.IsDBNull(5))
                {
                    refusedAtEdge.Add(one);
                    return;
                }

                Lane lane = (Lane)row.GetInt16(3);
                quarantined.Add(new LogPosition(lane, row.GetInt32(4), row.GetInt64(5)), one);
            }
        );
        await ReadAsync(
            connection,
            """
            select stream, kind, reason, sum(count)::bigint from cdp.event_count group by 1, 2, 3
            """,
            row =>
                counts.Add(
                    (row.GetString(0), (CountKind)row.GetInt16(1), row.GetString(2)),
                    row.GetInt64(3)
                )
        );
        await ReadAsync(
            connection,
            "select id from cdp.snapshot",
            row => ids.Add(row.GetString(0))
        );
        await ReadAsync(
            connection,
            """
            select id, topic, min(seq), max(seq), count(*) from cdp.outbox group by 1, 2
            having max(seq) - min(seq) + 1 <> count(*)
            """,
            row => Demand(false, $"{row.GetString(0)} has gaps in its outbox {row.GetString(1)}")
        );
        await ReadAsync(
            connection,
            "select lane, partition, seq from cdp.event_fate",
            row =>
                Demand(false, $"{row[0]} {row[1]}: a fate is noted below the checkpoint: {row[2]}")
        );
    }

    private void Demand(bool holds, string flaw)
    {
        if (!holds)
        {
            flaws.Add(flaw);
        }
    }

    private static async Task ReadAsync(
        NpgsqlConnection connection,
        string text,
        Action<NpgsqlDataReader> take
    )
    {
        await using NpgsqlCommand command = new(text, connection) { CommandTimeout = 300 };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            take(reader);
        }
    }
}
