using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace OrleansCdp.Events;

/// <summary>
/// Appends to the log for all partitions that this silo writes: what arrives while one transaction commits goes into
/// the next together, so the load makes the groups and nobody waits for company.
/// </summary>
internal sealed partial class LogWriter(
    ILogCommits commits,
    PartitionTails tails,
    Checkpoints checkpoints,
    PartitionOwnership ownership,
    CdpPostgresOptions options,
    TimeProvider clock,
    ILogger<LogWriter> logger
) : ILogStore, IBackgroundLoop
{
    /// <summary>Bytes of compressed events that one transaction writes, unless a single append has more.</summary>
    internal const int GroupBytesMax = 8 * 1024 * 1024;

    private readonly Channel<PendingAppend> arriving = Channel.CreateUnbounded<PendingAppend>(
        new UnboundedChannelOptions { SingleReader = true }
    );

    private long pendingEvents;
    private long pendingBytes;

    public string Name => "log writer";

    public async Task<LogOwnership> AcquireAsync(int partition, CancellationToken cancel)
    {
        try
        {
            LogOwnership owned = await Commands.RetryConflictsAsync(() =>
                commits.AcquireAsync(partition, cancel)
            );
            tails.Of(Lane.Normal, partition).Attach(owned.Epoch, owned.NormalNext);
            tails.Of(Lane.Low, partition).Attach(owned.Epoch, owned.LowNext);
            checkpoints.NoteFound(Lane.Normal, partition, new(0, owned.NormalCheckpoint));
            checkpoints.NoteFound(Lane.Low, partition, new(0, owned.LowCheckpoint));
            return owned;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            throw Unavailable("PostgreSQL is away.", e);
        }
    }

    public async Task ReadEventKeysAsync(
        int partition,
        DateTimeOffset since,
        Action<UInt128, DateTimeOffset> remember,
        CancellationToken cancel
    )
    {
        try
        {
            await commits.ReadEventKeysAsync(partition, since, remember, cancel);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            throw Unavailable("PostgreSQL is away.", e);
        }
    }

    public async Task AppendAsync(LogAppend append)
    {
        // On the caller's thread: many partitions serialise at once, and one loop commits for all.
        PendingAppend pending = new(
            append,
            append.Normal is null ? [] : ChunkCodec.Encode(append.Normal),
            append.Low is null ? [] : ChunkCodec.Encode(append.Low)
        );
        Reserve(pending);
        try
        {
            if (!arriving.Writer.TryWrite(pending))
            {
                throw Unavailable("This silo is stopping.");
            }

            await pending.Done.Task;
        }
        finally
        {
            Interlocked.Add(ref pendingEvents, -pending.EventCount);
            Interlocked.Add(ref pendingBytes, -pending.Bytes);
        }
    }

    public long CheckpointOf(Lane lane, int partition)
    {
        bool isReadHere = ownership.Owns(lane, partition) && tails.Of(lane, partition).HasReader;
        if (!isReadHere)
        {
            tails.Want(lane, partition); // A reader of this silo says itself how far it is.
        }

        return checkpoints.LastFound(lane, partition).Sequence;
    }

    public void Release(int partition, long epoch)
    {
        tails.Of(Lane.Normal, partition).Detach(epoch);
        tails.Of(Lane.Low, partition).Detach(epoch);
    }

    public async Task RunAsync(CancellationToken stop)
    {
        await using CancellationTokenRegistration ending = stop.Register(() =>
            arriving.Writer.TryComplete()
        );
        List<PendingAppend> waiting = [];
        try
        {
            while (waiting.Count > 0 || await arriving.Reader.WaitToReadAsync(default))
            {
                while (arriving.Reader.TryRead(out PendingAppend? pending))
                {
                    waiting.Add(pending);
                }

                await CommitAsync(TakeGroup(waiting));
            }
        }
        finally
        {
            arriving.Writer.TryComplete();
            waiting.ForEach(pending => pending.Fail(Unavailable("The log writer died.")));
            while (arriving.Reader.TryRead(out PendingAppend? pending))
            {
                pending.Fail(Unavailable("The log writer died."));
            }
        }
    }

    private static LogUnavailableException Unavailable(string why, Exception? inner = null) =>
        new(why + " Nothing was acknowledged; send the same events again later.", inner);

    /// <summary>Takes at most one append per partition, oldest first, up to a bound of bytes.</summary>
    internal static List<PendingAppend> TakeGroup(List<PendingAppend> waiting)
    {
        List<PendingAppend> group = [];
        HashSet<int> seen = [];
        long bytes = 0;
        foreach (PendingAppend pending in waiting)
        {
            bytes += pending.Bytes;
            if (group.Count > 0 && bytes > GroupBytesMax)
            {
                break;
            }

            if (seen.Add(pending.Append.Partition))
            {
                group.Add(pending);
            }
        }

        if (group.Count == waiting.Count)
        {
            waiting.Clear();
        }
        else
        {
            HashSet<PendingAppend> taken = [.. group];
            waiting.RemoveAll(taken.Contains);
        }

        return group;
    }

    private void Reserve(PendingAppend pending)
    {
        long events = Interlocked.Add(ref pendingEvents, pending.EventCount);
        long bytes = Interlocked.Add(ref pendingBytes, pending.Bytes);
        if (events > options.PendingEventsMax || bytes > options.PendingBytesMax)
        {
            Interlocked.Add(ref pendingEvents, -pending.EventCount);
            Interlocked.Add(ref pendingBytes, -pending.Bytes);
            throw Unavailable("Too many events wait for their commit.");
        }
    }

    private async Task CommitAsync(List<PendingAppend> group)
    {
        DateTimeOffset now = clock.GetUtcNow();
        HashSet<int> refused;
        try
        {
            refused = await Commands.RetryConflictsAsync(() => commits.CommitAsync(group, now));
        }
        catch (Exception e)
        {
            LogCommitFailed(e, group.Count);
            foreach (PendingAppend pending in group)
            {
                // It may have been committed all the same: only the next owner can tell.
                Release(pending.Append.Partition, pending.Append.Epoch);
                pending.Fail(Unavailable("PostgreSQL did not confirm the events.", e));
            }

            return;
        }

        foreach (PendingAppend pending in group)
        {
            if (refused.Contains(pending.Append.Partition))
            {
                Release(pending.Append.Partition, pending.Append.Epoch);
                pending.Fail(Unavailable("Another writer took the partition over."));
                continue;
            }

            Publish(pending);
            pending.Done.TrySetResult();
        }
    }

    private void Publish(PendingAppend pending)
    {
        LogAppend append = pending.Append;
        foreach ((Lane lane, List<EncodedChunk> chunks) in pending.Lanes)
        {
            PartitionTail tail = tails.Of(lane, append.Partition);
            foreach (EncodedChunk chunk in chunks)
            {
                tail.Publish(
                    append.Epoch,
                    new TailChunk(chunk.FirstSequence, chunk.Events, chunk.SerializedBytes)
                );
            }
        }
    }

    [LoggerMessage(
        LogEvents.LogCommitFailed,
        LogLevel.Warning,
        "{Count} appends to the log were not confirmed; their producers were told to send again"
    )]
    private partial void LogCommitFailed(Exception exception, int count);
}

/// <summary>An append on its way to its commit.</summary>
internal sealed class PendingAppend(
    LogAppend append,
    List<EncodedChunk> normal,
    List<EncodedChunk> low
)
{
    public LogAppend Append => append;

    /// <summary>The chunks of both lanes.</summary>
    public (Lane Lane, List<EncodedChunk> Chunks)[] Lanes { get; } =
    [(Lane.Normal, normal), (Lane.Low, low)];

    public int EventCount { get; } =
        (append.Normal?.Events.Length ?? 0) + (append.Low?.Events.Length ?? 0);

    public long Bytes { get; } = normal.Concat(low).Sum(chunk => (long)chunk.Payload.Length);

    public TaskCompletionSource Done { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Fail(Exception why) => Done.TrySetException(why);
}
