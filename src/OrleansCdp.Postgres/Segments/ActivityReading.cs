using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Segments;

/// <summary>How many entered and left a segment lately, and who does so again and again.</summary>
internal static class ActivityReading
{
    private const string Latest = """
        select individual, entered, at, cause from cdp.membership_changes
        where segment = $1 and at > $2 order by at desc limit $3
        """;

    private const string Rates = $"""
        select count(*), count(*) filter (where entered),
            count(*) filter (where entered and at > $4),
            count(*) filter (where not entered and at > $4)
        from ({Latest}) latest
        """;

    // Why is asked only of those who are listed: of everybody that would sort all their changes.
    private const string Flapping = $"""
        with most as materialized (
            select individual, count(*) as changes, count(*) over () as all_of_them
            from ({Latest}) latest
            group by individual having count(*) > $4
            order by 2 desc, individual limit $5
        )
        select m.individual, m.changes, c.causes, m.all_of_them
        from most m cross join lateral (
            select array_agg(distinct l.cause order by l.cause) as causes
            from (
                select cause from cdp.membership_changes
                where individual = m.individual and segment = $1
                order by sequence desc limit m.changes
            ) l
        ) c
        order by m.changes desc, m.individual
        """;

    /// <inheritdoc cref="IMembershipStore.ActivityAsync"/>
    public static async Task<SegmentActivity> ReadAsync(
        NpgsqlDataSource source,
        string segment,
        DateTimeOffset now,
        int flapsAbove,
        int most,
        CancellationToken cancel
    )
    {
        DateTimeOffset hourAgo = now.ToUniversalTime().AddHours(-1);
        var rates = await source
            .CreateCommand(Rates)
            .With(segment)
            .With(now.ToUniversalTime().AddDays(-1))
            .With(most + 1)
            .With(hourAgo)
            .RowsAsync(
                row => new SegmentActivity
                {
                    LastHour = new FlowCount(row.GetInt64(2), row.GetInt64(3)),
                    LastDay = new FlowCount(row.GetInt64(1), row.GetInt64(0) - row.GetInt64(1)),
                    IsPartial = row.GetInt64(0) > most,
                },
                cancel
            );
        var flapping = await source
            .CreateCommand(Flapping)
            .With(segment)
            .With(hourAgo)
            .With(most)
            .With((long)flapsAbove)
            .With(ISegmentGrain.FlappingListedMax)
            .RowsAsync(
                static row =>
                    (
                        Count: row.GetInt64(3),
                        Who: new FlappingMember(
                            row.GetString(0),
                            row.GetInt64(1),
                            [.. row.GetFieldValue<short[]>(2).Select(MembershipStore.CauseOf)]
                        )
                    ),
                cancel
            );
        return rates[0] with
        {
            FlappingCount = flapping.IsEmpty ? 0 : flapping[0].Count,
            Flapping = [.. flapping.Select(one => one.Who)],
        };
    }
}
