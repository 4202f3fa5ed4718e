using System.Globalization;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>The statements that make a turn's decisions true, in one round trip. Only those with something to do.</summary>
internal static class MatchWriting
{
    private const string Columns =
        "id, space, subject, owner, group_id, individual, score, partner, event_id, said, guarded, "
        + "twin, print";

    private const string Values =
        "id, subject, owner, group_id, individual, score, partner, event_id, said, guarded, twin, "
        + "print";

    private const string Add = $"""
        insert into cdp.match_record ({Columns})
        select i.id, $10, i.subject, i.owner, i.group_id, i.individual, i.score, i.partner,
            i.event_id, i.said, i.guarded::bigint[], i.twin, i.print
        from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $11, $12, $13) as i({Values})
        """;

    private const string Change = $"""
        update cdp.match_record r
        set owner = i.owner, group_id = i.group_id, individual = i.individual, score = i.score,
            partner = i.partner, event_id = i.event_id, said = i.said,
            guarded = i.guarded::bigint[], twin = i.twin, print = i.print
        from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $11, $12, $13) as i({Values})
        where r.id = i.id and $10 = r.space
        """;

    private const string Remove = "delete from cdp.match_record where id = any($1)";

    private const string AddKeys = """
        insert into cdp.match_key (space, key_hash, record_id)
        select $1, k.key_hash, k.record_id from unnest($2, $3) as k(key_hash, record_id)
        on conflict do nothing
        """;

    private const string RemoveKeys = """
        delete from cdp.match_key m using unnest($2, $3) as k(key_hash, record_id)
        where m.space = $1 and m.key_hash = k.key_hash and m.record_id = k.record_id
        """;

    private const string CloseKeys = """
        insert into cdp.match_bucket as b (space, key_hash, records)
        select $1, k.key_hash, k.records from unnest($2, $3) as k(key_hash, records)
        on conflict (space, key_hash) do update set records = b.records + excluded.records
        """;

    private const string PutEdges = """
        insert into cdp.match_edge (a, b, score, levels)
        select * from unnest($1, $2, $3, $4)
        on conflict (a, b) do update set score = excluded.score, levels = excluded.levels
        """;

    private const string RemoveEdges = """
        delete from cdp.match_edge e using unnest($1, $2) as g(a, b)
        where e.a = g.a and e.b = g.b
        """;

    private const string NoteChanges = """
        insert into cdp.match_change
            (space, version, subject, event_id, from_individual, to_individual, from_group,
            to_group, from_score, to_score, partner, levels, reason, caused_by)
        select $1, $2, c.*
        from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) as c
        """;

    private const string NoteMoves = """
        insert into cdp.match_move (space, subject, target, decision)
        select $1, m.subject, m.target, nextval('cdp.match_decision')
        from unnest($2, $3) as m(subject, target)
        on conflict (space, subject) do update
            set target = excluded.target, decision = excluded.decision, stuck = null, at = now()
        """;

    private const string WithdrawMoves = """
        delete from cdp.match_move where space = $1 and subject = any($2)
        """;

    private const string NoteNews = """
        insert into cdp.match_news (space, individual, decision)
        select $1, n.individual, nextval('cdp.match_decision') from unnest($2) as n(individual)
        on conflict (space, individual) do update set decision = excluded.decision
        """;

