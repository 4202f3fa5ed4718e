using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>
/// Proofs, stewards' decisions, and who is one person by them. Whatever changes that about somebody who is known does so
/// one after the other, under a lock of the whole database: it is rare, and two changes of one group at once would each miss
/// the other. What is new altogether waits for nobody: two who bring the same meet at its key.
/// </summary>
internal sealed class MergeStore(DataSources sources, MergeInstruments instruments) : IMergeStore
{
    /// <summary>Proofs about somebody who is known, and individuals, that are decided about in one transaction.</summary>
    public const int SliceMax = 200;

    // Others may bring the same at the same time; then it is known.
    private const int RacesMax = 3;

    // What is not stored. Of a link that states too many no more is: it proves nothing.
    private static readonly string News = $"""
        select i.n from unnest($1, $2) with ordinality as i(link, base, n)
        where (
            select count(*) from cdp.anchor_statement s where s.link = i.link and s.base = i.base
        ) = 0 and (
            select count(*) from cdp.anchor_statement s where s.link = i.link
        ) <= {Limits.AnchorsPerLinkMax}
        """;

    private const string Live = "select id from cdp.base_individual where id = any($1) and live";

    private const string Known = """
        select id from cdp.base_individual where id = any($1)
        union all
        select link from cdp.anchor_link where link = any($2)
        """;

    private const string Moving = """
        select id from cdp.base_individual
        where id = any($1) and live and not settled
        """;

    private const string Root = "select root from cdp.base_individual where id = $1";

    // Nobody waits for the disk: a note that a crash takes away is made again, as for whoever was never placed.
    private const string WithoutWaiting = "select set_config('synchronous_commit', 'off', true)";

    private const string NotePlaced = """
        with placed as (
            update cdp.base_individual set placed_at = nullif($2, id), settled = root = $2
            where id = $1 and (placed_at is distinct from nullif($2, id) or not settled)
            returning id, settled
        )
        update cdp.merge_conflict c set settled_at = now() from placed
        where placed.settled and c.first = placed.id and c.second = placed.id
            and c.settled_at is null
        """;

    // changed_at is moved on: whoever can never move goes to the end of the line, and no other silo tries the same.
    private const string Overdue = """
        update cdp.base_individual b set changed_at = now()
        from (
            select id from cdp.base_individual
            where live and not settled and changed_at < now() - $1
            order by changed_at limit $2 for update skip locked
        ) due
        where b.id = due.id
        returning b.id
        """;

    // Listed with the conflicts, as one of the individual with itself.
    private const string NoteStuck = """
        insert into cdp.merge_conflict as c (first, second, reason)
        select id, id, $2 from cdp.base_individual where id = $1 and live and not settled
        on conflict (first, second) do update
            set reason = excluded.reason, settled_at = null, noted_at = now()
            where c.settled_at is not null or c.reason <> excluded.reason
        """;

    public async Task<Regrouped> ProveAsync(
        IReadOnlyCollection<AnchorProof> proofs,
        IReadOnlyCollection<BaseIndividual> bearing,
        CancellationToken cancel
    )
    {
        ProofSet all = new(proofs, bearing);
        ProofSet news = await NewsAsync(all, cancel);
        Regrouped regrouped = Regrouped.Nothing;
        HashSet<string> known = [];
        for (int races = 0; races < RacesMax && !news.IsEmpty; races++)
        {
            known = await KnownAsync(news, cancel);
            (ProofSet fresh, ProofSet rest) = news.Split(known.Contains);
            if (fresh.IsEmpty)
            {
                break;
            }

            if (await AddFreshAsync(fresh, cancel) is { } added)
            {
                (regrouped, news) = (added, rest);
                break;
            }
        }

        if (!news.IsEmpty)
        {
            MergeSlices slices = new(sources.Storage, known, cancel);
            regrouped = regrouped.And(await slices.AddAsync(news));
        }

        var moving = await sources
            .Storage.CreateCommand(Moving)
            .With(all.Bases().Select(one => one.Id).ToArray())
            .RowsAsync(row => row.GetString(0), cancel);
        instruments.Note(regrouped);
        return regrouped.And(new Regrouped(moving, []));
    }

    public async Task<string> RootOfAsync(string individual, CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources.Storage.CreateCommand(Root).With(individual);
        return await command.ExecuteScalarAsync(cancel) as string ?? individual;
    }

    public async Task NotePlacedAsync(string individual, string root, CancellationToken cancel)
    {
        await using NpgsqlBatch batch = sources.Storage.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(WithoutWaiting));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(NotePlaced).With(individual).With(root));
        await batch.ExecuteNonQueryAsync(cancel);
    }

    public Task<ImmutableArray<string>> MovingAsync(
        TimeSpan since,
        int limit,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(Overdue)
            .With(since)
            .With(limit)
            .RowsAsync(row => row.GetString(0), cancel);

    public async Task<bool> NoteStuckAsync(
        string individual,
        string reason,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(NoteStuck)
            .With(individual)
            .With(reason);
        return await command.ExecuteNonQueryAsync(cancel) > 0;
    }

    private async Task<Regrouped?> AddFreshAsync(ProofSet fresh, CancellationToken cancel) =>
        await Commands.RetryConflictsAsync(async () =>
        {
            await using MergeTransaction merges = await MergeTransaction.OpenAsync(
                sources.Storage,
                cancel
            );
            Regrouped? added = await merges.AddFreshAsync(fresh);
            if (added is not null)
            {
                await merges.CommitAsync();
            }

            return added;
        });

    /// <summary>What of it is not stored yet.</summary>
    private async Task<ProofSet> NewsAsync(ProofSet all, CancellationToken cancel)
    {
        (string Link, string Base, string EventId)[] stated = all.Stated();
        await using NpgsqlBatch batch = sources.Storage.CreateBatch();
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(News)
                .With(Array.ConvertAll(stated, row => row.Link))
                .With(Array.ConvertAll(stated, row => row.Base))
        );
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(Live).With(all.Bearing.Select(one => one.Id).ToArray())
        );
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancel);
        var places = await reader.RowsAsync(row => stated[row.GetInt64(0) - 1].Link, cancel);
        await reader.NextResultAsync(cancel);
        var live = await reader.RowsAsync(row => row.GetString(0), cancel);
        HashSet<string> links = places.ToHashSet(StringComparer.Ordinal);
        return new ProofSet(
            [.. all.Proofs.Where(proof => links.Contains(proof.Link.ToString()))],
            [.. all.Bearing.ExceptBy(live, one => one.Id)]
        );
    }

    private async Task<HashSet<string>> KnownAsync(ProofSet news, CancellationToken cancel)
    {
        var known = await sources
            .Storage.CreateCommand(Known)
            .With(news.Bases().Select(one => one.Id).ToArray())
            .With(news.Proofs.Select(proof => proof.Link.ToString()).ToArray())
            .RowsAsync(row => row.GetString(0), cancel);
        return known.ToHashSet(StringComparer.Ordinal);
    }
}
