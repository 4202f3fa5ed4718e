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
            await FillAsync(cluster, batches, batchEvents);

            cluster.Database.Log.Select(chunk => chunk.Append.Events.Length).ShouldBe(rounds);
        }
        finally
        {
            await cluster.DisposeAsync();
        }
    }

    [Fact]
    public async Task Events_of_one_link_in_many_appends_of_a_round_are_all_there_in_their_order()
    {
        const int batchEvents = 7;
        const int batches = 50;
        Cluster cluster = new() { Ingest = new() { WaitingEventsMax = batchEvents * batches } };
        await cluster.InitializeAsync();
        try
        {
            var (results, refused) = await FillAsync(cluster, batches, batchEvents);

            cluster.Database.Log.Count.ShouldBe(2, "all that waited went in one round");
            string[] written = [.. cluster.Database.Log[1].Append.Events.Select(e => e.EventId)];
            written
                .Chunk(batchEvents)
                .Select(batch => string.Join(' ', batch))
                .ShouldBe(
                    Enumerable
                        .Range(0, batches + 1)
                        .Where(i => i != refused)
                        .Select(i =>
                            string.Join(
                                ' ',
                                Enumerable.Range(0, batchEvents).Select(e => $"b{i}-{e}")
                            )
                        ),
                    ignoreOrder: true,
                    "batches stay whole and in order within"
                );
            results.ShouldAllBe(result =>
                result.NormalSequence == 1 + (batches * batchEvents) && result.Duplicates.IsEmpty
            );
        }
        finally
        {
            await cluster.DisposeAsync();
        }
    }

    /// <summary>
    /// While one append is being written, sends one batch more than may wait: when it is refused, all the others wait.
    /// Then lets the writer go on.
    /// </summary>
    /// <returns>What those that waited were answered, and the number of the refused one.</returns>
    private static async Task<(AppendResult[] Results, int Refused)> FillAsync(
        Cluster cluster,
        int batches,
        int batchEvents
    )
    {
        TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource busy = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Database.OnAppend = (_, _) => busy.TrySetResult();
        cluster.Database.AppendGate = open.Task;
        Task<AppendResult> writing = AppendAsync(cluster, "first", 1);
        await busy.Task;
        Task<AppendResult>[] sent =
        [
            .. Enumerable
                .Range(0, batches + 1)
                .Select(i => AppendAsync(cluster, $"b{i}-", batchEvents)),
        ];
        Task<AppendResult> refused = await Task.WhenAny(sent);
        open.SetResult();
        await Should.ThrowAsync<LogUnavailableException>(() => refused);
        await writing;
        AppendResult[] results = await Task.WhenAll(sent.Where(one => one != refused));
        return (results, Array.IndexOf(sent, refused));
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
