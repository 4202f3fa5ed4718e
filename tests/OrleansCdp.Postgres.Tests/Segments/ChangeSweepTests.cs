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
        using ChangeSweep sweep = new(
            segments.Store,
            Options.Create(new SegmentOptions()),
            TimeProvider.System,
            NullLogger<ChangeSweep>.Instance
        );

        (await sweep.SweepAsync(default)).ShouldBeTrue(
            "so many are forgotten at once, and no more"
        );
        (await segments.FollowAsync()).ShouldBe(
            ["ind_a/1/vip", "ind_a/2/churned"],
            "the oldest are forgotten first"
        );
        (await sweep.SweepAsync(default)).ShouldBeFalse();

        (await segments.FollowAsync()).ShouldBe(["ind_a/2/churned"]);
        (await segments.MembersAsync("vip")).ShouldBe(["ind_a//1/1"]);
        (await sweep.SweepAsync(default)).ShouldBeFalse();
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
