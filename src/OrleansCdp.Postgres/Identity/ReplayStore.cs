using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>Stored records for training, and successors of match spaces.</summary>
internal sealed class ReplayStore(DataSources sources) : IReplayStore
{
    private const string Columns = """
        r.id, r.subject, r.owner, r.group_id, r.individual, r.score, r.partner, r.event_id, r.said,
        r.guarded, r.twin, r.print
        """;

    private const string Sample = """
        select said from cdp.match_record
        where space = $1 and subject is distinct from owner and said <> $4
        order by hashint8extended(id, $2), id limit $3
        """;

    private const string Compared = $"""
        select {Columns} from cdp.match_record r
        where r.space = $1 and r.id > $2
            and (r.owner = r.subject or (r.owner is null and r.said <> $4))
        order by r.id limit $3
        """;

    private const string Verdicts = """
        select p.link_a, p.link_b, p.verdict, p.companion from cdp.steward_pair p
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
                select b as other from cdp.match_edge where a = coalesce(r.twin, r.id)
                union all
                select a from cdp.match_edge where b = coalesce(r.twin, r.id)
            ) e join cdp.match_record i on i.id = e.other
            where i.owner = i.subject
                and not exists (
                    select from cdp.steward_pair p
                        left join cdp.base_individual b on b.id in (p.link_a, p.link_b)
                    where p.verdict < 0 and r.subject in (p.link_a, p.link_b)
                        and (i.subject in (p.link_a, p.link_b) or i.subject = b.root)
                )
        )
        """;

    private const string Count = """
        select count(*) from cdp.match_record where space = $1 and subject is distinct from owner
        """;

    private const string Last = """
        select coalesce(max(id), 0) from cdp.match_record where space = $1
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
        where r.space = $1 and r.id > $3 and r.id <= $4 and r.subject is distinct from r.owner
            and (
                n.id is null or n.event_id <> r.event_id or n.owner is distinct from r.owner
            )
        order by r.id limit $5
        """;

    private const string NoteTaken = """
        update cdp.match_record n set event_id = t.event_id
        from unnest($2, $3) as t(subject, event_id)
        where n.space = $1 and n.subject = t.subject and n.event_id <> t.event_id
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
            .With(MatchValues.Empty.Encode())
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
            .With(MatchValues.Empty.Encode())
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

    public Task<long> LastAsync(int space, CancellationToken cancel) =>
        NumberAsync(Last, space, cancel);

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
        long last,
        int limit,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(Ahead)
            .With(live)
            .With(successor)
            .With(after)
            .With(last)
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
