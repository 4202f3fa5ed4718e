namespace OrleansCdp.Events;

/// <summary>What waits for a partition's writer goes together, up to a bound.</summary>
public sealed class AppendRoundTests
{
    private const int Partition = 3;

    [Theory]
    [InlineData(1, 11, new[] { 1, 5, 5, 1 })]
    [InlineData(3, 4, new[] { 1, 6, 6 })]
    public async Task Whole_batches_go_together_until_a_round_has_its_5_events(
        int batchEvents,
        int batches,
        int[] rounds
    )
    {
        Cluster cluster = new()
        {
            Ingest = new() { RoundEventsMax = 5, WaitingEventsMax = batchEvents * batches },
        };
        await cluster.InitializeAsync();
        try
        {
            TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
            TaskCompletionSource busy = new(TaskCreationOptions.RunContinuationsAsynchronously);
            cluster.Database.OnAppend = (_, _) => busy.TrySetResult();
            cluster.Database.AppendGate = open.Task;
            Task<AppendResult> writing = AppendAsync(cluster, "first", 1);
            await busy.Task;

            // One batch more than may wait: when it is refused, all the others do.
            Task<AppendResult>[] waiting =
            [
                .. Enumerable
                    .Range(0, batches + 1)
                    .Select(i => AppendAsync(cluster, $"b{i}-", batchEvents)),
            ];
            Task<AppendResult> refused = await Task.WhenAny(waiting);
            open.SetResult();
            await Should.ThrowAsync<LogUnavailableException>(() => refused);
            await writing;
            await Task.WhenAll(waiting.Where(sent => sent != refused));

            cluster.Database.Log.Select(chunk => chunk.Append.Events.Length).ShouldBe(rounds);
        }
        finally
        {
            await cluster.DisposeAsync();
        }
    }

    private static Task<AppendResult> AppendAsync(Cluster cluster, string prefix, int events) =>
        cluster
            .Grains.GetGrain<IPartitionLogGrain>(Partition)
            .AppendAsync(
                new EventBatch([
                    .. Enumerable
                        .Range(0, events)
                        .Select(i => Some.Event(new LinkKey("s", "o", "1"), prefix + i)),
                ])
            );
}
