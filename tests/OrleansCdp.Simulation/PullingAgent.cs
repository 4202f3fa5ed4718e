using Orleans.Streams;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>
/// What the stream provider does between a reader and a partition's grain: it reads on while it delivers, in order, one
/// container at a time, and for ever until it is taken. A former owner's goes on for a while, as nobody may have told it.
/// </summary>
internal sealed class PullingAgent
{
    private const int CacheMax = 8;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Cluster cluster;
    private readonly Silo silo;
    private readonly LogReceiver receiver;
    private readonly GrainKey target;
    private readonly Queue<EventChunk> cache = new();
    private readonly Signal cached = new();
    private readonly CancellationTokenSource stop = new();

    public PullingAgent(Cluster cluster, Silo silo, Lane lane, int partition)
    {
        this.cluster = cluster;
        this.silo = silo;
        receiver = new LogReceiver(lane, partition, silo.Readers);
        target = new GrainKey(typeof(IIngestPartitionGrain), EventStreams.KeyOf(lane, partition));
        silo.Process.Run(ReadAsync);
        silo.Process.Run(DeliverAsync);
    }

    public async Task StopAsync()
    {
        if (cluster.Scheduler.Happens(cluster.Faults.Acts ? 0.3 : 0))
        {
            await SleepAsync(cluster.Scheduler.Within(10_000), CancellationToken.None);
        }

        End();
        await TryAsync(() => receiver.Shutdown(TimeSpan.FromMinutes(1)));
    }

    // On this thread: the asynchronous form would leave it.
    private void End() => stop.Cancel();

    private async Task ReadAsync()
    {
        await TryAsync(() => receiver.Initialize(TimeSpan.FromSeconds(10)));
        while (!stop.IsCancellationRequested)
        {
            if (cache.Count < CacheMax)
            {
                await TryAsync(async () =>
                {
                    IList<IBatchContainer> read = await receiver.GetQueueMessagesAsync(
                        1,
                        stop.Token
                    );
                    foreach (IBatchContainer container in read)
                    {
                        cache.Enqueue(((LogBatch)container).Chunk);
                        cached.Set();
                    }
                });
            }

            await SleepAsync(Pause, stop.Token);
        }
    }

    private async Task DeliverAsync()
    {
        int attempts = 0;
        while (!stop.IsCancellationRequested)
        {
            long seen = cached.Times;
            if (!cache.TryPeek(out EventChunk? chunk))
            {
                await cached.WaitAsync(
                    seen,
                    Timeout.InfiniteTimeSpan,
                    silo.Process.Clock,
                    stop.Token
                );
                continue;
            }

            bool taken = await TryAsync(() =>
                cluster.SendAsync(
                    silo.Process,
                    target,
                    $"OnNext({chunk.FirstSequence}-{chunk.LastSequence})",
                    async grain =>
                    {
                        await ((IAsyncObserver<EventChunk>)grain).OnNextAsync(chunk);
                        return true;
                    }
                )
            );
            if (taken)
            {
                cache.Dequeue();
                attempts = 0;
            }
            else
            {
                await SleepAsync(Pause * (1 << Math.Min(attempts++, 5)), stop.Token);
            }
        }
    }

    private async Task<bool> TryAsync(Func<Task> attempt)
    {
        try
        {
            await attempt();
            return true;
        }
        catch (Exception e)
        {
            cluster.Note($"{silo.Name}: agent of {target.Id}: {e.Message}");
            return false;
        }
    }

    /// <summary>Lets simulated time pass, or ends with the agent.</summary>
    private async Task SleepAsync(TimeSpan span, CancellationToken cancel) =>
        await new Signal().WaitAsync(0, span, silo.Process.Clock, cancel);
}
