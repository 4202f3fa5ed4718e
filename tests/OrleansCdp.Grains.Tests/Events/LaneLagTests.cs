namespace OrleansCdp.Events;

/// <summary>When a lane refuses, and how long it tells producers to wait.</summary>
public sealed class LaneLagTests
{
    private const int LagMax = 1_000;
    private static readonly TimeSpan RetryAfterMax = TimeSpan.FromSeconds(10);
    private readonly LaneLag lane = new(LagMax, RetryAfterMax);
    private DateTimeOffset now = Some.Noon;

    [Fact]
    public void There_is_room_at_the_limit_and_none_one_past_it()
    {
        lane.DemandRoom(head: LagMax, checkpoint: 0, now);
        LogBehindException behind = Refusal(head: LagMax + 1, checkpoint: 0);

        behind.Lag.ShouldBe(LagMax + 1);
        behind.LagMax.ShouldBe(LagMax);
    }

    [Fact]
    public void What_was_taken_and_is_not_written_yet_counts_too()
    {
        lane.Taken = LagMax;
        lane.DemandRoom(head: 0, checkpoint: 0, now);

        Refusal(head: 1, checkpoint: 0).Lag.ShouldBe(LagMax + 1);
    }

    [Fact]
    public void Before_the_pace_is_known_the_wait_is_a_second()
    {
        lane.DemandRoom(head: 0, checkpoint: 0, now);

        Refusal(head: 5_000, checkpoint: 0).RetryAfter.ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData(200, 1_500, 5.0)] // 1,000 over half of what may be, at 200 a second
    [InlineData(100, 1_500, 10.0)] // just the longest
    [InlineData(99, 1_500, 10.0)]
    [InlineData(1_000_000, 1_001, 0.1)]
    public void The_wait_is_what_half_the_room_takes_at_the_pace_seen_lately(
        int perSecond,
        long lag,
        double seconds
    )
    {
        lane.DemandRoom(head: 0, checkpoint: 0, now);
        now += TimeSpan.FromSeconds(2);
        long checkpoint = 2L * perSecond;

        LogBehindException behind = Refusal(head: checkpoint + lag, checkpoint);

        behind.RetryAfter.TotalSeconds.ShouldBe(seconds, tolerance: 1e-6);
    }

    [Theory]
    [InlineData(2.5, 2.5)]
    [InlineData(10.0, 10.0)]
    [InlineData(10.1, 10.0)]
    [InlineData(3_600.0, 10.0)]
    public void While_nothing_moves_the_wait_is_as_long_again_up_to_the_longest(
        double stalled,
        double seconds
    )
    {
        Refusal(head: 5_000, checkpoint: 0);
        now += TimeSpan.FromSeconds(stalled);

        LogBehindException behind = Refusal(head: 5_000, checkpoint: 0);

        behind.RetryAfter.TotalSeconds.ShouldBe(seconds, tolerance: 1e-6);
    }

    [Fact]
    public void The_pace_is_that_of_the_last_seconds()
    {
        lane.DemandRoom(head: 0, checkpoint: 0, now);
        now += TimeSpan.FromMinutes(1); // a minute without anything applied
        Refusal(head: 5_000, checkpoint: 0);
        now += TimeSpan.FromSeconds(5);
        Refusal(head: 5_000, checkpoint: 1_000);
        now += TimeSpan.FromSeconds(5);

        // 2,000 in the last ten seconds, and 2,500 too many.
        Refusal(head: 5_000, checkpoint: 2_000).RetryAfter.ShouldBe(RetryAfterMax);
        Refusal(head: 3_500, checkpoint: 2_000)
            .RetryAfter.TotalSeconds.ShouldBe(5, tolerance: 1e-6);
    }

    [Fact]
    public void A_stall_of_long_ago_says_nothing_of_the_pace()
    {
        Refusal(head: 5_000, checkpoint: 0);
        now += TimeSpan.FromMinutes(1);
        Refusal(head: 5_000, checkpoint: 0).RetryAfter.ShouldBe(RetryAfterMax);
        now += TimeSpan.FromHours(1);
        lane.DemandRoom(head: 5_000, checkpoint: 5_000, now);

        Refusal(head: 9_000, checkpoint: 5_000).RetryAfter.ShouldBe(TimeSpan.FromSeconds(1));
    }

    private LogBehindException Refusal(long head, long checkpoint) =>
        Should.Throw<LogBehindException>(() => lane.DemandRoom(head, checkpoint, now));
}
