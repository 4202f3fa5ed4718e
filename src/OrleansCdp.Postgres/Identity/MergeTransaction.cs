using System.Collections.Immutable;
using Npgsql;
using static OrleansCdp.Identity.MergeStatements;

namespace OrleansCdp.Identity;

/// <summary>Why individuals are grouped anew, for their history.</summary>
/// <param name="Decision">The steward's decision; null for what links prove.</param>
internal readonly record struct MergeCause(long? Decision)
{
    public static MergeCause None => default;
}

/// <summary>One change of who is one person: the rows that decide, and what follows from them.</summary>
internal sealed class MergeTransaction : IAsyncDisposable
{
    private const long MergesLock = 0x6364_705f_6d65_7267; // "cdp_merg"

    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;
    private readonly CancellationToken cancel;

    private MergeTransaction(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        CancellationToken cancel
    )
    {
        this.connection = connection;
        this.transaction = transaction;
        this.cancel = cancel;
    }

    /// <summary>What was noted for matching to look at again.</summary>
    public HashSet<string> Due { get; } = new(StringComparer.Ordinal);

    /// <summary>Waits until no other change is under way.</summary>
    public static async Task<MergeTransaction> BeginAsync(
        NpgsqlDataSource source,
        CancellationToken cancel
    )
    {
        MergeTransaction merges = await OpenAsync(source, cancel);
        try
        {
            await merges.ExecuteAsync(
                merges.Command($"select pg_advisory_xact_lock({MergesLock})")
            );
            return merges;
        }
        catch
        {
            await merges.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for nobody: only for what touches nothing that is known.</summary>
    public static async Task<MergeTransaction> OpenAsync(
        NpgsqlDataSource source,
        CancellationToken cancel
    )
    {
        NpgsqlConnection opened = await source.OpenConnectionAsync(cancel);
        try
        {
            return new(opened, await opened.BeginTransactionAsync(cancel), cancel);
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds what links state.</summary>
    /// <returns>All individuals of these links.</returns>
    public async Task<ImmutableArray<string>> AddAsync(
        BaseIndividual[] bases,
        (string Link, string Base, string EventId)[] stated,
        string[] live
    )
    {
        string[] links = Array.ConvertAll(stated, row => row.Link);
        await using NpgsqlBatch batch = Batch(
            new NpgsqlBatchCommand(AddBases)
                .With(Array.ConvertAll(bases, one => one.Id))
                .With(Array.ConvertAll(bases, one => one.Rank))
                .With(Array.ConvertAll(bases, one => one.Name)),
            new NpgsqlBatchCommand(AddLinks).With(links),
            new NpgsqlBatchCommand(AddStatements)
                .With(links)
                .With(Array.ConvertAll(stated, row => row.Base))
                .With(Array.ConvertAll(stated, row => row.EventId)),
            new NpgsqlBatchCommand(MarkLive).With(live),
            new NpgsqlBatchCommand(StatedBy).With(links)
        );
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancel);
        return await reader.RowsAsync(row => row.GetString(0), cancel);
    }

    /// <summary>Adds what touches nothing that is known, and decides about it.</summary>
    /// <returns>Null if somebody else was faster with a part of it; then nothing of it may be committed.</returns>
    public async Task<Regrouped?> AddFreshAsync(ProofSet fresh)
    {
        BaseIndividual[] bases = fresh.Bases();
        HashSet<string> live = [.. fresh.Bearing.Select(one => one.Id)];
        var statements = fresh
            .Proofs.GroupBy(proof => proof.Link)
            .ToDictionary(
                of => of.Key,
                of =>
                    of.SelectMany(proof => proof.Bases.Select(one => one.Id))
                        .Distinct()
                        .ToImmutableArray()
            );
        MergeGroups groups = MergeGraph.Of(bases, statements, [], Limits.ContactsPerAnchorMax);
        string[] links = [.. statements.Keys.Select(link => $"{link}")];
        await using NpgsqlBatch begin = Batch(
            new NpgsqlBatchCommand(AddFreshBases)
                .With(Array.ConvertAll(bases, one => one.Id))
                .With(Array.ConvertAll(bases, one => one.Rank))
                .With(Array.ConvertAll(bases, one => one.Name))
                .With(Array.ConvertAll(bases, one => groups.Roots[one.Id]))
                .With(Array.ConvertAll(bases, one => live.Contains(one.Id))),
            new NpgsqlBatchCommand(AddLinks).With(links)
        );
        if (await begin.ExecuteNonQueryAsync(cancel) < bases.Length + links.Length)
        {
            return null;
        }

        (string Link, string Base, string EventId)[] stated = fresh.Stated();
        NpgsqlBatchCommand add = new NpgsqlBatchCommand(AddFreshStatements)
            .With(Array.ConvertAll(stated, row => row.Link))
            .With(Array.ConvertAll(stated, row => row.Base))
            .With(Array.ConvertAll(stated, row => row.EventId));
        StoredBase[] all = Array.ConvertAll(
            bases,
            one => new StoredBase(one.Id, one.Id, live.Contains(one.Id), Settled: true)
        );
        return await FinishAsync(add, all, bases, groups, MergeCause.None);
    }

    /// <summary>Decides anew about some individuals and whoever is connected with them.</summary>
    /// <returns>Null, and nothing is changed, if too many are connected.</returns>
    public async Task<Regrouped?> RegroupAsync(IReadOnlyCollection<string> ids, MergeCause cause)
    {
        if (await MergeNeighbourhood.ReadAsync(Batch, ids, cancel) is not { } found)
        {
            return null;
        }

        MergeGroups groups = MergeGraph.Of(
            found.Bases,
            found.Statements,
            found.Decisions,
            Limits.ContactsPerAnchorMax
        );
        StoredBase[] changed = [.. found.Stored.Where(one => groups.Roots[one.Id] != one.Root)];
        NpgsqlBatchCommand change = new NpgsqlBatchCommand(Change)
            .With(Array.ConvertAll(changed, one => one.Id))
            .With(Array.ConvertAll(changed, one => groups.Roots[one.Id]));
        return await FinishAsync(change, found.Stored, found.Bases, groups, cause);
    }

    /// <summary>Notes that individuals stay apart because too many are connected with them.</summary>
    public async Task<ImmutableArray<MergeConflict>> RefuseAsync(IEnumerable<AnchorProof> proofs)
    {
        var conflicts = proofs.SelectMany(
            proof => proof.Bases.Skip(1),
            (proof, other) => new MergeConflict(proof.Bases[0].Id, other.Id, MergeConflict.TooMany)
        );
        MergeConflict[] now = Ordered(conflicts);
        await using NpgsqlBatch batch = Batch(Noting(now));
        return await NotedAsync(batch, now);
    }

    /// <summary>What stewards decided that makes an individual part of another one.</summary>
    public async Task<ImmutableArray<long>> TiesOfAsync(string individual, string root)
    {
        return await MergeNeighbourhood.ReadAsync(Batch, [individual, root], cancel) is { } found
            ? MergeGraph.TiesOf(
                found.Bases,
                found.Statements,
                found.Decisions,
                Limits.ContactsPerAnchorMax,
                individual,
                root
            )
            : [];
    }

    /// <summary>Notes individuals and links that matching has to look at again.</summary>
    public async Task NoteDueAsync(IEnumerable<string> subjects)
    {
        string[] due = [.. subjects.Distinct(StringComparer.Ordinal)];
        if (due.Length > 0)
        {
            Due.UnionWith(due);
            await ExecuteAsync(Command(NoteDue).With(due));
        }
    }

    /// <summary>A statement of this transaction.</summary>
    public NpgsqlCommand Command(string sql) => new(sql, connection, transaction);

    public Task CommitAsync() => transaction.CommitAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    /// <summary>What follows from roots.</summary>
    /// <param name="first">What stores the roots.</param>
    /// <param name="known">Those about whom it was decided, as they were before.</param>
    /// <param name="bases">They and whoever else was looked at.</param>
    /// <param name="groups">What was decided.</param>
    /// <param name="cause">Why.</param>
    private async Task<Regrouped> FinishAsync(
        NpgsqlBatchCommand first,
        IReadOnlyCollection<StoredBase> known,
        IReadOnlyCollection<BaseIndividual> bases,
        MergeGroups groups,
        MergeCause cause
    )
    {
        StoredBase[] changed = [.. known.Where(one => groups.Roots[one.Id] != one.Root)];
        RootChange[] roots =
        [
            .. changed
                .Where(one => one.Live)
                .Select(one => new RootChange(one.Id, one.Root, groups.Roots[one.Id])),
        ];
        string[] due = [.. roots.SelectMany(root => root.Individuals).Distinct()];
        Due.UnionWith(due);
        HashSet<string> ids = known.Select(one => one.Id).ToHashSet(StringComparer.Ordinal);
        MergeConflict[] now = Ordered(
            groups.Conflicts.Where(one => ids.Contains(one.First) || ids.Contains(one.Second))
        );
        await using NpgsqlBatch batch = Batch(
            first,
            Remembering(known, changed, groups, cause),
            new NpgsqlBatchCommand(NoteDue).With(due),
            new NpgsqlBatchCommand(SettleConflicts)
                .With(ids.ToArray())
                .With(Array.ConvertAll(now, one => one.First))
                .With(Array.ConvertAll(now, one => one.Second))
                .With(bases.Select(one => one.Id).ToArray()),
            Noting(now)
        );
        return new Regrouped(
            [
                .. known
                    .Where(one => one.Live && (!one.Settled || one.Root != groups.Roots[one.Id]))
                    // Whoever is to have the links of others is at home first.
                    .OrderBy(one => groups.Roots[one.Id] != one.Id)
                    .Select(one => one.Id),
            ],
            await NotedAsync(batch, now)
        )
        {
            Changed = [.. roots],
        };
    }

    /// <summary>
    /// Notes who became one person with whom, and who parts. Whoever goes along with the one whom it is merged into has
    /// not parted from that one, and was one with it before.
    /// </summary>
    private static NpgsqlBatchCommand Remembering(
        IReadOnlyCollection<StoredBase> known,
        StoredBase[] changed,
        MergeGroups groups,
        MergeCause cause
    )
    {
        var before = known.ToDictionary(one => one.Id, one => one.Root, StringComparer.Ordinal);
        List<(string Id, string Other, string What)> rows = [];
        foreach (StoredBase one in changed)
        {
            string root = groups.Roots[one.Id];
            if (one.Root != one.Id && groups.Roots.GetValueOrDefault(one.Root) != root)
            {
                rows.Add((one.Id, one.Root, "unmerged"));
            }

            if (root != one.Id && before.GetValueOrDefault(root) != one.Root)
            {
                rows.Add((one.Id, root, "merged"));
            }
        }

        return new NpgsqlBatchCommand(Remember)
            .With(rows.Select(row => row.Id).ToArray())
            .With(rows.Select(row => row.Other).ToArray())
            .With(rows.Select(row => row.What).ToArray())
            .With(cause.Decision);
    }

    /// <summary>Each with the lower id first, once.</summary>
    private static MergeConflict[] Ordered(IEnumerable<MergeConflict> conflicts) =>
        [
            .. conflicts
                .Select(one =>
                    string.CompareOrdinal(one.First, one.Second) < 0
                        ? one
                        : one with
                        {
                            First = one.Second,
                            Second = one.First,
                        }
                )
                .DistinctBy(one => (one.First, one.Second)),
        ];

    private static NpgsqlBatchCommand Noting(MergeConflict[] now) =>
        new NpgsqlBatchCommand(NoteConflicts)
            .With(Array.ConvertAll(now, one => one.First))
            .With(Array.ConvertAll(now, one => one.Second))
            .With(Array.ConvertAll(now, one => one.Reason));

    /// <summary>Runs what notes conflicts at its end.</summary>
    /// <returns>Those that were not known.</returns>
    private async Task<ImmutableArray<MergeConflict>> NotedAsync(
        NpgsqlBatch batch,
        MergeConflict[] now
    )
    {
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancel);
        var fresh = await reader.RowsAsync(row => (row.GetString(0), row.GetString(1)), cancel);
        return [.. now.Where(one => fresh.Contains((one.First, one.Second)))];
    }

    private NpgsqlBatch Batch() => new(connection, transaction);

    private NpgsqlBatch Batch(params ReadOnlySpan<NpgsqlBatchCommand> commands)
    {
        NpgsqlBatch batch = Batch();
        foreach (NpgsqlBatchCommand command in commands)
        {
            batch.BatchCommands.Add(command);
        }

        return batch;
    }

    private async Task<int> ExecuteAsync(NpgsqlCommand command)
    {
        await using (command)
        {
            return await command.ExecuteNonQueryAsync(cancel);
        }
    }
}
