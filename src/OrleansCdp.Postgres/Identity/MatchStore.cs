using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>Match spaces: opening them, deciding in turns, what is left to be done, and what is listed.</summary>
internal sealed class MatchStore(DataSources sources) : IMatchStore
{
    private readonly GuardSets guards = new();

    private const string Open = """
        insert into cdp.match_space (ruleset, version, text) values ($1, $2, $3)
        on conflict do nothing
        """;

    private const string Find = """
        select space, ruleset, version, text, false from cdp.match_space
        where ruleset = $1 and successor_of is null and replaced_by is null
        """;

    private const string All = """
        select n.space, coalesce(o.ruleset, n.ruleset), n.version, n.text, o.space is not null
        from cdp.match_space n left join cdp.match_space o on o.space = n.successor_of
        where n.replaced_by is null order by n.ruleset
        """;

    private const string Moves = """
        select m.space, m.subject, m.target, m.decision, m.stuck,
            c.owner, c.anchored_by, c.stamp_at, c.stamp_version, c.stamp_arrival, s.ruleset,
            s.version,
            exists (select from cdp.base_individual b where b.id = c.owner and b.root <> b.id)
        from cdp.match_move m
            join cdp.match_space s
                on s.space = m.space and s.successor_of is null and s.replaced_by is null
            left join cdp.claim c on c.claim = 'link:' || m.subject
        """;

    private const string MovesOf = $"{Moves} where m.space = $1 and m.subject = any($2)";

    private const string OldestMoves = $"""
        {Moves} where m.decision > $1 order by m.decision limit $2
        """;

    private const string FinishMoves = """
        delete from cdp.match_move m using unnest($1, $2, $3) as d(space, subject, decision)
        where m.space = d.space and m.subject = d.subject and m.decision = d.decision
        """;

    private const string NoteStuck = """
        update cdp.match_move m set stuck = d.stuck
        from unnest($1, $2, $3, $4) as d(space, subject, decision, stuck)
        where m.space = d.space and m.subject = d.subject and m.decision = d.decision
            and m.stuck is distinct from d.stuck
        """;

    private const string News = """
        select n.space, n.individual, n.decision, s.ruleset
        from cdp.match_news n
            join cdp.match_space s
                on s.space = n.space and s.successor_of is null and s.replaced_by is null
        """;

    private const string NewsOf = $"{News} where n.space = $1 and n.individual = any($2)";

    private const string OldestNews = $"""
        {News} where n.decision > $1 order by n.decision limit $2
        """;

    private const string FinishNews = """
        delete from cdp.match_news n using unnest($1, $2, $3) as d(space, individual, decision)
        where n.space = d.space and n.individual = d.individual and n.decision = d.decision
        """;

    private const string OldestDue = """
        select subject, decision from cdp.match_due where decision > $1 order by decision limit $2
        """;

    private const string DueOf = """
        select subject, decision from cdp.match_due where subject = any($1) order by decision
        """;

    private const string FinishDue = """
        delete from cdp.match_due m using unnest($1, $2) as d(subject, decision)
        where m.subject = d.subject and m.decision = d.decision and not exists (
            select from cdp.match_space where replaced_by is null and space <> all($3)
        )
        """;

    public async Task<MatchSpace> OpenAsync(
        string ruleset,
        int version,
        string text,
        CancellationToken cancel
    )
    {
        await using (
            NpgsqlCommand command = sources
                .Storage.CreateCommand(Open)
                .With(ruleset)
                .With(version)
                .With(text)
        )
        {
            await command.ExecuteNonQueryAsync(cancel);
        }

        return (await FindAsync(ruleset, cancel))!;
    }

    public async Task<MatchSpace?> FindAsync(string ruleset, CancellationToken cancel)
    {
        var found = await sources
            .Storage.CreateCommand(Find)
            .With(ruleset)
            .RowsAsync(SpaceAt, cancel);
        return found.IsEmpty ? null : found[0];
    }

    public Task<ImmutableArray<MatchSpace>> ReadSpacesAsync(CancellationToken cancel) =>
        sources.Storage.CreateCommand(All).RowsAsync(SpaceAt, cancel);

