using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>
/// The tables that say who is who, row by row: for seeing whether anything in them is another than before, and whether
/// anything was written at all, also what was taken back.
/// </summary>
public sealed class IdentityTables(string connectionString)
{
    private static readonly string[] Names =
    [
        "identifier",
        "claim",
        "base_individual",
        "anchor_statement",
        "steward_decision",
        "steward_pair",
        "merge_conflict",
        "identity_history",
        "open_decision",
        "match_space",
        "match_record",
        "match_key",
        "match_bucket",
        "match_edge",
        "match_change",
        "match_move",
        "match_news",
        "match_due",
        "outbox",
    ];

    private static readonly string[] States = ["snapshot", "snapshot_part", "due"];

    /// <summary>Waits until nobody's links are on their way and matching has nothing left to look at.</summary>
    public Task UntilSettledAsync()
    {
        IReadOnlyList<string> waiting = [];
        return Eventually.BeAsync(
            async () =>
                (
                    waiting = await RowsAsync(
                        """
                        select 'individual ' || id from cdp.base_individual where live and not settled
                        union all
                        select 'move ' || subject from cdp.match_move
                        union all
                        select 'news ' || individual from cdp.match_news
                        union all
                        select 'due ' || subject from cdp.match_due
                        union all
                        select 'open ' || claim from cdp.open_decision where reason <> 'overruled'
                        union all
                        select 'look ' || id from cdp.due where due_at < now() + interval '20 seconds'
                        """
                    )
                ).Count == 0,
            "nothing of anybody's identity is on its way",
            () => string.Join(", ", waiting)
        );
    }

    /// <summary>Every row of every table of identity, and the ids of all states but what accounts know of people.</summary>
    /// <param name="withStates">Whether the states belong to it too, byte by byte.</param>
    public async Task<IReadOnlyList<string>> ReadAsync(bool withStates = false)
    {
        string text = string.Join(
            "\nunion all\n",
            Names
                .Concat(withStates ? States : [])
                .Select(name => $"select '{name}: ' || t::text from cdp.{name} t")
                .Append("select 'state: ' || id from cdp.snapshot where left(id, 4) <> 'ppl_'")
        );
        return [.. (await RowsAsync(text)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Begins to note every row of them that is written.</summary>
    public async Task WatchAsync()
    {
        await ExecuteAsync(
            """
            create table public.written (said text not null);
            create function public.note_written() returns trigger language plpgsql as $$
            begin
                insert into public.written values (
                    tg_op || ' ' || tg_table_name
                    || case when tg_op <> 'INSERT' then ' ' || old::text else '' end
                    || case when tg_op <> 'DELETE' then ' ' || new::text else '' end
                );
                return null;
            end $$;
            """
        );
        await ExecuteAsync(
            string.Join(
                '\n',
                Names.Select(name =>
                    $"""
                        create trigger note_written after insert or update or delete on cdp.{name}
                            for each row execute function public.note_written();
                        """
                )
            )
        );
    }

    /// <summary>What was written since it was asked last.</summary>
    public async Task<IReadOnlyList<string>> WrittenAsync() =>
        await RowsAsync("delete from public.written returning said");

    private async Task<IReadOnlyList<string>> RowsAsync(string text)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(connectionString);
        await using NpgsqlCommand command = source.CreateCommand(text);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        List<string> rows = [];
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    private async Task ExecuteAsync(string text)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(connectionString);
        await using NpgsqlCommand command = source.CreateCommand(text);
        await command.ExecuteNonQueryAsync();
    }
}
