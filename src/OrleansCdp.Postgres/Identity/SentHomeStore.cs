using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>Links that a steward sent home.</summary>
internal sealed class SentHomeStore(DataSources sources) : ISentHomeStore
{
    private const string Note = """
        insert into cdp.sent_home (decision, claim, home, owner, anchored_by, rule, event_id)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (decision) do nothing
        """;

    private const string SendBack = """
        update cdp.sent_home set returning_since = now() where decision = $1
        """;

    private const string Read = """
        update cdp.sent_home s set returning_since = now()
        from (
            select decision from cdp.sent_home where returning_since is not null
            order by returning_since limit $1 for update skip locked
        ) due
        where s.decision = due.decision
        returning s.decision, claim, home, owner, anchored_by, rule, event_id
        """;

    private const string Forget = "delete from cdp.sent_home where decision = any($1)";

    /// <summary>Notes how a link goes back, in the transaction of the decision that sends it home.</summary>
    public static async Task NoteAsync(
        MergeTransaction merges,
        long decision,
        ClaimMove back,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = merges
            .Command(Note)
            .With(decision)
            .With(back.Claim)
            .With(back.From)
            .With(back.To)
            .With(back.Rank)
            .With(back.Cause.Rule)
            .With(back.Cause.EventId);
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

    public Task<ImmutableArray<SentHome>> ReadAsync(int limit, CancellationToken cancel) =>
        sources
            .Storage.CreateCommand(Read)
            .With(limit)
            .RowsAsync(
                static row => new SentHome(
                    row.GetInt64(0),
                    new ClaimMove(
                        row.GetString(1),
                        row.GetString(2),
                        row.GetString(3),
                        row.GetInt32(4),
                        new ClaimCause(row.Text(5), row.Text(6))
                    )
                ),
                cancel
            );

    public async Task ForgetAsync(IReadOnlyCollection<long> decisions, CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(Forget)
            .With(decisions.ToArray());
        await command.ExecuteNonQueryAsync(cancel);
    }
}
