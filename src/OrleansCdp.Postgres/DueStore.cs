using System.Collections.Immutable;
using Npgsql;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>When individuals and accounts are due, slice by slice.</summary>
internal sealed class DueStore(DataSources sources, LogShape shape) : IDueStore
{
    // Each slice is read by its index, however many others are overdue.
    private const string Read = """
        select d.id, d.due_at, d.tries from unnest($1) as s(slice) cross join lateral (
            select id, due_at, tries from cdp.due
            where slice = s.slice and due_at <= $2
            order by due_at limit $3
        ) as d
        order by d.due_at, d.id
        """;

    // Locked in the order in which saves lock, so that neither waits for the other for ever.
    private const string Write = """
        with looked as materialized (
            select l.id, l.next, l.tries
            from unnest($1, $2, $3, $4) as l(id, due_at, next, tries)
                join cdp.due d on d.id = l.id and d.due_at = l.due_at
            order by l.id for update of d
        ), never as (
            delete from cdp.due d using looked l where d.id = l.id and l.next is null
        )
        update cdp.due d set due_at = l.next, tries = l.tries
        from looked l where d.id = l.id and l.next is not null
        """;

    /// <summary>
    /// Who is due earlier anyway stays so, and is another row: whoever looks at what was due before, and has not seen why it is
    /// due now, does not put it off.
    /// </summary>
    internal const string OnConflict = """
        on conflict (id) do update set
            due_at = case when t.due_at > excluded.due_at then excluded.due_at
                else t.due_at + interval '1 microsecond' end,
            tries = case when t.due_at > excluded.due_at then 0 else t.tries end
        """;

    private const string Demand = $"""
        insert into cdp.due as t (id, slice, due_at)
        select d.id, d.slice, d.due_at from unnest($1, $2, $3) as d(id, slice, due_at)
        order by d.id
        {OnConflict}
        """;

    public Task<ImmutableArray<DueSubject>> ReadAsync(
        IReadOnlyCollection<int> slices,
        DateTimeOffset now,
        int each,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(Read)
            .With(slices.ToArray())
            .With(now.ToUniversalTime())
            .With(Math.Clamp(each, 1, IDueStore.DueMax))
            .RowsAsync(
                static row => new DueSubject(row.GetString(0), row.Instant(1), row.GetInt32(2)),
                cancel
            );

    public Task WriteAsync(IReadOnlyCollection<Look> looks, CancellationToken cancel)
    {
        DemandFew(looks.Count);
        Look[] rows = [.. looks];
        return Commands.RetryConflictsAsync(async () =>
        {
            await using NpgsqlCommand command = sources
                .Storage.CreateCommand(Write)
                .With(Array.ConvertAll(rows, look => look.Of.Id))
                .With(Array.ConvertAll(rows, look => look.Of.At.ToUniversalTime()))
                .With(Array.ConvertAll(rows, look => look.Next?.ToUniversalTime()))
                .With(Array.ConvertAll(rows, look => look.Failed ? look.Of.Tries + 1 : 0));
            return await command.ExecuteNonQueryAsync(cancel);
        });
    }

    public Task DemandAsync(
        IReadOnlyCollection<(string Id, DateTimeOffset At)> due,
        CancellationToken cancel
    )
    {
        DemandFew(due.Count);
        (string Id, DateTimeOffset At)[] rows = [.. due];
        return Commands.RetryConflictsAsync(async () =>
        {
            await using NpgsqlCommand command = sources
                .Storage.CreateCommand(Demand)
                .With(Array.ConvertAll(rows, row => row.Id))
                .With(Array.ConvertAll(rows, row => Partitions.Of(row.Id, shape.PartitionCount)))
                .With(Array.ConvertAll(rows, row => row.At.ToUniversalTime()));
            return await command.ExecuteNonQueryAsync(cancel);
        });
    }

    private static void DemandFew(int count) =>
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, IDueStore.DueMax);
}