    public async Task<IMatchTurn> BeginAsync(
        int space,
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    )
    {
        NpgsqlConnection connection = await sources.Storage.OpenConnectionAsync(cancel);
        NpgsqlTransaction? transaction = null;
        try
        {
            transaction = await connection.BeginTransactionAsync(cancel);
            MatchTurn turn = new(connection, transaction, space, guards);
            await turn.BeginAsync(subjects, cancel);
            return turn;
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

    public Task<ImmutableArray<MatchMove>> ReadMovesAsync(
        int space,
        IReadOnlyCollection<string> links,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(MovesOf)
            .With(space)
            .With(links.ToArray())
            .RowsAsync(MoveAt, cancel);

    public Task<ImmutableArray<MatchMove>> ReadMovesAsync(
        long after,
        int limit,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(OldestMoves)
            .With(after)
            .With(limit)
            .RowsAsync(MoveAt, cancel);

    public async Task<IAsyncDisposable> LockLinksAsync(
        IReadOnlyCollection<string> links,
        CancellationToken cancel
    ) => await LinkLocks.TakeAsync(sources.Storage, links, cancel);

    public Task FinishAsync(IReadOnlyCollection<MatchMove> moves, CancellationToken cancel)
    {
        MatchMove[] done = [.. moves];
        return ExecuteAsync(
            sources
                .Storage.CreateCommand(FinishMoves)
                .With(Array.ConvertAll(done, move => move.Space))
                .With(Array.ConvertAll(done, move => move.Link))
                .With(Array.ConvertAll(done, move => move.Decision)),
            cancel
        );
    }

    public Task NoteStuckAsync(IReadOnlyCollection<MatchMove> moves, CancellationToken cancel)
    {
        MatchMove[] stuck = [.. moves];
        return ExecuteAsync(
            sources
                .Storage.CreateCommand(NoteStuck)
                .With(Array.ConvertAll(stuck, move => move.Space))
                .With(Array.ConvertAll(stuck, move => move.Link))
                .With(Array.ConvertAll(stuck, move => move.Decision))
                .With(Array.ConvertAll(stuck, move => move.Stuck)),
            cancel
        );
    }

    public Task<ImmutableArray<MatchNews>> ReadNewsAsync(
        long after,
        int limit,
        CancellationToken cancel
    ) =>
        sources.Storage.CreateCommand(OldestNews).With(after).With(limit).RowsAsync(NewsAt, cancel);

    public Task<ImmutableArray<MatchNews>> ReadNewsAsync(
        int space,
        IReadOnlyCollection<string> individuals,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(NewsOf)
            .With(space)
            .With(individuals.ToArray())
            .RowsAsync(NewsAt, cancel);

    public Task FinishAsync(IReadOnlyCollection<MatchNews> news, CancellationToken cancel)
    {
        MatchNews[] told = [.. news];
        return ExecuteAsync(
            sources
                .Storage.CreateCommand(FinishNews)
                .With(Array.ConvertAll(told, one => one.Space))
                .With(Array.ConvertAll(told, one => one.Individual))
                .With(Array.ConvertAll(told, one => one.Decision)),
            cancel
        );
    }

    public Task<ImmutableArray<MatchDue>> ReadDueAsync(
        long after,
        int limit,
        CancellationToken cancel
    ) => sources.Storage.CreateCommand(OldestDue).With(after).With(limit).RowsAsync(DueAt, cancel);

    public Task<ImmutableArray<MatchDue>> ReadDueAsync(
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    ) => sources.Storage.CreateCommand(DueOf).With(subjects.ToArray()).RowsAsync(DueAt, cancel);

    public Task FinishAsync(
        IReadOnlyCollection<MatchDue> due,
        IReadOnlyCollection<MatchSpace> spaces,
        CancellationToken cancel
    )
    {
        MatchDue[] done = [.. due];
        return ExecuteAsync(
            sources
                .Storage.CreateCommand(FinishDue)
                .With(Array.ConvertAll(done, one => one.Subject))
                .With(Array.ConvertAll(done, one => one.Decision))
                .With(spaces.Select(space => space.Id).ToArray()),
            cancel
        );
    }

    public Task<ImmutableArray<StoredDecision>> ReadChangesAsync(
        int space,
        string link,
        int limit,
        CancellationToken cancel
    ) => MatchHistory.ChangesAsync(sources, space, link, limit, cancel);

    public Task<ImmutableArray<SaidOf>> ReadSaidAsync(
        int space,
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    ) => MatchHistory.SaidAsync(sources, space, subjects, cancel);

    public Task<ImmutableArray<SoftLink>> ReadSoftLinksAsync(
        int space,
        string individual,
        int limit,
        CancellationToken cancel
    ) => MatchLists.SoftLinksAsync(sources, space, individual, limit, cancel);

    public Task<ImmutableArray<MatchedLink>> ListAsync(
        MatchFilter filter,
        CancellationToken cancel
    ) => MatchLists.LinksAsync(sources, filter, cancel);

    public Task<ImmutableArray<UnresolvedGroup>> ListUnresolvedAsync(
        int space,
        long after,
        int limit,
        CancellationToken cancel
    ) => MatchLists.UnresolvedAsync(sources, space, after, limit, cancel);

    public Task<bool> ClearAsync(CancellationToken cancel) =>
        MatchClearing.ClearAsync(sources, cancel);

    private static MatchSpace SpaceAt(NpgsqlDataReader row) =>
        new(row.GetInt32(0), row.GetString(1), row.GetInt32(2), row.GetString(3))
        {
            IsSuccessor = row.GetBoolean(4),
        };

    private static MatchMove MoveAt(NpgsqlDataReader row) =>
        new(row.GetInt32(0), row.GetString(1), row.Text(2), row.GetInt64(3))
        {
            Ruleset = row.GetString(10),
            Version = row.GetInt32(11),
            Stuck = row.Text(4),
            Held = row.Text(5) is { } owner
                ? new Claim(
                    owner,
                    row.GetInt32(6),
                    new(row.GetInt64(7), row.GetInt64(8), row.GetInt64(9))
                )
                {
                    IsFixed = row.GetBoolean(12),
                }
                : null,
        };

    private static MatchNews NewsAt(NpgsqlDataReader row) =>
        new(row.GetInt32(0), row.GetString(1), row.GetInt64(2), row.GetString(3));

    private static MatchDue DueAt(NpgsqlDataReader row) => new(row.GetString(0), row.GetInt64(1));

    private static async Task ExecuteAsync(NpgsqlCommand command, CancellationToken cancel)
    {
        await using NpgsqlCommand running = command;
        await Commands.RetryConflictsAsync(() => running.ExecuteNonQueryAsync(cancel));
    }
}
