using System.Threading.Channels;

namespace OrleansCdp;

/// <summary>Loads states: what is asked for while one query runs goes into the next together.</summary>
internal sealed class SnapshotLoader(ISnapshotStatements statements, CdpPostgresOptions options)
    : IBackgroundLoop
{
    private const int LoadersMax = 2;

    /// <summary>States that one statement loads. They wait in memory until the last of them is read.</summary>
    internal const int GroupMax = 100;

    private readonly Channel<PendingLoad> arriving = Channel.CreateBounded<PendingLoad>(
        new BoundedChannelOptions(options.PendingLoadsMax)
    );

    public string Name => "snapshot loader";

    /// <summary>Loads a state, or null when there is none.</summary>
    public async Task<Snapshot?> LoadAsync(string id)
    {
        PendingLoad pending = new(id);
        try
        {
            await arriving.Writer.WriteAsync(pending);
        }
        catch (ChannelClosedException)
        {
            throw Stopping();
        }

        return await pending.Done.Task;
    }

    public async Task RunAsync(CancellationToken stop)
    {
        await using CancellationTokenRegistration ending = stop.Register(() =>
            arriving.Writer.TryComplete()
        );
        try
        {
            await Task.WhenAll(Enumerable.Range(0, LoadersMax).Select(_ => LoadLoopAsync()));
        }
        finally
        {
            arriving.Writer.TryComplete();
            while (arriving.Reader.TryRead(out PendingLoad? pending))
            {
                pending.Done.TrySetException(Stopping());
            }
        }
    }

    /// <summary>Takes what waits, up to the bound of one statement.</summary>
    internal static void TakeGroup(ChannelReader<PendingLoad> waiting, List<PendingLoad> group)
    {
        while (group.Count < GroupMax && waiting.TryRead(out PendingLoad? pending))
        {
            group.Add(pending);
        }
    }

    private static InvalidOperationException Stopping() =>
        new("This silo is stopping and loads no more states.");

    private async Task LoadLoopAsync()
    {
        List<PendingLoad> group = [];
        while (await arriving.Reader.WaitToReadAsync())
        {
            TakeGroup(arriving.Reader, group);
            if (group.Count > 0)
            {
                await LoadGroupAsync(group);
                group.Clear();
            }
        }
    }

    private async Task LoadGroupAsync(List<PendingLoad> group)
    {
        try
        {
            string[] ids =
            [
                .. group.Select(pending => pending.Id).Distinct(StringComparer.Ordinal),
            ];
            Dictionary<string, Snapshot> found = await statements.LoadAsync(ids);
            group.ForEach(pending =>
                pending.Done.TrySetResult(found.GetValueOrDefault(pending.Id))
            );
        }
        catch (Exception e)
        {
            group.ForEach(pending => pending.Done.TrySetException(e));
        }
    }

    /// <summary>A state that somebody waits for.</summary>
    internal sealed record PendingLoad(string Id)
    {
        public TaskCompletionSource<Snapshot?> Done { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
