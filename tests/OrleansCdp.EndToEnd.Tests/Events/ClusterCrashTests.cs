using System.Diagnostics;

namespace OrleansCdp.Events;

/// <summary>
/// Silos, gateways and the database are killed, cut off, frozen and restarted while events stream in over HTTP and
/// Orleans streams, and everything is right to the event.
/// </summary>
public sealed class ClusterCrashTests
{
    private const int BatchesBetween = 40;
    private static readonly bool Slow = Environment.GetEnvironmentVariable("CDP_SLOW") == "1";

    /// <summary>How long a run goes on at least; one round of every fault where nobody asks for more.</summary>
    private static readonly TimeSpan LastsMin = Slow ? TimeSpan.FromMinutes(1) : TimeSpan.Zero;

    /// <summary>One seed; ten where <c>CDP_SLOW</c> is 1.</summary>
    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(1, Slow ? 10 : 1)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Nothing_acknowledged_is_lost_or_doubled_whatever_dies(int seed)
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(silos: 3, gateways: 2);
        await using ClusterLoad load = await ClusterLoad.StartAsync(cluster, seed, segmented: true);
        Random random = new(seed);
        Func<Task>[] faults =
        [
            () => KillSiloAsync(cluster, random.Next(3)),
            () => KillGatewayAsync(cluster, random.Next(2)),
            () => cluster.Postgres.RestartAsync(PostgresStop.Immediate),
            () => cluster.CutConnectionsAsync(),
            () => FreezeSiloAsync(cluster, random.Next(3)),
        ];
        Stopwatch watch = Stopwatch.StartNew();
        do
        {
            random.Shuffle(faults);
            foreach (Func<Task> fault in faults)
            {
                await load.UntilMoreAsync(random.Next(1, BatchesBetween));
                await fault();
            }
        } while (watch.Elapsed < LastsMin);

        await load.UntilMoreAsync(BatchesBetween);
        await load.CheckAsync();
    }

    [Fact]
    public async Task Silos_and_gateways_that_are_restarted_one_after_the_other_lose_and_double_nothing()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(silos: 3, gateways: 2);
        await using ClusterLoad load = await ClusterLoad.StartAsync(cluster, seed: 99);
        for (int place = 0; place < 3; place++)
        {
            await load.UntilMoreAsync(BatchesBetween);
            (await cluster.Silos[place].StopAsync()).ShouldBe(0, cluster.Silos[place].Output);
            await cluster.ReplaceSiloAsync(place);
        }

        for (int place = 0; place < 2; place++)
        {
            await load.UntilMoreAsync(BatchesBetween);
            (await cluster.Gateways[place].StopAsync()).ShouldBe(0, cluster.Gateways[place].Output);
            await cluster.ReplaceGatewayAsync(place);
        }

        await load.UntilMoreAsync(BatchesBetween);
        await load.CheckAsync();
    }

    private static async Task KillSiloAsync(RunningCluster cluster, int place)
    {
        await cluster.Silos[place].KillAsync();
        await cluster.ReplaceSiloAsync(place);
    }

    private static async Task KillGatewayAsync(RunningCluster cluster, int place)
    {
        await cluster.Gateways[place].KillAsync();
        await cluster.ReplaceGatewayAsync(place);
    }

    /// <summary>A silo sleeps past its death and wakes: it must do no harm, and end.</summary>
    private static async Task FreezeSiloAsync(RunningCluster cluster, int place)
    {
        CdpProcess frozen = cluster.Silos[place];
        await frozen.FreezeAsync();
        await Eventually.BeAsync(
            () => cluster.IsDeclaredDeadAsync(frozen),
            "the others declare it dead",
            () => cluster.Output
        );
        await frozen.ThawAsync();
        await Eventually.BeAsync(
            () => Task.FromResult(frozen.HasEnded),
            "it finds out and ends",
            () => cluster.Output
        );
        await cluster.ReplaceSiloAsync(place);
    }
}
