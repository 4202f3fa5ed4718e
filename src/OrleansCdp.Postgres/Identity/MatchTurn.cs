using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>A transaction that holds the lock of a match space: whoever comes later sees all that it wrote.</summary>
internal sealed class MatchTurn(
    NpgsqlConnection connection,
    NpgsqlTransaction transaction,
    int space,
    GuardSets guards
) : IMatchTurn
{
    // The first key is this file's, the second the space's.
    private const int LockClass = 0x6d617463;

    private const string Columns =
        "id, subject, owner, group_id, individual, score, partner, event_id, said, guarded";

    // Of a row with its owner, behind the columns.
    private const int OwnerAt = 10;

    // A statement of its own: those after it see what was committed while it waited.
    private const string Lock = "select pg_advisory_xact_lock($1, $2)";

    private const string ReadVersion = """
        select version, exists (select from cdp.steward_pair), coalesce(
            (select max(change) from cdp.match_guard where space = $1), 0
        ), identifiers_to
        from cdp.match_space where space = $1 and replaced_by is null
        """;

    // One look per subject, whatever PostgreSQL thinks of the table: "= any" may walk through all of the space.
    private const string BySubject = $"""
        select r.* from unnest($2) as s(subject) cross join lateral (
            select {Columns} from cdp.match_record m
            where m.space = $1 and m.subject = s.subject limit 1
        ) r
        """;

    private const string ById = $"select {Columns} from cdp.match_record where id = any($1)";

    // Groups keep their numbers when another space takes over, so the number alone does not say which one is meant.
    private const string ByGroup = $"""
        select {Columns} from cdp.match_record
        where space = $1 and group_id = any($2) and group_id is not null
        """;

    private const string ByOwner = $"""
        select {Columns} from cdp.match_record
        where space = $1 and owner = any($2) and owner is not null and group_id is null
        """;

    private const string NextIds = """
        select nextval('cdp.match_id') from generate_series(1, $1)
        """;

    // A closed key comes back once, without a record.
    private const string ByKey = """
        select k.key_hash, r.record_id
        from unnest($2) as k(key_hash)
            left join cdp.match_bucket b on b.space = $1 and b.key_hash = k.key_hash
            left join lateral (
                select m.record_id from cdp.match_key m
                where m.space = $1 and m.key_hash = k.key_hash and b.key_hash is null
                limit $3
            ) r on true
        where r.record_id is not null or b.key_hash is not null
        """;

    private const string EdgesAround = """
        select a, b, score, levels from cdp.match_edge where a = any($1) and score >= $2
        union
        select a, b, score, levels from cdp.match_edge where b = any($1) and score >= $2
        """;

    // What was said of somebody who is merged holds for whoever has his links.
    private const string Verdicts = """
        with asked as (
            select subject from unnest($1) as s(subject)
            union
            select id from cdp.base_individual where root = any($1) and root <> id
        )
        select coalesce(a.root, p.link_a), coalesce(b.root, p.link_b), p.verdict
        from (
            select p.* from asked s join cdp.steward_pair p on p.link_a = s.subject
            union
            select p.* from asked s join cdp.steward_pair p on p.link_b = s.subject
        ) p
            left join cdp.base_individual a on a.id = p.link_a
            left join cdp.base_individual b on b.id = p.link_b
        where p.verdict <> 0
        """;

    private const string ReadRoots = """
        select id, root from cdp.base_individual where id = any($1) and root <> id
        """;

    private const string Owners = $"""
        select r.*, case when c.anchored_by <> $3 then coalesce(b.root, c.owner) end
        from (
            select {Columns} from cdp.match_record
            where space = $1 and owner = any($2) and owner is not null and group_id is null
            union
            select {Columns} from cdp.match_record
            where space = $1 and subject = any($2) and owner is not null and group_id is null
        ) r
            left join cdp.claim c on c.claim = 'link:' || r.subject
            left join cdp.base_individual b on b.id = c.owner
        """;

    // Drawn with the first reading, one for each subject: nobody waits for the sequence once more.
    private readonly Queue<long> drawn = new();
    private bool ended;

    public int Version { get; private set; }

    public IReadOnlyList<MatchRow> Rows { get; private set; } = [];

    public IReadOnlyDictionary<string, string> Roots { get; private set; } =
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
        await using NpgsqlCommand command = new NpgsqlCommand(Lock, connection, transaction)
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
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Lock).With(LockClass).With(space));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReadVersion).With(space));
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(BySubject).With(space).With(subjects.ToArray())
        );
        batch.BatchCommands.Add(new NpgsqlBatchCommand(NextIds).With(subjects.Count));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReadRoots).With(subjects.ToArray()));
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
        Dictionary<string, string> roots = new(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancel))
        {
            roots.Add(reader.GetString(0), reader.GetString(1));
        }

        Roots = roots;
        await reader.CloseAsync();
        Guarded = await guards.ReadAsync(connection, transaction, space, guardedAt, cancel);
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
        new(reader.GetString(0), reader.GetString(1), reader.GetInt16(2) > 0);

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
        };
}
