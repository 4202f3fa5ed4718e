using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>
/// Proofs, stewards' decisions, and who is one person by them. Whatever changes that does so one after the other, under
/// a lock of the whole database: it is rare, and two changes of one group at once would each miss the other.
/// </summary>
internal sealed class MergeStore(DataSources sources, MergeInstruments instruments) : IMergeStore
{
    private const string Known = """
        select
            (select count(*) from unnest($1, $2) as p(link, base)
                join cdp.anchor_statement s on s.link = p.link and s.base = p.base),
            (select count(*) from cdp.base_individual where id = any($3) and live)
        """;

    private const string Moving = """
        select id from cdp.base_individual
        where id = any($1) and live and not settled
        """;

    private const string Root = "select root from cdp.base_individual where id = $1";

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
        (string Link, string Base, string EventId)[] stated =
        [
            .. proofs
                .SelectMany(
                    proof => proof.Bases,
                    (proof, one) => (Link: proof.Link.ToString(), one.Id, proof.EventId)
                )
                .DistinctBy(row => (row.Link, row.Id)),
        ];
        string[] live = [.. bearing.Select(one => one.Id)];
        if (await AreKnownAsync(stated, live, cancel))
        {
            string[] ids = [.. stated.Select(row => row.Base).Concat(live).Distinct()];
            var moving = await sources
                .Storage.CreateCommand(Moving)
                .With(ids)
                .RowsAsync(row => row.GetString(0), cancel);
            return new Regrouped(moving, []);
        }

        return await Commands.RetryConflictsAsync(async () =>
        {
            await using MergeTransaction merges = await MergeTransaction.BeginAsync(
                sources.Storage,
                cancel
            );
            await merges.AddAsync(
                [.. proofs.SelectMany(proof => proof.Bases).Concat(bearing)],
                stated,
                live
            );
            Regrouped regrouped = await merges.RegroupAsync(
                [.. stated.Select(row => row.Base).Concat(live).Distinct()],
                MergeCause.None
            );
            await merges.CommitAsync();
            instruments.Note(regrouped);
            return regrouped;
        });
    }

    public async Task<string> RootOfAsync(string individual, CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources.Storage.CreateCommand(Root).With(individual);
        return await command.ExecuteScalarAsync(cancel) as string ?? individual;
    }

    public async Task NotePlacedAsync(string individual, string root, CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(NotePlaced)
            .With(individual)
            .With(root);
        await command.ExecuteNonQueryAsync(cancel);
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

    private async Task<bool> AreKnownAsync(
        (string Link, string Base, string EventId)[] stated,
        string[] live,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(Known)
            .With(Array.ConvertAll(stated, row => row.Link))
            .With(Array.ConvertAll(stated, row => row.Base))
            .With(live);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            && reader.GetInt64(0) == stated.Length
            && reader.GetInt64(1) == live.Length;
    }
}
