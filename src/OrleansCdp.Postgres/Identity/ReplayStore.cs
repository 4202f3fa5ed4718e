using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>Stored records for training, and successors of match spaces.</summary>
internal sealed class ReplayStore(DataSources sources) : IReplayStore
{
    private const int ClearedMax = 5_000;

    private const string Columns = """
        r.id, r.subject, r.owner, r.group_id, r.individual, r.score, r.partner, r.event_id, r.said
        """;

    private const string Sample = """
        select said from cdp.match_record
        where space = $1 and subject is distinct from owner
        order by hashint8extended(id, $2), id limit $3
        """;

    private const string Compared = $"""
        select {Columns} from cdp.match_record r
        where r.space = $1 and r.id > $2 and (r.owner is null or r.owner = r.subject)
        order by r.id limit $3
        """;

    private const string Verdicts = """
        select p.link_a, p.link_b, p.verdict from cdp.steward_pair p
        where p.verdict <> 0 and exists (
            select from cdp.match_record r where r.space = $1 and r.subject = p.link_a
        )
        order by p.link_a, p.link_b limit $2
        """;

    private const string Moving = """
        select subject from cdp.match_move where space = $1 and subject > $2
        order by subject limit $3
        """;

    private const string SoftCount = """
        select count(*) from cdp.match_record r
        where r.space = $1 and r.owner is null and r.individual is null and exists (
            select from (
                select b as other from cdp.match_edge where a = r.id
                union all
                select a from cdp.match_edge where b = r.id
            ) e join cdp.match_record i on i.id = e.other
            where i.owner = i.subject
        )
        """;

    private const string Count = """
        select count(*) from cdp.match_record where space = $1 and subject is distinct from owner
        """;

    private const string GiveUp = """
        update cdp.match_space set replaced_by = 0, ruleset = ruleset || '/' || space
        where successor_of = $1 and replaced_by is null and (version <> $2 or text <> $3)
        """;

    private const string Succeed = """
        insert into cdp.match_space (ruleset, version, text, successor_of)
        select ruleset || '/next', $2, $3, space from cdp.match_space where space = $1
        on conflict do nothing
        """;

    private const string FindSuccessor = """
        select space, version, text from cdp.match_space
        where successor_of = $1 and replaced_by is null
        """;

    private const string Ahead = $"""
        select {Columns}
        from cdp.match_record r
            left join cdp.match_record n on n.space = $2 and n.subject = r.subject
        where r.space = $1 and r.id > $3 and r.subject is distinct from r.owner
            and (
                n.id is null or n.event_id <> r.event_id or n.owner is distinct from r.owner
            )
        order by r.id limit $4
        """;

    private const string NoteTaken = """
        update cdp.match_record n set event_id = t.event_id
        from unnest($2, $3) as t(subject, event_id)
        where n.space = $1 and n.subject = t.subject and n.event_id <> t.event_id
        """;

    // History outlives its space: it is of whoever took over.
    private const string MoveHistory = """
        with old as (
            select h.id, s.replaced_by
            from cdp.match_space s cross join lateral (
                select id from cdp.match_change where space = s.space order by subject, id limit $1
            ) h
            where s.replaced_by > 0 limit $1
        )
        update cdp.match_change c set space = o.replaced_by from old o where c.id = o.id
        """;

    private const string ClearRecords = """
        with gone as (
            select r.id
            from cdp.match_space s cross join lateral (
                select id from cdp.match_record where space = s.space order by id limit $1
            ) r
            where s.replaced_by is not null limit $1
        ), edges as (
            delete from cdp.match_edge e using gone g where e.a = g.id
        ), others as (
            delete from cdp.match_edge e using gone g where e.b = g.id
        )
        delete from cdp.match_record r using gone g where r.id = g.id
        """;

    private const string ClearKeys = """
        with gone as (
            select k.space, k.key_hash, k.record_id
            from cdp.match_space s cross join lateral (
                select space, key_hash, record_id from cdp.match_key
                where space = s.space order by key_hash, record_id limit $1
            ) k
            where s.replaced_by is not null limit $1
        )
        delete from cdp.match_key k using gone g
        where k.space = g.space and k.key_hash = g.key_hash and k.record_id = g.record_id
        """;

    private const string ClearRest = """
        with gone as (select space from cdp.match_space where replaced_by is not null),
            moves as (delete from cdp.match_move where space in (select space from gone)),
            news as (delete from cdp.match_news where space in (select space from gone)),
            buckets as (delete from cdp.match_bucket where space in (select space from gone)),
            history as (
                delete from cdp.match_change c using cdp.match_space s
                where s.replaced_by = 0 and c.space = s.space
            )
        delete from cdp.match_space where space in (select space from gone)
        """;

