using Npgsql;
using static OrleansCdp.Identity.MatchReading;

namespace OrleansCdp.Identity;

/// <summary>A transaction that holds the lock of a match space: whoever comes later sees all that it wrote.</summary>
internal sealed class MatchTurn(
    NpgsqlConnection connection,
    NpgsqlTransaction transaction,
    int space,
    GuardSets guards
) : IMatchTurn
{
    // Drawn with the first reading, one for each subject: nobody waits for the sequence once more.
    private readonly Queue<long> drawn = new();
    private bool ended;

    public int Version { get; private set; }

    public IReadOnlyList<MatchRow> Rows { get; private set; } = [];

    public IReadOnlyDictionary<string, string> Roots { get; private set; } =
        new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Owned { get; private set; } =
        new Dictionary<string, string>();

    public bool HasVerdicts { get; private set; }

    public long? ListedTo { get; private set; }

    public IReadOnlySet<long> Guarded { get; private set; } = GuardSet.Empty.Identifiers;

    /// <summary>Waits until no turn of a space is under way; none begins before the transaction ends.</summary>
    public static async Task LockAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        int space,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = new NpgsqlCommand(TakeLock, connection, transaction)
            .With(LockClass)
            .With(space);
        command.CommandTimeout = 0; // As long as the turn takes that is under way.
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Waits for the lock, and reads what the turn begins with.</summary>
    public async Task BeginAsync(IReadOnlyCollection<string> subjects, CancellationToken cancel)
    {
        await using NpgsqlBatch batch = new(connection, transaction);
        batch.Timeout = 0; // As long as the turn takes that is under way, or a takeover.
        batch.BatchCommands.Add(new NpgsqlBatchCommand(TakeLock).With(LockClass).With(space));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReadVersion).With(space));
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(BySubject).With(space).With(subjects.ToArray())
        );
        batch.BatchCommands.Add(new NpgsqlBatchCommand(NextIds).With(subjects.Count));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReadRoots).With(subjects.ToArray()));
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(Claimed).With(subjects.ToArray()).With(AnchorPolicy.Matched)
        );
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        long guardedAt = 0;
        while (await reader.ReadAsync(cancel))
        {
            Version = reader.GetInt32(0);
            HasVerdicts = reader.GetBoolean(1);
            guardedAt = reader.GetInt64(2);
            ListedTo = reader.Number(3);
        }

        await reader.NextResultAsync(cancel);
        Rows = await reader.RowsAsync(RowOf, cancel);
        await reader.NextResultAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            drawn.Enqueue(reader.GetInt64(0));
        }

        await reader.NextResultAsync(cancel);
        Roots = await NamesAsync(reader, cancel);
        await reader.NextResultAsync(cancel);
        Owned = await NamesAsync(reader, cancel);
        await reader.CloseAsync();
        Guarded = await guards.ReadAsync(connection, transaction, space, guardedAt, cancel);
    }

    private static async Task<Dictionary<string, string>> NamesAsync(
        NpgsqlDataReader reader,
        CancellationToken cancel
    )
    {
        var rows = await reader.RowsAsync(row => (row.GetString(0), row.GetString(1)), cancel);
        return rows.Where(row => !SubjectIds.IsRecord(row.Item2))
            .ToDictionary(row => row.Item1, row => row.Item2, StringComparer.Ordinal);
    }

    public async Task<long[]> NextIdsAsync(int count, CancellationToken cancel)
    {
        List<long> ids = [];
        while (ids.Count < count && drawn.TryDequeue(out long id))
        {
            ids.Add(id);
        }

        if (ids.Count == count)
        {
            return [.. ids];
        }

        await using NpgsqlCommand command = new NpgsqlCommand(
            NextIds,
            connection,
            transaction
        ).With(count - ids.Count);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            ids.Add(reader.GetInt64(0));
        }

        return [.. ids.Order()];
    }

    public Task<IReadOnlyList<MatchRow>> ReadAsync(
        IReadOnlyCollection<long> ids,
        CancellationToken cancel
    ) => ReadAsync(ids.Count, new NpgsqlBatchCommand(ById).With(ids.ToArray()), cancel);

    public Task<IReadOnlyList<MatchRow>> ReadAsync(
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    ) =>
        ReadAsync(
            subjects.Count,
            new NpgsqlBatchCommand(BySubject).With(space).With(subjects.ToArray()),
            cancel
        );

    public Task<IReadOnlyList<MatchRow>> ReadAnchoredAsync(
        IReadOnlyCollection<string> individuals,
        CancellationToken cancel
    ) =>
        ReadAsync(
            individuals.Count,
            new NpgsqlBatchCommand(ByOwner).With(space).With(individuals.ToArray()),
            cancel
        );

    public async Task<IReadOnlyList<OwnedRow>> ReadOwnersAsync(
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = new NpgsqlCommand(Owners, connection, transaction)
            .With(space)
            .With(subjects.ToArray())
            .With(AnchorPolicy.Matched);
        return await command.RowsAsync(OwnedRowOf, cancel);
    }

    public Task<IReadOnlyList<MatchRow>> ReadTwinsAsync(
        IReadOnlyCollection<long> firsts,
        CancellationToken cancel
    ) => ReadAsync(firsts.Count, new NpgsqlBatchCommand(ByTwin).With(firsts.ToArray()), cancel);

    public async Task<IReadOnlyDictionary<long, int>> CountTwinsAsync(
        IReadOnlyCollection<long> firsts,
        CancellationToken cancel
    )
    {
        if (firsts.Count == 0)
        {
            return new Dictionary<long, int>();
        }

        await using NpgsqlCommand command = new NpgsqlCommand(
            CountTwins,
            connection,
            transaction
        ).With(firsts.ToArray());
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        var rows = await reader.RowsAsync(row => (row.GetInt64(0), row.GetInt64(1)), cancel);
        return rows.ToDictionary(row => row.Item1, row => (int)row.Item2);
    }

    public Task<IReadOnlyList<MatchRow>> ReadSameAsync(
        IReadOnlyCollection<long> prints,
        CancellationToken cancel
    ) =>
        ReadAsync(
            prints.Count,
            new NpgsqlBatchCommand(ByPrint).With(space).With(prints.Distinct().ToArray()),
            cancel
        );

    public async Task<KeyReading> ReadKeysAsync(
        IReadOnlyCollection<long> keys,
        int limit,
        CancellationToken cancel
    )
    {
        Dictionary<long, List<long>> records = [];
        HashSet<long> closed = [];
        if (keys.Count > 0)
        {
            await using NpgsqlCommand command = new NpgsqlCommand(ByKey, connection, transaction)
                .With(space)
                .With(keys.ToArray())
                .With(limit);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                long key = reader.GetInt64(0);
                if (reader.Number(1) is not { } record)
                {
                    closed.Add(key);
                }
                else if (records.TryGetValue(key, out List<long>? having))
                {
                    having.Add(record);
                }
                else
                {
                    records.Add(key, [record]);
                }
            }
        }

        return new KeyReading(records, closed);
    }

    public Task<ILookup<long, long>> ReadIndividualsAsync(
        IReadOnlyCollection<long> keys,
        int limit,
        CancellationToken cancel
    ) => GuardSets.ReadIndividualsAsync(connection, transaction, space, keys, limit, cancel);

    public async Task<(
        IReadOnlyList<StoredEdge> Edges,
        IReadOnlyList<MatchRow> Members
    )> ReadAroundAsync(
        IReadOnlyCollection<long> ids,
        double scoreMin,
        IReadOnlyCollection<long> groups,
        CancellationToken cancel
    )
    {
        await using NpgsqlBatch batch = new(connection, transaction);
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(EdgesAround).With(ids.ToArray()).With(scoreMin)
        );
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ByGroup).With(space).With(groups.ToArray()));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancel);
        var edges = await reader.RowsAsync(EdgeOf, cancel);
        await reader.NextResultAsync(cancel);
        return (edges, await reader.RowsAsync(RowOf, cancel));
    }

    public async Task<IReadOnlyList<StewardVerdict>> ReadVerdictsAsync(
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = new NpgsqlCommand(
            Verdicts,
            connection,
            transaction
        ).With(subjects.ToArray());
        return await command.RowsAsync(VerdictOf, cancel);
    }

    public async Task CommitAsync(MatchWrites writes, CancellationToken cancel)
    {
        await using (NpgsqlBatch batch = new(connection, transaction))
        {
            MatchWriting.AddTo(batch, space, Version, writes);
            if (batch.BatchCommands.Count > 0)
            {
                await batch.ExecuteNonQueryAsync(cancel);
            }
        }

        await transaction.CommitAsync(cancel);
        ended = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (!ended && connection.State == System.Data.ConnectionState.Open)
        {
            await transaction.RollbackAsync();
        }

        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    private async Task<IReadOnlyList<MatchRow>> ReadAsync(
        int wanted,
        NpgsqlBatchCommand command,
        CancellationToken cancel
    )
    {
        if (wanted == 0)
        {
            return [];
        }

        await using NpgsqlBatch batch = new(connection, transaction);
        batch.BatchCommands.Add(command);
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancel);
        return await reader.RowsAsync(RowOf, cancel);
    }

    private static OwnedRow OwnedRowOf(NpgsqlDataReader reader)
    {
        string? owner = reader.Text(OwnerAt);
        return new(RowOf(reader), owner is not null && SubjectIds.IsRecord(owner) ? null : owner);
    }

    private static StoredEdge EdgeOf(NpgsqlDataReader reader) =>
        new(reader.GetInt64(0), reader.GetInt64(1), reader.GetDouble(2), reader.GetInt64(3));

    /// <summary>A verdict: two links and what a steward says of them.</summary>
    public static StewardVerdict VerdictOf(NpgsqlDataReader reader) =>
        new(reader.GetString(0), reader.GetString(1), reader.GetInt16(2) > 0)
        {
            Companion = reader.Text(3),
        };

    /// <summary>A record, of a statement that reads the columns of records.</summary>
    public static MatchRow RowOf(NpgsqlDataReader reader) =>
        new()
        {
            Id = reader.GetInt64(0),
            Subject = reader.GetString(1),
            Owner = reader.Text(2),
            Group = reader.Number(3),
            Individual = reader.Text(4),
            Score = reader.Double(5),
            Partner = reader.Number(6),
            EventId = reader.GetString(7),
            Said = reader.Bytes(8),
            Guarded = reader.IsDBNull(9) ? null : reader.GetFieldValue<long[]>(9),
            Twin = reader.Number(10),
            Print = reader.Number(11),
        };
}
