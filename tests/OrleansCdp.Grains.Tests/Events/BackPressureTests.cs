namespace OrleansCdp.Events;

/// <summary>A partition whose reader is behind takes no more, and loses nothing of what it took.</summary>
public sealed class BackPressureTests : IAsyncLifetime
{
    private const int LagMax = 5;
    private readonly Cluster cluster = new() { Ingest = new() { LagEventsMax = LagMax } };
    private long normal;
    private long low;

    public async Task InitializeAsync()
    {
        await cluster.InitializeAsync();
        cluster.Database.Checkpoint = (lane, _) => lane == Lane.Normal ? normal : low;
    }

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task An_append_at_the_limit_is_taken_and_one_past_it_refused_until_the_reader_catches_up()
    {
        await AppendAsync(1, "a", LagMax);
        await AppendAsync(1, "at-", 1);

        LogBehindException behind = await RefusalAsync(1, "past-", 1);

        behind.Lag.ShouldBe(LagMax + 1);
        behind.LagMax.ShouldBe(LagMax);
        behind.RetryAfter.ShouldBe(TimeSpan.FromSeconds(1));
        cluster.Database.Log.Count.ShouldBe(2, "nothing of the refused batch was written");
        normal = 1;
        (await AppendAsync(1, "past-", 1)).NormalSequence.ShouldBe(LagMax + 2);
        await RefusalAsync(1, "past-", 2);
    }

    [Fact]
    public async Task A_lane_that_is_behind_refuses_what_has_events_for_it_and_the_other_goes_on()
    {
        await AppendAsync(2, "a", LagMax + 1, Lane.Low);

        await RefusalAsync(2, "b", 1, Lane.Low);
        await RefusalAsync(2, [.. Events("n", 1, Lane.Normal), .. Events("b", 1, Lane.Low)]);
        (await AppendAsync(2, "n", 1)).NormalSequence.ShouldBe(
            1,
            "nothing of the mixed batch was written"
        );
        low = LagMax;

        (await AppendAsync(2, "b", 1, Lane.Low)).Duplicates.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_waits_for_its_commit_counts_as_behind()
    {
        TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Database.AppendGate = open.Task;
        Task<AppendResult>[] sent =
        [
            .. Enumerable.Range(0, LagMax + 2).Select(i => AppendAsync(3, $"e{i}-", 1)),
        ];

        Task<AppendResult> refused = await Task.WhenAny(sent);
        open.SetResult();

        await Should.ThrowAsync<LogBehindException>(() => refused);
        await Task.WhenAll(sent.Where(append => append != refused));
        cluster.Database.Log.Sum(chunk => chunk.Append.Events.Length).ShouldBe(LagMax + 1);
        normal = LagMax + 1;
        await AppendAsync(3, "next", 1);
    }

    [Fact]
    public async Task Rounds_that_were_lost_leave_no_room_taken()
    {
        bool broken = false;
        cluster.Database.OnAppend = (_, _) =>
        {
            if (!broken)
            {
                broken = true;
                throw new TimeoutException("The connection broke.");
            }
        };

        await Should.ThrowAsync<LogUnavailableException>(() => AppendAsync(4, "a", LagMax + 1));
        await AppendAsync(4, "a", LagMax + 1);
    }

    private static LinkEvent[] Events(string prefix, int count, Lane lane) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i =>
                    Some.Event(new LinkKey("s", "o", "1"), $"{lane}-{prefix}{i}") with
                    {
                        Lane = lane,
                    }
                ),
        ];

    private Task<AppendResult> AppendAsync(
        int partition,
        string prefix,
        int count,
        Lane lane = Lane.Normal
    ) => AppendAsync(partition, Events(prefix, count, lane));

    private Task<AppendResult> AppendAsync(int partition, LinkEvent[] events) =>
        cluster.Grains.GetGrain<IPartitionLogGrain>(partition).AppendAsync(new EventBatch(events));

    private Task<LogBehindException> RefusalAsync(
        int partition,
        string prefix,
        int count,
        Lane lane = Lane.Normal
    ) => RefusalAsync(partition, Events(prefix, count, lane));

    private Task<LogBehindException> RefusalAsync(int partition, LinkEvent[] events) =>
        Should.ThrowAsync<LogBehindException>(() => AppendAsync(partition, events));
}
