using System.Collections.Immutable;
using Npgsql;

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

    // In the order of ids, so that two transactions that touch a row outside of the lock do not wait in a circle.
    private const string AddBases = """
        insert into cdp.base_individual as base_individual (id, rank, name, root)
        select distinct on (b.id) b.id, b.rank, b.name, b.id
        from unnest($1, $2, $3) as b(id, rank, name) order by b.id, b.name desc
        on conflict (id) do update set name = excluded.name
            where base_individual.name = '' and excluded.name <> ''
        """;

    private const string AddStatements = """
        insert into cdp.anchor_statement (link, base, event_id)
        select s.link, s.base, s.event_id from unnest($1, $2, $3) as s(link, base, event_id)
        order by s.link, s.base on conflict do nothing
        """;

    private const string MarkLive = """
        update cdp.base_individual set live = true, settled = root = id, changed_at = now()
        where id = any($1) and not live
        """;

    private const string Change = """
        update cdp.base_individual b set root = i.root, settled = not live, changed_at = now()
        from unnest($1, $2) as i(id, root) where b.id = i.id and b.root <> i.root
        """;

    private const string Remember = """
        insert into cdp.identity_history (individual, other, what, decision)
        select i.id, i.other, i.what, $4 from unnest($1, $2, $3) as i(id, other, what)
        """;

    // In order, as bases; the number tells whoever looked at an older note that there is more.
    private const string NoteDue = """
        insert into cdp.match_due (subject, decision)
        select d.subject, nextval('cdp.match_decision')
        from (select * from unnest($1) as d(subject) order by 1) d
        on conflict (subject) do update set decision = excluded.decision
        """;

    private const string NoteConflicts = """
        insert into cdp.merge_conflict as c (first, second, reason)
        select i.first, i.second, i.reason from unnest($1, $2, $3) as i(first, second, reason)
        order by i.first, i.second
        on conflict (first, second) do update
            set reason = excluded.reason, settled_at = null, noted_at = now()
            where c.settled_at is not null or c.reason <> excluded.reason
        returning first, second
        """;

    private const string SettleConflicts = """
        update cdp.merge_conflict c set settled_at = now()
        where c.settled_at is null
            and (
                (c.first = any($1) and c.second = any($4))
                or (c.first = any($4) and c.second = any($1))
            )
            and not exists (
                select from unnest($2, $3) as i(first, second)
                where i.first = c.first and i.second = c.second
            )
        """;

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
        NpgsqlConnection opened = await source.OpenConnectionAsync(cancel);
        try
        {
            NpgsqlTransaction begun = await opened.BeginTransactionAsync(cancel);
            MergeTransaction merges = new(opened, begun, cancel);
            await merges.ExecuteAsync(
                merges.Command($"select pg_advisory_xact_lock({MergesLock})")
            );
            return merges;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds what links state.</summary>
    public async Task AddAsync(
        BaseIndividual[] bases,
        (string Link, string Base, string EventId)[] stated,
        string[] live
    )
    {
        await ExecuteAsync(
            Command(AddBases)
                .With(Array.ConvertAll(bases, one => one.Id))
                .With(Array.ConvertAll(bases, one => one.Rank))
                .With(Array.ConvertAll(bases, one => one.Name))
        );
        await ExecuteAsync(
            Command(AddStatements)
                .With(Array.ConvertAll(stated, row => row.Link))
                .With(Array.ConvertAll(stated, row => row.Base))
                .With(Array.ConvertAll(stated, row => row.EventId))
        );
        await ExecuteAsync(Command(MarkLive).With(live));
    }

    /// <summary>Decides anew about some individuals and whoever is connected with them.</summary>
    public async Task<Regrouped> RegroupAsync(IReadOnlyCollection<string> ids, MergeCause cause)
    {
        MergeNeighbourhood found = await MergeNeighbourhood.ReadAsync(Command, ids, cancel);
        MergeGroups groups = MergeGraph.Of(
            found.Bases,
            found.Statements,
            found.Decisions,
            Limits.ContactsPerAnchorMax
        );
        StoredBase[] changed = [.. found.Stored.Where(one => groups.Roots[one.Id] != one.Root)];
        await ExecuteAsync(
            Command(Change)
                .With(Array.ConvertAll(changed, one => one.Id))
                .With(Array.ConvertAll(changed, one => groups.Roots[one.Id]))
        );
        await RememberAsync(changed, groups, cause);
        RootChange[] roots =
        [
            .. changed
                .Where(one => one.Live)
                .Select(one => new RootChange(one.Id, one.Root, groups.Roots[one.Id])),
        ];
        await NoteDueAsync(roots.SelectMany(root => root.Individuals));
        return new Regrouped(
            [
                .. found
                    .Stored.Where(one =>
                        one.Live && (!one.Settled || one.Root != groups.Roots[one.Id])
                    )
                    // Whoever is to have the links of others is at home first.
                    .OrderBy(one => groups.Roots[one.Id] != one.Id)
                    .Select(one => one.Id),
            ],
            await NoteAsync(found, groups.Conflicts)
        )
        {
            Changed = [.. roots],
        };
    }

    /// <summary>What stewards decided that makes an individual part of another one.</summary>
    public async Task<ImmutableArray<long>> TiesOfAsync(string individual, string root)
    {
        MergeNeighbourhood found = await MergeNeighbourhood.ReadAsync(
            Command,
            [individual, root],
            cancel
        );
        return MergeGraph.TiesOf(
            found.Bases,
            found.Statements,
            found.Decisions,
            Limits.ContactsPerAnchorMax,
            individual,
            root
        );
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

    private async Task RememberAsync(StoredBase[] changed, MergeGroups groups, MergeCause cause)
    {
        List<(string Id, string Other, string What)> rows = [];
        foreach (StoredBase one in changed)
        {
            string root = groups.Roots[one.Id];
            if (one.Root != one.Id)
            {
                rows.Add((one.Id, one.Root, "unmerged"));
            }

            if (root != one.Id)
            {
                rows.Add((one.Id, root, "merged"));
            }
        }

        await ExecuteAsync(
            Command(Remember)
                .With(rows.Select(row => row.Id).ToArray())
                .With(rows.Select(row => row.Other).ToArray())
                .With(rows.Select(row => row.What).ToArray())
                .With(cause.Decision)
        );
    }

    private async Task<ImmutableArray<MergeConflict>> NoteAsync(
        MergeNeighbourhood found,
        ImmutableArray<MergeConflict> conflicts
    )
    {
        string[] known = [.. found.Stored.Select(one => one.Id)];
        MergeConflict[] now =
        [
            .. conflicts
                .Where(one => known.Contains(one.First) || known.Contains(one.Second))
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
        string[] first = Array.ConvertAll(now, one => one.First);
        string[] second = Array.ConvertAll(now, one => one.Second);
        await ExecuteAsync(
            Command(SettleConflicts)
                .With(known)
                .With(first)
                .With(second)
                .With(found.Bases.Select(one => one.Id).ToArray())
        );
        HashSet<(string, string)> fresh = [];
        await using NpgsqlCommand note = Command(NoteConflicts)
            .With(first)
            .With(second)
            .With(Array.ConvertAll(now, one => one.Reason));
        await using NpgsqlDataReader reader = await note.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            fresh.Add((reader.GetString(0), reader.GetString(1)));
        }

        return [.. now.Where(one => fresh.Contains((one.First, one.Second)))];
    }

    private async Task ExecuteAsync(NpgsqlCommand command)
    {
        await using (command)
        {
            await command.ExecuteNonQueryAsync(cancel);
        }
    }
}
