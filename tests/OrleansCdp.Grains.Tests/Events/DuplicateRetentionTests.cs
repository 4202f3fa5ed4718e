namespace OrleansCdp.Events;

/// <summary>An event id counts once for a day at least, also over a restart, and is forgotten some time later.</summary>
public sealed class DuplicateRetentionTests
{
    private const int Partition = 3;

    [Fact]
    public async Task An_event_id_is_known_for_24_hours_after_a_restart_too_and_then_forgotten()
    {
        ClockAhead clock = new();
        Cluster cluster = new() { Clock = clock, Ingest = new() };
        await cluster.InitializeAsync();
        try
        {
            (await AppendAsync(cluster, "a")).Duplicates.ShouldBeEmpty();
            clock.Ahead = TimeSpan.FromHours(12);
            await RestartAsync(cluster);
            (await AppendAsync(cluster, "a")).Duplicates.ShouldBe([0]);
            clock.Ahead = TimeSpan.FromHours(24);
            (await AppendAsync(cluster, "a")).Duplicates.ShouldBe([0]);
            await RestartAsync(cluster);
            (await AppendAsync(cluster, "a")).Duplicates.ShouldBe([0]);

            clock.Ahead = TimeSpan.FromHours(27);
            await RestartAsync(cluster);

            (await AppendAsync(cluster, "a")).Duplicates.ShouldBeEmpty();
        }
        finally
        {
            await cluster.DisposeAsync();
        }
    }

    [Fact]
    public void The_default_leaves_24_hours_at_any_moment_of_an_hour() =>
        (new IngestOptions().DuplicateRetention - RecentEventKeys.Generation).ShouldBe(
            TimeSpan.FromHours(24)
        );

    private static Task<AppendResult> AppendAsync(Cluster cluster, string id) =>
        cluster
            .Grains.GetGrain<IPartitionLogGrain>(Partition)
            .AppendAsync(new EventBatch([Some.Event(new LinkKey("s", "o", "1"), id)]));

    /// <summary>A writer that cannot append gives up; the next one reads what the log holds.</summary>
    private static async Task RestartAsync(Cluster cluster)
    {
        cluster.Database.OnAppend = (_, _) => throw new TimeoutException("The connection broke.");
        await Should.ThrowAsync<LogUnavailableException>(() => AppendAsync(cluster, "lost"));
        cluster.Database.OnAppend = (_, _) => { };
    }

    /// <summary>The system's clock, ahead of itself; timers run as ever, the silo needs them.</summary>
    private sealed class ClockAhead : TimeProvider
    {
        private long ticks;

        public TimeSpan Ahead
        {
            set => Volatile.Write(ref ticks, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() =>
            base.GetUtcNow() + TimeSpan.FromTicks(Volatile.Read(ref ticks));
    }
}
