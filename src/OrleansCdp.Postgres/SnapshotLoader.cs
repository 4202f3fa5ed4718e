using System.Collections.Immutable;
using System.Threading.Channels;
using Npgsql;

namespace OrleansCdp;

/// <summary>Loads states: what is asked for while one query runs goes into the next together.</summary>
internal sealed class SnapshotLoader(DataSources sources, CdpPostgresOptions options)
    : IBackgroundLoop
{
    private const int LoadersMax = 2;

    /// <summary>States that one statement loads. They wait in memory until the last of them is read.</summary>
    internal const int GroupMax = 100;

    // One statement sees states and their parts at one instant.
    private const string Load = """
        select id, ver, data, null as part from cdp.snapshot where id = any($1)
        union all
        select id, 0, data, part from cdp.snapshot_part where id = any($1)
        """;

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
            Dictionary<string, (long Version, byte[] Data)> states = [];
            Dictionary<string, ImmutableArray<SnapshotPart>.Builder> parts = [];
            string[] ids =
            [
                .. group.Select(pending => pending.Id).Distinct(StringComparer.Ordinal),
            ];
            await using NpgsqlCommand command = sources.Storage.CreateCommand(Load).With(ids);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                string id = reader.GetString(0);
                if (reader.Text(3) is not { } part)
                {
                    states.Add(id, (reader.GetInt64(1), reader.Bytes(2)));
                    continue;
                }

                if (!parts.TryGetValue(id, out var apart))
                {
                    parts.Add(id, apart = ImmutableArray.CreateBuilder<SnapshotPart>());
                }

                apart.Add(new SnapshotPart(part, reader.Bytes(2)));
            }

            Dictionary<string, Snapshot> found = states.ToDictionary(
                state => state.Key,
                state => new Snapshot(
                    state.Value.Version,
                    state.Value.Data,
                    parts.TryGetValue(state.Key, out var apart) ? apart.ToImmutable() : []
                )
            );
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
