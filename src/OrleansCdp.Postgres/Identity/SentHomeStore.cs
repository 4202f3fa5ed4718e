using System.Collections.Immutable;
using Npgsql;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Links that a steward sent home.</summary>
internal sealed class SentHomeStore(DataSources sources) : ISentHomeStore
{
    // Asked for again, it may be sent home again.
    private const string Note = """
        insert into cdp.sent_home (
            decision, claim, home, owner, anchored_by, rule, event_id,
            stamp_at, stamp_version, stamp_arrival
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (decision) do update set sent_at = now()
        """;

    private const string SendBack = """
        update cdp.sent_home set withdrawn_at = now(), tried_at = now() where decision = $1
        """;

    // A call of a steward's is over in far less than an hour, however it ends.
    private const string Columns = """
        s.decision, s.claim, s.home, s.owner, s.anchored_by, s.rule, s.event_id,
            s.stamp_at, s.stamp_version, s.stamp_arrival, s.sent_at > now() - interval '1 hour'
        """;

    private const string IsLast = """
        not exists (
            select from cdp.sent_home n where n.claim = s.claim and n.decision > s.decision
        )
        """;

    private const string Read = $"""
        select {Columns} from cdp.sent_home s
        where s.decision = any($1) and s.withdrawn_at is not null and {IsLast}
        """;

    // Those that a later decision took the place of are done with.
    private const string ReadOldest = $"""
        with due as (
            select decision from cdp.sent_home where withdrawn_at is not null
            order by tried_at limit $1 for update skip locked
        ), replaced as (
            update cdp.sent_home s set withdrawn_at = null
            from due where s.decision = due.decision and not ({IsLast})
        )
        update cdp.sent_home s set tried_at = now()
        from due where s.decision = due.decision and {IsLast}
        returning {Columns}
        """;

    private const string NoteReason = """
        update cdp.sent_home set reason = $2 where decision = $1 and reason is distinct from $2
        """;

    private const string End = """
        update cdp.sent_home set withdrawn_at = null where decision = $1
        """;

    /// <summary>Notes how a link goes back, in the transaction of the decision that sends it home.</summary>
    public static async Task NoteAsync(
        MergeTransaction merges,
        long decision,
        WayBack back,
        CancellationToken cancel
    )
    {
        ClaimMove move = back.Move;
        await using NpgsqlCommand command = merges
            .Command(Note)
            .With(decision)
            .With(move.Claim)
            .With(move.From)
            .With(move.To)
            .With(move.Rank)
            .With(move.Cause.Rule)
            .With(move.Cause.EventId)
            .With(back.Weight.At)
            .With(back.Weight.Version)
            .With(back.Weight.Arrival);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Has the link go back that a decision sent home, in the transaction that withdraws it.</summary>
    public static async Task SendBackAsync(
        MergeTransaction merges,
        long decision,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = merges.Command(SendBack).With(decision);
        await command.ExecuteNonQueryAsync(cancel);
    }

    public Task<ImmutableArray<SentHome>> ReadAsync(
        IReadOnlyCollection<long> decisions,
        CancellationToken cancel
    ) => sources.Storage.CreateCommand(Read).With(decisions.ToArray()).RowsAsync(RowOf, cancel);

    public Task<ImmutableArray<SentHome>> ReadOldestAsync(int limit, CancellationToken cancel) =>
        sources.Storage.CreateCommand(ReadOldest).With(limit).RowsAsync(RowOf, cancel);

    public async Task NoteAsync(long decision, string? reason, CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(NoteReason)
            .With(decision)
            .With(reason);
        await command.ExecuteNonQueryAsync(cancel);
    }

    public async Task<ImmutableArray<string>> NoteDueAsync(SentHome back, CancellationToken cancel)
    {
        string[] due = DueOf(back);
        await Commands.RetryConflictsAsync(async () =>
        {
            await using NpgsqlCommand command = sources
                .Storage.CreateCommand(MergeStatements.NoteDue)
                .With(due);
            return await command.ExecuteNonQueryAsync(cancel);
        });
        return [.. due];
    }

    public async Task EndAsync(SentHome back, CancellationToken cancel)
    {
        await using NpgsqlBatch batch = sources.Storage.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(MergeStatements.NoteDue).With(DueOf(back)));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(End).With(back.Decision));
        await Commands.RetryConflictsAsync(() => batch.ExecuteNonQueryAsync(cancel));
    }

    private static string[] DueOf(SentHome back)
    {
        ClaimMove move = back.Back.Move;
        return [$"{ClaimKeys.LinkOf(move.Claim)}", move.From, move.To];
    }

    private static SentHome RowOf(NpgsqlDataReader row) =>
        new(
            row.GetInt64(0),
            new WayBack(
                new ClaimMove(
                    row.GetString(1),
                    row.GetString(2),
                    row.GetString(3),
                    row.GetInt32(4),
                    new ClaimCause(row.Text(5), row.Text(6))
                ),
                new Stamp(row.GetInt64(7), row.GetInt64(8), row.GetInt64(9))
            ),
            row.GetBoolean(10)
        );
}
