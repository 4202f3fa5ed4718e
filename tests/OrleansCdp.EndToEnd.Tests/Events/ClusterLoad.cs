using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCdp.Segments;

namespace OrleansCdp.Events;

/// <summary>
/// Senders who send to a cluster over HTTP, through any of its gateways, and through Orleans streams, each again and
/// again until it is acknowledged, whatever happens to the cluster meanwhile.
/// </summary>
internal sealed class ClusterLoad : IAsyncDisposable
{
    private const int SendersPerWay = 2;
    private readonly RunningCluster cluster;
    private readonly int seed;
    private readonly bool segmented;
    private readonly CancellationTokenSource enough = new();
    private readonly List<CrashOrders> orders = [];
    private readonly List<CrashVisits> visits = [];
    private readonly List<Task> senders = [];
    private Counts before = new([]);
    private IHost? producer;
    private int acknowledged;
    private int turnedAway;

    private ClusterLoad(RunningCluster cluster, int seed, bool segmented)
    {
        this.cluster = cluster;
        this.seed = seed;
        this.segmented = segmented;
    }

    /// <summary>Starts sending.</summary>
    /// <param name="cluster">To whom.</param>
    /// <param name="seed">What is sent.</param>
    /// <param name="segmented">Whether people enter and leave segments meanwhile.</param>
    public static async Task<ClusterLoad> StartAsync(
        RunningCluster cluster,
        int seed,
        bool segmented = false
    )
    {
        ClusterLoad load = new(cluster, seed, segmented);
        await cluster.Api.DefineAsync(CrashOrders.Stream);
        if (segmented)
        {
            await CrashSegments.StartAsync(cluster.Api);
        }

        load.before = await cluster.Api.DrainAsync();
        load.producer = await ProducerHost.StartAsync(services =>
            services.AddCdpProducer(o => o.ConnectionString = cluster.Database.ConnectionString)
        );
        ICdpProducer streams = load.producer.Services.GetRequiredService<ICdpProducer>();
        for (int i = 0; i < SendersPerWay; i++)
        {
            CrashOrders overHttp = load.NewOrders($"h{seed}-{i}", i);
            CrashOrders overStreams = load.NewOrders($"o{seed}-{i}", 10 + i);
            CrashVisits overSegment = load.NewVisits($"v{seed}-{i}", 20 + i);
            load.Send(() => load.PostLinesAsync(overHttp.NextBatch()));
            load.Send(() => load.PublishAsync(streams, overStreams.NextArray()));
            load.Send(() => load.PostVisitsAsync(overSegment.NextBatch()));
        }

        return load;
    }

    /// <summary>Batches that a sender had to send again.</summary>
    public int TurnedAway => Volatile.Read(ref turnedAway);

    /// <summary>Waits until so many more batches are acknowledged.</summary>
    public Task UntilMoreAsync(int batches)
    {
        int target = Volatile.Read(ref acknowledged) + batches;
        return Eventually.BeAsync(
            () =>
            {
                Task? failed = senders.Find(sender => sender.IsFaulted);
                return failed is null
                    ? Task.FromResult(Volatile.Read(ref acknowledged) >= target)
                    : throw new InvalidOperationException("A sender gave up.", failed.Exception);
            },
            "batches are acknowledged",
            () => cluster.Output
        );
    }

    /// <summary>
    /// Ends the load and checks everything: the books to the event, every person, what the oracle makes of the log, and
    /// that the log has every sender's events in the order they were sent.
    /// </summary>
    public async Task CheckAsync()
    {
        await enough.CancelAsync();
        await Task.WhenAll(senders);
        Counts after = await cluster.Api.DrainAsync();
        CrashOrders.Check(before, after, orders);
        (after[CrashVisits.Stream, "applied"] + after[CrashVisits.Stream, "suppressed"]).ShouldBe(
            visits.Sum(one => one.Events)
        );
        foreach (CrashOrders one in orders)
        {
            await one.CheckPeopleAsync(cluster.Api);
        }

        if (segmented)
        {
            await CrashSegments.CheckAsync(cluster, visits.SelectMany(one => one.Users));
        }

        await LogOracle.CheckAsync(cluster.Database.ConnectionString, cluster.Api);
        OracleTables tables = await OracleTables.ReadAsync(cluster.Database.ConnectionString);
        foreach (var link in tables.Events.GroupBy(e => e.Event.Link))
        {
            int[] numbers = [.. link.Select(e => NumberOf(e.Event.EventId))];
            numbers.ShouldBe([.. numbers.Order()], $"the events of {link.Key} are in order");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await enough.CancelAsync();
        await ProducerHost.StopAsync(producer);
        enough.Dispose();
    }

    private CrashOrders NewOrders(string name, int sender)
    {
        CrashOrders made = new(name, new Random((seed * 100) + sender));
        orders.Add(made);
        return made;
    }

    private CrashVisits NewVisits(string name, int sender)
    {
        CrashVisits made = new(name, new Random((seed * 100) + sender));
        visits.Add(made);
        return made;
    }

    /// <summary>The place of an event in its sender's order: both kinds of ids end with it.</summary>
    private static int NumberOf(string eventId) =>
        int.Parse(eventId.AsSpan(eventId.LastIndexOf('-') + 1).TrimStart('e'), provider: null);

    /// <summary>One batch after the other, until it is enough.</summary>
    private void Send(Func<Task> sendNext) =>
        senders.Add(
            Task.Run(async () =>
            {
                do
                {
                    await sendNext();
                    Interlocked.Increment(ref acknowledged);
                } while (!enough.IsCancellationRequested);
            })
        );

    private Task PostLinesAsync(string lines) =>
        PostAsync($"/v1/streams/{CrashOrders.Stream}", lines, "application/x-ndjson");

    private Task PostVisitsAsync(string batch) => PostAsync("/v1/batch", batch, "application/json");

    private Task PostAsync(string path, string body, string mediaType)
    {
        int tries = 0;
        return InsistAsync(async () =>
        {
            try
            {
                Uri gateway = cluster.Gateways[tries++ % cluster.Gateways.Count].Address;
                Api api = new(gateway, CdpProcess.AdminKey);
                var (status, json) = await api.PostAsync(path, body, mediaType);
                (
                    status
                    is HttpStatusCode.Accepted
                        or HttpStatusCode.OK
                        or HttpStatusCode.ServiceUnavailable
                        or HttpStatusCode.TooManyRequests
                ).ShouldBeTrue($"{status}: {json?.ToJsonString()}");
                return status is HttpStatusCode.Accepted or HttpStatusCode.OK;
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                return false; // Killed in the middle of it.
            }
        });
    }

    private Task PublishAsync(ICdpProducer streams, byte[] json) =>
        InsistAsync(async () =>
        {
            try
            {
                await streams.SendJsonAsync(CrashOrders.Stream, json);
                return true;
            }
            catch (Exception e) when (e is LogUnavailableException or LogBehindException)
            {
                return false;
            }
        });

    private Task InsistAsync(Func<Task<bool>> attempt) =>
        Eventually.BeAsync(
            async () =>
            {
                bool done = await attempt();
                if (!done)
                {
                    Interlocked.Increment(ref turnedAway);
                }

                return done;
            },
            "a batch is acknowledged",
            () => cluster.Output
        );
}
