using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using static OrleansCdp.Segments.SegmentDatabase;

namespace OrleansCdp.Segments;

/// <summary>How long it is known who entered a segment and who left it.</summary>
[Collection(PostgresCollection.Name)]
public sealed class ChangeSweepTests(PostgresServer server) : IAsyncLifetime
{
    private SegmentDatabase segments = null!;

    public async Task InitializeAsync() => segments = await StartAsync(server);

    public async Task DisposeAsync() => await segments.DisposeAsync();

    [Fact]
    public async Task Old_changes_are_forgotten_in_rounds_and_members_stay()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        string begin = await segments.Store.EndAsync(default);
        await segments.SaveAsync("ind_a", Change(1, "vip") with { At = now.AddDays(-91) });
        await segments.SaveAsync("ind_a", Change(2, "churned") with { At = now.AddDays(-89) });
        await segments.Database.ExecuteAsync(
            $"""
            insert into cdp.membership_changes
                (individual, sequence, segment, entered, version, at, cause, events, asked)
            select 'ind_b', i, 'vip', true, 1, now() - interval '92 days', 0, '[]', '[]'
            from generate_series(1, {IMembershipStore.PageMax}) i
            """
        );
        await segments.DeliverAsync();
        using ChangeSweep sweep = new(
            segments.Store,
            Options.Create(new SegmentOptions()),
            TimeProvider.System,
            NullLogger<ChangeSweep>.Instance
        );

        (await sweep.SweepAsync(default)).ShouldBeTrue(
            "so many are forgotten at once, and no more"
        );
        (await segments.FollowAsync(after: begin)).ShouldBe(
            ["ind_a/1/vip", "ind_a/2/churned"],
            "the oldest are forgotten first"
        );
        (await sweep.SweepAsync(default)).ShouldBeFalse();

        (await segments.FollowAsync(after: begin)).ShouldBe(["ind_a/2/churned"]);
        (await segments.FollowAsync()).ShouldBeEmpty("it stands before one that is forgotten");
        (await segments.MembersAsync("vip")).ShouldBe(["ind_a//1/1"]);
        (await sweep.SweepAsync(default)).ShouldBeFalse();
    }

    [Fact]
    public async Task Whoever_goes_on_before_what_is_forgotten_is_told_so_and_nobody_else()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        string begin = await segments.Store.EndAsync(default);
        await segments.SaveAsync("ind_a", Change(1, "vip") with { At = now.AddDays(-91) });
        await segments.SaveAsync("ind_a", Change(2, "churned") with { At = now.AddDays(-91) });
        await segments.SaveAsync("ind_a", Change(3, "vip", entered: false) with { At = now });
        await segments.SettleAsync();
        string[] positions =
        [
            .. (await segments.Store.FollowAsync(null, null, 10, default)).Select(one =>
                one.Position
            ),
        ];

        await segments.DeliverAsync();
        (await segments.Store.IsForgottenAsync(null, begin, default)).ShouldBeFalse();
        (await segments.Store.ForgetAsync(now.AddDays(-90), 10, default)).ShouldBe(2);

        (await AreForgottenAsync(null)).ShouldBe([true, true, false, false]);
        (await AreForgottenAsync("vip")).ShouldBe([true, false, false, false]);
        (await AreForgottenAsync("churned")).ShouldBe([true, true, false, false]);
        (await AreForgottenAsync("nothing")).ShouldBe([false, false, false, false]);

        (await segments.FollowAsync()).ShouldBe(["ind_a/3/vip"]);
        (await segments.FollowAsync("vip")).ShouldBe(["ind_a/3/vip"]);
        await Should.ThrowAsync<ChangePositionException>(() =>
            segments.Store.IsForgottenAsync(null, "nothing", default)
        );

        async Task<bool[]> AreForgottenAsync(string? segment) =>
            await Task.WhenAll(
                positions
                    .Prepend(begin)
                    .Select(after => segments.Store.IsForgottenAsync(segment, after, default))
            );
    }

    [Fact]
    public async Task What_the_stream_has_not_delivered_is_kept_however_old_it_is()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        await segments.SaveAsync("ind_a", Change(1, "vip") with { At = now.AddDays(-100) });
        await segments.DeliverAsync();
        await segments.SaveAsync("ind_b", Change(1, "vip") with { At = now.AddDays(-200) });

        (await segments.Store.ForgetAsync(now.AddDays(-90), 10, default)).ShouldBe(1);
        (await segments.FollowAsync()).ShouldBe(["ind_b/1/vip"]);

        await segments.DeliverAsync();
        (await segments.Store.ForgetAsync(now.AddDays(-90), 10, default)).ShouldBe(1);
    }

    [Fact]
    public async Task What_is_forgotten_later_and_stands_before_takes_nothing_back()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        await segments.SaveAsync("ind_a", Change(1, "vip") with { At = now.AddDays(-91) });
        await segments.SettleAsync();
        string between = await segments.Store.EndAsync(default);
        await segments.SaveAsync("ind_b", Change(1, "vip") with { At = now.AddDays(-100) });
        await segments.SettleAsync();

        await segments.DeliverAsync();
        (await segments.Store.ForgetAsync(now.AddDays(-90), 1, default)).ShouldBe(1);
        (await segments.Store.IsForgottenAsync("vip", between, default)).ShouldBeTrue();
        (await segments.Store.ForgetAsync(now.AddDays(-90), 1, default)).ShouldBe(1);

        (await segments.Store.IsForgottenAsync("vip", between, default)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("1.00:00:00", true)]
    [InlineData("23:59:59.9999999", false)]
    [InlineData("3650.00:00:00", true)]
    [InlineData("3650.00:00:00.0000001", false)]
    public void Changes_are_kept_from_a_day_to_ten_years(string kept, bool valid) =>
        new SegmentOptionsValidator()
            .Validate(null, new SegmentOptions { ChangesKept = TimeSpan.Parse(kept, null) })
            .Failed.ShouldBe(!valid);
}
