using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>Match spaces: opening them, deciding in turns, what is left to be done, and what is listed.</summary>
internal sealed class MatchStore(DataSources sources) : IMatchStore
{
    private const string Open = """
        insert into cdp.match_space (ruleset, version, text) values ($1, $2, $3)
        on conflict do nothing
        """;

    private const string Find = """
        select space, ruleset, version, text from cdp.match_space
        where ruleset = $1 and successor_of is null and replaced_by is null
        """;

    private const string All = """
        select space, ruleset, version, text from cdp.match_space
        where successor_of is null and replaced_by is null order by ruleset
        """;

    private const string Moves = """
        select m.space, m.subject, m.target, m.decision, m.stuck,
            c.owner, c.anchored_by, c.stamp_at, c.stamp_version, c.stamp_arrival, s.ruleset
        from cdp.match_move m
            join cdp.match_space s on s.space = m.space and s.successor_of is null
            left join cdp.claim c on c.claim = 'link:' || m.subject
        """;

    private const string MovesOf = $"{Moves} where m.space = $1 and m.subject = any($2)";

    private const string OldestMoves = $"{Moves} order by m.space, m.subject limit $1";

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

    private const string NewsOf = """
        select n.space, n.individual, n.decision, s.ruleset
        from cdp.match_news n
            join cdp.match_space s on s.space = n.space and s.successor_of is null
        where n.space = $1 and n.individual = any($2)
        """;

    private const string OldestNews = """
        select n.space, n.individual, n.decision, s.ruleset
        from cdp.match_news n
            join cdp.match_space s on s.space = n.space and s.successor_of is null
        order by n.space, n.individual limit $1
        """;

    private const string FinishNews = """
        delete from cdp.match_news n using unnest($1, $2, $3) as d(space, individual, decision)
        where n.space = d.space and n.individual = d.individual and n.decision = d.decision
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
        var found = await ReadSpacesAsync(
            sources.Storage.CreateCommand(Find).With(ruleset),
            cancel
        );
        return found.IsEmpty ? null : found[0];
    }

    public Task<ImmutableArray<MatchSpace>> ReadSpacesAsync(CancellationToken cancel) =>
        ReadSpacesAsync(sources.Storage.CreateCommand(All), cancel);

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
            MatchTurn turn = new(connection, transaction, space);
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
        ReadMovesAsync(
            sources.Storage.CreateCommand(MovesOf).With(space).With(links.ToArray()),
            cancel
        );

    public Task<ImmutableArray<MatchMove>> ReadMovesAsync(int limit, CancellationToken cancel) =>
        ReadMovesAsync(sources.Storage.CreateCommand(OldestMoves).With(limit), cancel);

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

    public Task<ImmutableArray<MatchNews>> ReadNewsAsync(int limit, CancellationToken cancel) =>
        ReadNewsAsync(sources.Storage.CreateCommand(OldestNews).With(limit), cancel);

    public Task<ImmutableArray<MatchNews>> ReadNewsAsync(
        int space,
        IReadOnlyCollection<string> individuals,
        CancellationToken cancel
    ) =>
        ReadNewsAsync(
            sources.Storage.CreateCommand(NewsOf).With(space).With(individuals.ToArray()),
            cancel
        );

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

    private static async Task<ImmutableArray<MatchSpace>> ReadSpacesAsync(
        NpgsqlCommand command,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand running = command;
        await using NpgsqlDataReader reader = await running.ExecuteReaderAsync(cancel);
        var spaces = ImmutableArray.CreateBuilder<MatchSpace>();
        while (await reader.ReadAsync(cancel))
        {
            spaces.Add(
                new MatchSpace(
                    reader.GetInt32(0),
                    reader.GetString(1),
                    reader.GetInt32(2),
                    reader.GetString(3)
                )
            );
        }

        return spaces.ToImmutable();
    }

    private static async Task<ImmutableArray<MatchMove>> ReadMovesAsync(
        NpgsqlCommand command,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand running = command;
        await using NpgsqlDataReader reader = await running.ExecuteReaderAsync(cancel);
        var moves = ImmutableArray.CreateBuilder<MatchMove>();
        while (await reader.ReadAsync(cancel))
        {
            moves.Add(
                new MatchMove(
                    reader.GetInt32(0),
                    reader.GetString(1),
                    reader.Text(2),
                    reader.GetInt64(3)
                )
                {
                    Ruleset = reader.GetString(10),
                    Stuck = reader.Text(4),
                    Held = reader.Text(5) is { } owner
                        ? new Claim(
                            owner,
                            reader.GetInt32(6),
                            new(reader.GetInt64(7), reader.GetInt64(8), reader.GetInt64(9))
                        )
                        : null,
                }
            );
        }

        return moves.ToImmutable();
    }

    private static async Task<ImmutableArray<MatchNews>> ReadNewsAsync(
        NpgsqlCommand command,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand running = command;
        await using NpgsqlDataReader reader = await running.ExecuteReaderAsync(cancel);
        var news = ImmutableArray.CreateBuilder<MatchNews>();
        while (await reader.ReadAsync(cancel))
        {
            news.Add(
                new(
                    reader.GetInt32(0),
                    reader.GetString(1),
                    reader.GetInt64(2),
                    reader.GetString(3)
                )
            );
        }

        return news.ToImmutable();
    }

    private static async Task ExecuteAsync(NpgsqlCommand command, CancellationToken cancel)
    {
        await using NpgsqlCommand running = command;
        await Commands.RetryConflictsAsync(() => running.ExecuteNonQueryAsync(cancel));
    }
}
