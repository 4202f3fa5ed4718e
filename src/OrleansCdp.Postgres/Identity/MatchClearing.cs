using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>Removes what spaces hold that are not in use any more, a part at a time.</summary>
internal static class MatchClearing
{
    private const int ClearedMax = 5_000;

    // Asked every few seconds, and mostly there is none.
    private const string AnyLeft = """
        select exists (select from cdp.match_space where replaced_by is not null)
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

    private const string ClearIdentifiers = """
        with gone as (
            select i.space, i.identifier, i.record_id
            from cdp.match_space s cross join lateral (
                select space, identifier, record_id from cdp.match_identifier
                where space = s.space order by identifier, record_id limit $1
            ) i
            where s.replaced_by is not null limit $1
        )
        delete from cdp.match_identifier i using gone g
        where i.space = g.space and i.identifier = g.identifier and i.record_id = g.record_id
        """;

    private const string ClearRest = """
        with gone as (select space from cdp.match_space where replaced_by is not null),
            growth as (delete from cdp.match_growth where space in (select space from gone)),
            alarms as (delete from cdp.limit_alarm where space in (select space from gone)),
            guards as (delete from cdp.match_guard where space in (select space from gone)),
            moves as (delete from cdp.match_move where space in (select space from gone)),
            news as (delete from cdp.match_news where space in (select space from gone)),
            buckets as (delete from cdp.match_bucket where space in (select space from gone)),
            history as (
                delete from cdp.match_change c using cdp.match_space s
                where s.replaced_by = 0 and c.space = s.space
            )
        delete from cdp.match_space where space in (select space from gone)
        """;

    /// <summary>Removes a part.</summary>
    /// <returns>Whether there may be more.</returns>
    public static async Task<bool> ClearAsync(DataSources sources, CancellationToken cancel)
    {
        await using (NpgsqlCommand any = sources.Storage.CreateCommand(AnyLeft))
        {
            if (!(bool)(await any.ExecuteScalarAsync(cancel))!)
            {
                return false;
            }
        }

        int cleared = 0;
        foreach (
            string statement in (string[])[MoveHistory, ClearRecords, ClearKeys, ClearIdentifiers]
        )
        {
            cleared += await ExecuteAsync(() =>
                sources.Storage.CreateCommand(statement).With(ClearedMax)
            );
        }

        return cleared > 0
            || await ExecuteAsync(() => sources.Storage.CreateCommand(ClearRest)) > 0;

        Task<int> ExecuteAsync(Func<NpgsqlCommand> command) =>
            Commands.RetryConflictsAsync(async () =>
            {
                await using NpgsqlCommand running = command();
                return await running.ExecuteNonQueryAsync(cancel);
            });
    }
}
