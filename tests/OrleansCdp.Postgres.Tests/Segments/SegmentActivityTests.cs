using OrleansCdp.Events;
using static OrleansCdp.Segments.SegmentDatabase;

namespace OrleansCdp.Segments;

/// <summary>How many entered and left a segment lately, and who does so again and again.</summary>
[Collection(PostgresCollection.Name)]
public sealed class SegmentActivityTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = LinkEvents.Noon.AddDays(3);

    private SegmentDatabase segments = null!;

    public async Task InitializeAsync() => segments = await StartAsync(server);

    public async Task DisposeAsync() => await segments.DisposeAsync();

    [Fact]
    public async Task An_hour_and_a_day_end_to_the_moment()
    {
        await segments.SaveAsync(
            "ind_a",
            At(1, "vip", Now.AddDays(-1)),
            At(2, "vip", Now.AddDays(-1).AddMicroseconds(1), entered: false),
            At(3, "vip.gold", Now.AddHours(-1)),
            At(4, "vip.gold", Now.AddHours(-1).AddMicroseconds(1), entered: false),
            At(5, "vip", Now),
            At(6, "churned", Now)
        );

        SegmentActivity activity = await ActivityAsync();

        activity.LastHour.ShouldBe(new FlowCount(1, 1));
        activity.LastDay.ShouldBe(new FlowCount(2, 2));
        activity.IsPartial.ShouldBeFalse();
        (await segments.Store.ActivityAsync("nothing", Now, 2, 100, default)).LastDay.ShouldBe(
            new FlowCount(0, 0)
        );
    }

    [Theory]
    [InlineData(5, false, 3, 2)]
    [InlineData(4, true, 3, 2)]
    [InlineData(2, true, 2, 1)]
    public async Task Beyond_a_bound_no_further_ones_are_counted_and_that_is_said(
        int most,
        bool isPartial,
        int entered,
        int exited
    )
    {
        await segments.SaveAsync(
            "ind_a",
            [
                .. Enumerable
                    .Range(1, 5)
                    .Select(i => At(i, "vip", Now.AddMinutes(i - 10), i % 2 == 1)),
            ]
        );

        SegmentActivity activity = await ActivityAsync(most: most);

        activity.LastHour.ShouldBe(new FlowCount(entered, exited));
        activity.IsPartial.ShouldBe(isPartial);
    }

    [Fact]
    public async Task Whoever_changes_more_often_than_allowed_is_told_with_the_causes()
    {
        await segments.SaveAsync(
            "ind_a",
            At(1, "vip", Now.AddHours(-2)) with
            {
                Cause = MembershipCause.Account, // Not within the hour, so it is none of the causes.
            },
            At(2, "vip", Now.AddMinutes(-3), entered: false),
            At(3, "vip", Now.AddMinutes(-2)) with
            {
                Cause = MembershipCause.Time,
            },
            At(4, "churned", Now.AddMinutes(-2)) with
            {
                Cause = MembershipCause.Merge, // Of another segment.
            },
            At(5, "vip", Now.AddMinutes(-1), entered: false)
        );
        await segments.SaveAsync(
            "ind_b",
            At(1, "vip", Now.AddMinutes(-2)),
            At(2, "vip", Now.AddMinutes(-1), entered: false)
        );

        SegmentActivity activity = await ActivityAsync();

        activity.FlappingCount.ShouldBe(1);
        FlappingMember one = activity.Flapping.ShouldHaveSingleItem();
        (one.Individual, one.Changes).ShouldBe(("ind_a", 3));
        one.Causes.ShouldBe([MembershipCause.Event, MembershipCause.Time]);
        (await ActivityAsync(flapsAbove: 3)).FlappingCount.ShouldBe(0);
    }

    [Fact]
    public async Task All_who_flap_are_counted_and_those_with_the_most_changes_listed()
    {
        for (int i = 0; i <= ISegmentGrain.FlappingListedMax; i++)
        {
            await segments.SaveAsync(
                $"ind_{i:D2}",
                [
                    .. Enumerable
                        .Range(1, i == ISegmentGrain.FlappingListedMax ? 4 : 3)
                        .Select(n => At(n, "vip", Now.AddMinutes(n - 10), n % 2 == 1)),
                ]
            );
        }

        SegmentActivity activity = await ActivityAsync();

        activity.FlappingCount.ShouldBe(ISegmentGrain.FlappingListedMax + 1);
        activity.Flapping.Length.ShouldBe(ISegmentGrain.FlappingListedMax);
        activity.Flapping[0].Individual.ShouldBe($"ind_{ISegmentGrain.FlappingListedMax:D2}");
        activity.Flapping[1].Individual.ShouldBe("ind_00");
    }

    [Fact]
    public async Task The_last_change_of_a_segment_is_found_in_any_of_its_tiers()
    {
        await segments.SaveAsync(
            "ind_a",
            Change(1, "vip.gold"),
            Change(2, "vip.gold", entered: false),
            Change(3, "churned")
        );

        (await segments.Store.LastAsync("ind_a", "vip", default))!.Sequence.ShouldBe(2);
        (await segments.Store.LastAsync("ind_a", "churned", default))!.Sequence.ShouldBe(3);
        (await segments.Store.LastAsync("ind_a", "none", default)).ShouldBeNull();
        (await segments.Store.LastAsync("ind_b", "vip", default)).ShouldBeNull();
    }

    [Fact]
    public async Task What_is_older_than_a_day_is_not_read()
    {
        await segments.Database.ExecuteAsync(
            """
            insert into cdp.membership_changes
                (individual, sequence, segment, tier, entered, version, at, cause, events, asked)
            select 'ind_a', i, 'vip', null, true, 1, '2020-01-01Z', 0, '[]', '[]'
            from generate_series(1, 20000) i;
            analyze cdp.membership_changes;
            """
        );
        await segments.Database.ExecuteAsync("select pg_stat_reset()");

        (await ActivityAsync()).LastDay.ShouldBe(new FlowCount(0, 0));

        await segments.StopAsync();
        await Eventually.BeAsync(async () => await ReadAsync("idx_scan") > 0);
        (await ReadAsync("seq_tup_read")).ShouldBe(0);
        (await ReadAsync("idx_tup_fetch")).ShouldBe(0);
    }

    private static MembershipChange At(
        long sequence,
        string segment,
        DateTimeOffset at,
        bool entered = true
    ) => Change(sequence, segment, entered) with { At = at };

    private Task<SegmentActivity> ActivityAsync(int flapsAbove = 2, int most = 1_000) =>
        segments.Store.ActivityAsync("vip", Now, flapsAbove, most, default);

    private Task<long> ReadAsync(string column) =>
        segments.Database.NumberAsync(
            $"""
            select coalesce({column}, 0) from pg_stat_user_tables
            where schemaname = 'cdp' and relname = 'membership_changes'
            """
        );
}
