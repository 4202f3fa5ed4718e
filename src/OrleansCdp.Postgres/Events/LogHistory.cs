using System.Collections.Immutable;
using Npgsql;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

/// <summary>Reads what is over: for comparing and rebuilding states. In stretches, so that no statement takes long.</summary>
internal sealed class LogHistory(DataSources sources, ChunkCodec codec) : ILogHistory
{
    /// <summary>Rows of one stretch.</summary>
    internal const int RowsMax = 50;

    /// <summary>Sequences that one statement looks through.</summary>
    internal const long SequencesMax = 500_000;

    private const int TimeoutSeconds = 120;

    /// <summary>Reasons for which an event never met its link.</summary>
    private static readonly string[] NotMet =
    [
        ReasonCodes.LinksMax,
        ReasonCodes.FoldFailed,
        ReasonCodes.StateCorrupt,
    ];

    // The day tables tell since when the log is kept: a chunk's own time would move with what is in it.
    private const string Extents = """
        select h.lane, h.partition, h.next_seq - 1, k.seq,
            coalesce(
                (select c.first_seq from cdp.ingest_chunk c
                    where c.lane = h.lane and c.partition = h.partition
                    order by c.first_seq limit 1),
                h.next_seq
            ),
            coalesce(
                (select min(to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp at time zone 'UTC')
                    from pg_inherits i join pg_class c on c.oid = i.inhrelid
                    where i.inhparent = 'cdp.ingest_chunk'::regclass),
                now()
            )
        from cdp.ingest_head h join cdp.ingest_checkpoint k using (lane, partition)
        order by h.partition, h.lane
        """;

    // A chunk that starts before the range may reach into it.
    private const string Read = """
        select first_seq, payload from cdp.ingest_chunk
        where lane = $1 and partition = $2 and first_seq > $3 and first_seq <= $4
            and first_seq + count > $5 and ($6::bigint[] is null or subjects && $6)
        order by first_seq limit $7
        """;

    private const string ReadNotMet = """
        select seq from cdp.quarantine
        where lane = $1 and partition = $2 and seq between $3 and $4 and code = any($5)
        """;

    // Who has the links, and not whose they are: what is merged lives with whom it was merged into.
    private const string Claims = """
        select c.claim, coalesce(b.placed_at, c.owner), c.since
        from cdp.claim c left join cdp.base_individual b on b.id = c.owner
        where c.claim = any($1)
        """;

    private const string Disputed = """
        select c.claim from cdp.claim c
        where c.claim = any($1) and exists (
            select from cdp.merge_conflict m
            where m.settled_at is null and (m.first = c.owner or m.second = c.owner)
        )
        """;

    // Without what accounts keep of their people: that is no individual's nor account's state.
    private const string Ids = $"""
        select id from cdp.snapshot where id > $1 and left(id, 4) <> '{SubjectIds.PeoplePrefix}'
        order by id limit $2
        """;

    private const string QuarantineSums = """
        select stream, code, seq is not null, replayed_at is not null, count(*)
        from cdp.quarantine group by 1, 2, 3, 4
        """;

    public Task<ImmutableArray<LaneExtent>> ExtentsAsync(CancellationToken cancel) =>
        ReadAsync(
            sources.Streams.CreateCommand(Extents),
            row => new LaneExtent(
                (Lane)row.GetInt16(0),
                row.GetInt32(1),
                First: row.GetInt64(4),
                Head: row.GetInt64(2),
                Checkpoint: row.GetInt64(3),
                row.Instant(5)
            ),
            cancel
        );

    public async Task<LogStretch> ReadAsync(LogRange range, CancellationToken cancel)
    {
        long to = Math.Min(range.To, range.From + SequencesMax - 1);
        NpgsqlCommand read = sources
            .Streams.CreateCommand(Read)
            .With((short)range.Lane)
            .With(range.Partition)
            .With(range.From - ChunkCodec.EventsMax)
            .With(to)
            .With(range.From);
        read.Parameters.Add(new NpgsqlParameter<long[]?> { TypedValue = range.Subjects });
        var rows = await ReadAsync(
            read.With(RowsMax),
            row => (First: row.GetInt64(0), codec.Decode(row.Bytes(1)).Events),
            cancel
        );
        List<SequencedEvent> events = [];
        foreach ((long first, LinkEvent[] inRow) in rows)
        {
            for (int i = 0; i < inRow.Length; i++)
            {
                if (first + i >= range.From && first + i <= to)
                {
                    events.Add(new SequencedEvent(first + i, inRow[i]));
                }
            }
        }

        long next = rows.Length == RowsMax ? rows[^1].First + rows[^1].Events.Length : to + 1;
        return new LogStretch(events, await NotMetAsync(range, next - 1, cancel), next);
    }

    public async Task<IReadOnlyDictionary<string, HeldClaim>> ClaimsAsync(
        IReadOnlyCollection<string> claims,
        CancellationToken cancel
    )
    {
        var rows = await ReadAsync(
            sources.Storage.CreateCommand(Claims).With(claims.ToArray()),
            row => (Claim: row.GetString(0), new HeldClaim(row.GetString(1), row.InstantOrNull(2))),
            cancel
        );
        return rows.ToDictionary(row => row.Claim, row => row.Item2, StringComparer.Ordinal);
    }

    public async Task<IReadOnlySet<string>> DisputedAsync(
        IReadOnlyCollection<string> anchors,
        CancellationToken cancel
    ) =>
        (
            await ReadAsync(
                sources.Storage.CreateCommand(Disputed).With(anchors.ToArray()),
                row => row.GetString(0),
                cancel
            )
        ).ToHashSet(StringComparer.Ordinal);

    public Task<ImmutableArray<string>> IdsAsync(
        string after,
        int limit,
        CancellationToken cancel
    ) =>
        ReadAsync(
            sources
                .Storage.CreateCommand(Ids)
                .With(after)
                .With(Math.Clamp(limit, 1, ILogHistory.IdsMax)),
            row => row.GetString(0),
            cancel
        );

    public Task<ImmutableArray<QuarantineSum>> QuarantineSumsAsync(CancellationToken cancel) =>
        ReadAsync(
            sources.Storage.CreateCommand(QuarantineSums),
            row => new QuarantineSum(
                row.GetString(0),
                row.GetString(1),
                row.GetBoolean(2),
                row.GetBoolean(3),
                row.GetInt64(4)
            ),
            cancel
        );

    private async Task<IReadOnlySet<long>> NotMetAsync(
        LogRange range,
        long last,
        CancellationToken cancel
    ) =>
        (
            await ReadAsync(
                sources
                    .Streams.CreateCommand(ReadNotMet)
                    .With((short)range.Lane)
                    .With(range.Partition)
                    .With(range.From)
                    .With(last)
                    .With(NotMet),
                row => row.GetInt64(0),
                cancel
            )
        ).ToHashSet();

    private static Task<ImmutableArray<T>> ReadAsync<T>(
        NpgsqlCommand command,
        Func<NpgsqlDataReader, T> rowOf,
        CancellationToken cancel
    )
    {
        command.CommandTimeout = TimeoutSeconds;
        return command.RowsAsync(rowOf, cancel);
    }
}