    public Task<ImmutableArray<byte[]>> SampleAsync(
        int space,
        int limit,
        ulong seed,
        CancellationToken cancel
    )
    {
        return sources
            .Storage.CreateCommand(Sample)
            .With(space)
            .With(unchecked((long)seed))
            .With(limit)
            .RowsAsync(row => row.Bytes(0), cancel);
    }

    public Task<ImmutableArray<MatchRow>> ReadComparedAsync(
        int space,
        long after,
        int limit,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(Compared)
            .With(space)
            .With(after)
            .With(limit)
            .RowsAsync(MatchTurn.RowOf, cancel);

    public Task<ImmutableArray<StewardVerdict>> ReadVerdictsAsync(
        int space,
        int limit,
        CancellationToken cancel
    )
    {
        return sources
            .Storage.CreateCommand(Verdicts)
            .With(space)
            .With(limit)
            .RowsAsync(MatchTurn.VerdictOf, cancel);
    }

    public Task<long> CountAsync(int space, CancellationToken cancel) =>
        NumberAsync(Count, space, cancel);

    public Task<long> CountSoftAsync(int space, CancellationToken cancel) =>
        NumberAsync(SoftCount, space, cancel);

    public Task<ImmutableArray<string>> ReadMovingAsync(
        int space,
        string after,
        int limit,
        CancellationToken cancel
    )
    {
        return sources
            .Storage.CreateCommand(Moving)
            .With(space)
            .With(after)
            .With(limit)
            .RowsAsync(row => row.GetString(0), cancel);
    }

    public async Task<MatchSpace> SucceedAsync(
        MatchSpace live,
        int version,
        string text,
        CancellationToken cancel
    )
    {
        await ExecuteAsync(
            GiveUp,
            command => command.With(live.Id).With(version).With(text),
            cancel
        );
        await ExecuteAsync(
            Succeed,
            command => command.With(live.Id).With(version).With(text),
            cancel
        );
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(FindSuccessor)
            .With(live.Id);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            ? new(reader.GetInt32(0), live.Ruleset, reader.GetInt32(1), reader.GetString(2))
            : throw new InvalidOperationException($"Another version of {live.Ruleset} took over.");
    }

    public Task<ImmutableArray<MatchRow>> ReadAheadAsync(
        int live,
        int successor,
        long after,
        int limit,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(Ahead)
            .With(live)
            .With(successor)
            .With(after)
            .With(limit)
            .RowsAsync(MatchTurn.RowOf, cancel);

    public Task NoteTakenAsync(
        int successor,
        IReadOnlyCollection<MatchRow> links,
        CancellationToken cancel
    ) =>
        ExecuteAsync(
            NoteTaken,
            command =>
                command
                    .With(successor)
                    .With(links.Select(link => link.Subject).ToArray())
                    .With(links.Select(link => link.EventId).ToArray()),
            cancel
        );

    public async Task<IHandover> HoldAsync(int live, int successor, CancellationToken cancel)
    {
        NpgsqlConnection connection = await sources.Storage.OpenConnectionAsync(cancel);
        NpgsqlTransaction? transaction = null;
        try
        {
            transaction = await connection.BeginTransactionAsync(cancel);
            Handover handover = new(connection, transaction, live, successor);
            await handover.BeginAsync(cancel);
            return handover;
        }
        catch
        {
            if (transaction is not null)
            {
                await transaction.DisposeAsync();
            }

            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task<bool> ClearAsync(CancellationToken cancel)
    {
        int cleared = 0;
        foreach (string statement in (string[])[MoveHistory, ClearRecords, ClearKeys])
        {
            cleared += await ExecuteAsync(statement, command => command.With(ClearedMax), cancel);
        }

        return cleared > 0 || await ExecuteAsync(ClearRest, command => command, cancel) > 0;
    }

    private async Task<long> NumberAsync(string statement, int space, CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources.Storage.CreateCommand(statement).With(space);
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    private Task<int> ExecuteAsync(
        string statement,
        Func<NpgsqlCommand, NpgsqlCommand> with,
        CancellationToken cancel
    ) =>
        Commands.RetryConflictsAsync(async () =>
        {
            await using NpgsqlCommand command = with(sources.Storage.CreateCommand(statement));
            return await command.ExecuteNonQueryAsync(cancel);
        });
}
