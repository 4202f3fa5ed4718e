using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>
/// A transaction in which nobody decides in two spaces, so that the second one can take over from the first with all that
/// follows.
/// </summary>
internal sealed class Handover(
    NpgsqlConnection connection,
    NpgsqlTransaction transaction,
    int live,
    int successor
) : IHandover
{
    private const string IsStillDue = """
        select exists (
            select from cdp.match_space n join cdp.match_space o on o.space = n.successor_of
            where n.space = $2 and n.replaced_by is null and o.space = $1
                and o.replaced_by is null and o.successor_of is null
        )
        """;

    // A group keeps the number that most of its members had; of groups that had the same one, the largest.
    private const string KeepGroups = """
        with shared as (
            select n.group_id as now, o.group_id as before, count(*) as members
            from cdp.match_record n
                join cdp.match_record o on o.space = $1 and o.subject = n.subject
            where n.space = $2 and n.group_id is not null and o.group_id is not null
            group by 1, 2
        ), best as (
            select distinct on (now) now, before, members from shared
            order by now, members desc, before
        ), kept as (
            select distinct on (before) now, before from best
            order by before, members desc, now
        )
        update cdp.match_record n set group_id = k.before from kept k
        where n.space = $2 and n.group_id = k.now
        """;

    // What a successor noted while it learnt is not what changed.
    private const string Forget = """
        with moves as (delete from cdp.match_move where space = $2),
            growth as (delete from cdp.match_growth where space = $2),
            alarms as (delete from cdp.limit_alarm where space = $2),
            news as (delete from cdp.match_news where space = $2)
        delete from cdp.match_change where space = $2 and space <> $1
        """;

    private const string NoteChanges = $"""
        insert into cdp.match_change
            (space, version, subject, event_id, from_individual, to_individual, from_group,
            to_group, from_score, to_score, partner, levels, reason)
        select $2, s.version, o.subject, o.event_id, o.individual, n.individual, o.group_id,
            n.group_id, o.score, n.score, p.subject, e.levels, '{DecisionReasons.RulesChanged}'
        from cdp.match_record o
            join cdp.match_space s on s.space = $2
            left join cdp.match_record n on n.space = $2 and n.subject = o.subject
            left join cdp.match_record p on p.id = n.partner
            left join cdp.match_edge e
                on e.a = least(n.id, n.partner) and e.b = greatest(n.id, n.partner)
        where o.space = $1 and o.subject is distinct from o.owner
            and (o.individual is distinct from n.individual
                or o.group_id is distinct from n.group_id)
        """;

    // Also those that were decided before and not made yet: who took over has them now.
    private const string NoteMoves = """
        insert into cdp.match_move (space, subject, target, decision)
        select $2, o.subject, n.individual, nextval('cdp.match_decision')
        from cdp.match_record o
            left join cdp.match_record n on n.space = $2 and n.subject = o.subject
            left join cdp.match_move m on m.space = $1 and m.subject = o.subject
        where o.space = $1 and o.owner is null
            and (o.individual is distinct from n.individual or m.subject is not null)
        """;

    private const string NoteNews = """
        insert into cdp.match_news (space, individual, decision)
        select $2, i.subject, nextval('cdp.match_decision')
        from (
            select r.subject from cdp.match_record r
            where r.space in ($1, $2) and r.owner = r.subject and (
                exists (select from cdp.match_edge where a = r.id)
                or exists (select from cdp.match_edge where b = r.id)
            )
            union
            select individual from cdp.match_news where space = $1
        ) i
        """;

    // How people grow goes on, whatever decides.
    private const string KeepGrowth = """
        update cdp.match_growth set space = $2 where space = $1
        """;

    // What the space that was live left to be done is done by the one that took over, as that one decided.
    private const string Release = """
        with moves as (delete from cdp.match_move where space = $1 and space <> $2)
        delete from cdp.match_news where space = $1 and space <> $2
        """;

    private const string Retire = """
        update cdp.match_space set replaced_by = $2, ruleset = ruleset || '/' || space
        where space = $1
        """;

    private const string TakeOver = """
        update cdp.match_space n
        set successor_of = null, live_since = now(),
            ruleset = left(n.ruleset, length(n.ruleset) - length('/next'))
        where n.space = $2 and n.successor_of = $1
        """;

    public bool IsDue { get; private set; }

    /// <summary>Waits until nobody decides in either space.</summary>
    public async Task BeginAsync(CancellationToken cancel)
    {
        await MatchTurn.LockAsync(connection, transaction, live, cancel);
        await using NpgsqlCommand command = new NpgsqlCommand(IsStillDue, connection, transaction)
            .With(live)
            .With(successor);
        IsDue = (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    public async Task<ReplayChanges> CommitAsync(CancellationToken cancel)
    {
        // After the last turn of the successor: those turns wait for the same lock.
        await MatchTurn.LockAsync(connection, transaction, successor, cancel);
        await RunAsync(KeepGroups, cancel);
        await RunAsync(Forget, cancel);
        int changed = await RunAsync(NoteChanges, cancel);
        int moving = await RunAsync(NoteMoves, cancel);
        await RunAsync(NoteNews, cancel);
        await RunAsync(KeepGrowth, cancel);
        await RunAsync(Release, cancel);
        await RunAsync(Retire, cancel);
        await RunAsync(TakeOver, cancel);
        await transaction.CommitAsync(cancel);
        return new ReplayChanges(changed, moving);
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    private async Task<int> RunAsync(string statement, CancellationToken cancel)
    {
        await using NpgsqlCommand command = new NpgsqlCommand(statement, connection, transaction)
            .With(live)
            .With(successor);
        command.CommandTimeout = 0; // As long as there are records; whoever waits may stop it.
        return await command.ExecuteNonQueryAsync(cancel);
    }
}