    public static void AddTo(NpgsqlBatch batch, int space, int version, MatchWrites writes)
    {
        WriteRows(batch, space, writes);
        WriteKeys(batch, space, writes);
        GuardWriting.AddTo(batch, space, writes);
        WriteEdges(batch, writes);
        MatchChange[] changes = [.. writes.Changes];
        if (changes.Length > 0)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(NoteChanges)
                    .With(space)
                    .With(version)
                    .With(Array.ConvertAll(changes, change => change.To.Subject))
                    .With(Array.ConvertAll(changes, change => change.To.EventId))
                    .With(Array.ConvertAll(changes, change => change.From?.Individual))
                    .With(Array.ConvertAll(changes, change => change.To.Individual))
                    .With(Array.ConvertAll(changes, change => change.From?.Group))
                    .With(Array.ConvertAll(changes, change => change.To.Group))
                    .With(Array.ConvertAll(changes, change => change.From?.Score))
                    .With(Array.ConvertAll(changes, change => change.To.Score))
                    .With(Array.ConvertAll(changes, change => change.Partner))
                    .With(Array.ConvertAll(changes, change => change.Levels))
                    .With(Array.ConvertAll(changes, change => change.Reason))
                    .With(Array.ConvertAll(changes, change => change.CausedBy))
            );
        }

        if (writes.MovesWithdrawn.Count > 0)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(WithdrawMoves)
                    .With(space)
                    .With(writes.MovesWithdrawn.ToArray())
            );
        }

        if (writes.Moves.Count > 0)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(NoteMoves)
                    .With(space)
                    .With(writes.Moves.Select(move => move.Link).ToArray())
                    .With(writes.Moves.Select(move => move.Target).ToArray())
            );
        }

        GuardWriting.AddAlarmsTo(batch, space, writes);
        if (writes.News.Count > 0)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(NoteNews).With(space).With(writes.News.ToArray())
            );
        }
    }

    private static void WriteRows(NpgsqlBatch batch, int space, MatchWrites writes)
    {
        if (writes.Removed.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Remove).With(writes.Removed.ToArray()));
        }

        AddRows(batch, Change, space, [.. writes.Changed]);
        AddRows(batch, Add, space, [.. writes.Added]);
    }

    private static void AddRows(NpgsqlBatch batch, string statement, int space, MatchRow[] rows)
    {
        if (rows.Length > 0)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(statement)
                    .With(Array.ConvertAll(rows, row => row.Id))
                    .With(Array.ConvertAll(rows, row => row.Subject))
                    .With(Array.ConvertAll(rows, row => row.Owner))
                    .With(Array.ConvertAll(rows, row => row.Group))
                    .With(Array.ConvertAll(rows, row => row.Individual))
                    .With(Array.ConvertAll(rows, row => row.Score))
                    .With(Array.ConvertAll(rows, row => row.Partner))
                    .With(Array.ConvertAll(rows, row => row.EventId))
                    .With(Array.ConvertAll(rows, row => row.Said))
                    .With(space)
                    .With(Array.ConvertAll(rows, ArrayOf))
                    .With(Array.ConvertAll(rows, row => row.Twin))
                    .With(Array.ConvertAll(rows, row => row.Print))
            );
        }
    }

    /// <summary>Numbers as PostgreSQL writes an array: rows of arrays of unlike length are no array.</summary>
    private static string? ArrayOf(MatchRow row) =>
        row.Guarded is { } guarded
            ? $"{{{string.Join(',', guarded.Select(key => key.ToString(CultureInfo.InvariantCulture)))}}}"
            : null;

    private static void WriteKeys(NpgsqlBatch batch, int space, MatchWrites writes)
    {
        AddKeyRows(RemoveKeys, [.. writes.KeysRemoved]);
        AddKeyRows(AddKeys, [.. writes.KeysAdded]);
        ClosedKey[] closed = [.. writes.KeysClosed];
        if (closed.Length > 0)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(CloseKeys)
                    .With(space)
                    .With(Array.ConvertAll(closed, key => key.Key))
                    .With(Array.ConvertAll(closed, key => (long)key.Records))
            );
        }

        void AddKeyRows(string statement, RecordKey[] keys)
        {
            if (keys.Length > 0)
            {
                batch.BatchCommands.Add(
                    new NpgsqlBatchCommand(statement)
                        .With(space)
                        .With(Array.ConvertAll(keys, key => key.Key))
                        .With(Array.ConvertAll(keys, key => key.Record))
                );
            }
        }
    }

    private static void WriteEdges(NpgsqlBatch batch, MatchWrites writes)
    {
        if (writes.EdgesRemoved.Count > 0)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(RemoveEdges)
                    .With(writes.EdgesRemoved.Select(edge => edge.A).ToArray())
                    .With(writes.EdgesRemoved.Select(edge => edge.B).ToArray())
            );
        }

        StoredEdge[] edges = [.. writes.EdgesPut];
        if (edges.Length > 0)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(PutEdges)
                    .With(Array.ConvertAll(edges, edge => edge.A))
                    .With(Array.ConvertAll(edges, edge => edge.B))
                    .With(Array.ConvertAll(edges, edge => edge.Score))
                    .With(Array.ConvertAll(edges, edge => edge.Levels))
            );
        }
    }
}
