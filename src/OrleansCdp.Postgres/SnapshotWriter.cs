using System.Threading.Channels;
using Orleans.Storage;

namespace OrleansCdp;

/// <summary>
/// Saves states: what arrives while one transaction commits goes into the next together. Each state is compared and
/// set on its own; one that lost does not take the others with it.
/// </summary>
internal sealed class SnapshotWriter(ISnapshotStatements statements, CdpPostgresOptions options)
    : IBackgroundLoop
{
    /// <summary>Bytes that one statement saves, unless a single state has more.</summary>
    private const int GroupBytesMax = 8 * 1024 * 1024;

    private readonly Channel<PendingSave> arriving = Channel.CreateBounded<PendingSave>(
        new BoundedChannelOptions(options.PendingSavesMax)
    );

    public string Name => "snapshot writer";

    /// <summary>Saves that wait for their turn.</summary>
    public int Waiting => arriving.Reader.Count;

    /// <inheritdoc cref="ISnapshotStore.SaveAsync"/>
    public async Task SaveAsync(SnapshotWrite write)
    {
        PendingSave pending = new(write);
        try
        {
            await arriving.Writer.WriteAsync(pending);
        }
        catch (ChannelClosedException e)
        {
            throw new InvalidOperationException(
                "This silo is stopping and saves no more states.",
                e
            );
        }

        await pending.Done.Task;
    }

    public async Task RunAsync(CancellationToken stop)
    {
        await using CancellationTokenRegistration ending = stop.Register(() =>
            arriving.Writer.TryComplete()
        );
        try
        {
            await Task.WhenAll(Enumerable.Range(0, options.SaversMax).Select(SaveLoopAsync));
        }
        finally
        {
            arriving.Writer.TryComplete();
            while (arriving.Reader.TryRead(out PendingSave? pending))
            {
                pending.Done.TrySetException(new InvalidOperationException("The writer died."));
            }
        }
    }

    private async Task<HashSet<string>> SaveGroupAsync(
        Dictionary<string, PendingSave> group,
        int saver
    ) =>
        await Commands.RetryConflictsAsync(() =>
            statements.SaveAsync([.. group.Values.Select(pending => pending.Write)], saver)
        );

    private async Task SaveLoopAsync(int saver)
    {
        Dictionary<string, PendingSave> group = [];
        PendingSave? carried = null;
        while (carried is not null || await arriving.Reader.WaitToReadAsync())
        {
            long bytes = 0;
            while (group.Count < options.SaveBatchMax && bytes < GroupBytesMax)
            {
                PendingSave? pending = carried;
                carried = null;
                if (pending is null && !arriving.Reader.TryRead(out pending))
                {
                    break;
                }

                bytes += pending.Bytes;
                // An id may occur once per statement.
                bool fits = group.Count == 0 || bytes <= GroupBytesMax;
                if (!fits || !group.TryAdd(pending.Write.Id, pending))
                {
                    carried = pending;
                    break;
                }
            }

            if (group.Count > 0)
            {
                await SettleAsync(group, saver);
                group.Clear();
            }
        }
    }

    private async Task SettleAsync(Dictionary<string, PendingSave> group, int saver)
    {
        try
        {
            HashSet<string> won = await SaveGroupAsync(group, saver);
            foreach ((string id, PendingSave pending) in group)
            {
                if (won.Contains(id))
                {
                    pending.Done.TrySetResult();
                }
                else
                {
                    pending.Done.TrySetException(Lost(pending.Write));
                }
            }
        }
        catch (Exception e)
        {
            foreach (PendingSave pending in group.Values)
            {
                pending.Done.TrySetException(e);
            }
        }
    }

    private static InconsistentStateException Lost(SnapshotWrite write) =>
        new(
            $"The stored version of {write.Id} is not {write.PreviousVersion}: "
                + "another activation wrote it."
        );

    private sealed record PendingSave(SnapshotWrite Write)
    {
        public long Bytes { get; } =
            Write.Data.Length
            + Write.PartsWritten.Sum(part => (long)part.Data.Length)
            + Write.Fates.Sum(fate => (long)(fate.Kept?.Payload.Length ?? 0))
            + Write.MembershipChanges.Sum(change =>
                change.Values.Sum(one => one.Asked.Length + (long)(one.Value?.Text.Length ?? 0))
            );

        public TaskCompletionSource Done { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
