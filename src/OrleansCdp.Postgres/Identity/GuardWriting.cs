using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>The statements that note who has which identifier, and which identify nobody.</summary>
internal static class GuardWriting
{
    private const string Add = """
        insert into cdp.match_identifier (space, identifier, record_id, individual)
        select $1, i.* from unnest($2, $3, $4) as i(identifier, record_id, individual)
        on conflict do nothing
        """;

    private const string Remove = """
        delete from cdp.match_identifier m using unnest($2, $3) as i(identifier, record_id)
        where m.space = $1 and m.identifier = i.identifier and m.record_id = i.record_id
        """;

    private const string Guard = """
        insert into cdp.match_guard (space, identifier, field, value, guarded, change, reviewed)
        select $1, g.*, nextval('cdp.match_decision'), 0
        from unnest($2, $3, $4, $5) as g(identifier, field, value, guarded)
        on conflict (space, identifier) do update
            set guarded = excluded.guarded, change = excluded.change, reviewed = 0, at = now()
        """;

    // Days are of UTC, wherever the database stands.
    private const string Grow = """
        insert into cdp.match_growth as g (space, individual, day, links)
        select $1, i.individual, (now() at time zone 'utc')::date, count(*)
        from unnest($2) as i(individual) group by i.individual order by i.individual
        on conflict (space, individual, day) do update set links = g.links + excluded.links
        """;

    private const string Alarm = """
        insert into cdp.limit_alarm as a (kind, space, subject, amount) values ($1, $2, $3, $4)
        on conflict (kind, space, subject) do update
            set amount = greatest(a.amount, excluded.amount), times = a.times + 1, last_at = now()
        """;

    /// <summary>Individuals that grow, and what hangs together with too much.</summary>
    public static void AddAlarmsTo(NpgsqlBatch batch, int space, MatchWrites writes)
    {
        string[] growing = [.. writes.Moves.Select(move => move.Target).OfType<string>()];
        if (growing.Length > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Grow).With(space).With(growing));
        }

        if (writes.Oversized is { } oversized)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(Alarm)
                    .With(nameof(LimitKind.Component))
                    .With(space)
                    .With(oversized.Subject)
                    .With(oversized.Records)
            );
        }
    }

    public static void AddTo(NpgsqlBatch batch, int space, MatchWrites writes)
    {
        RecordIdentifier[] removed = [.. writes.IdentifiersRemoved];
        if (removed.Length > 0)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(Remove)
                    .With(space)
                    .With(Array.ConvertAll(removed, one => one.Key))
                    .With(Array.ConvertAll(removed, one => one.Record))
            );
        }

        RecordIdentifier[] added = [.. writes.IdentifiersAdded];
        if (added.Length > 0)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(Add)
                    .With(space)
                    .With(Array.ConvertAll(added, one => one.Key))
                    .With(Array.ConvertAll(added, one => one.Record))
                    .With(Array.ConvertAll(added, one => one.IsIndividual))
            );
        }

        GuardChange[] guards = [.. writes.Guards];
        if (guards.Length > 0)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(Guard)
                    .With(space)
                    .With(Array.ConvertAll(guards, one => one.Value.Key))
                    .With(Array.ConvertAll(guards, one => one.Value.Field))
                    .With(Array.ConvertAll(guards, one => one.Value.Text))
                    .With(Array.ConvertAll(guards, one => one.IsGuarded))
            );
        }
    }
}
