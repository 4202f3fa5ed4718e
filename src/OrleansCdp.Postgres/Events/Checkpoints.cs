using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Npgsql;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>
/// Writes checkpoints of all partitions of this silo together, with the counts of exactly those chunks that a
/// checkpoint passes.
/// </summary>
internal sealed partial class Checkpoints(
    DataSources sources,
    TimeProvider clock,
    ILogger<Checkpoints> logger
) : ICheckpoints, IBackgroundLoop, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(1);

    /// <summary>How long a chunk may wait for the one before it, which another silo may still be writing.</summary>
    private static readonly TimeSpan GapMax = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(Lane, int), LaneProgress> lanes = new();
    private readonly SemaphoreSlim arrived = new(0);
    private readonly SemaphoreSlim writing = new(1);

    public string Name => "checkpoint writer";

    public void Complete(EventChunk chunk, ImmutableArray<EventCount> counts)
    {
        LaneProgress lane = lanes.GetOrAdd((chunk.Lane, chunk.Partition), _ => new());
        lane.Add(
            new CompletedChunk(
                chunk.ReaderEpoch,
                chunk.FirstSequence,
                chunk.LastSequence,
                counts.IsDefault ? [] : counts
            )
        );
        if (arrived.CurrentCount == 0)
        {
            arrived.Release();
        }
    }

    /// <summary>Whether a reader's checkpoint was refused: somebody else reads the partition.</summary>
    public bool IsFenced(Lane lane, int partition, long epoch) =>
        lanes.TryGetValue((lane, partition), out LaneProgress? progress)
        && progress.FencedEpoch >= epoch;

    /// <summary>Takes note that somebody else reads the partition.</summary>
    public void NoteFenced(Lane lane, int partition, long epoch) =>
        lanes.GetOrAdd((lane, partition), _ => new()).Fence(epoch);

    public async Task<IReadOnlyDictionary<long, EventOutcome>> FatesAsync(
        EventChunk chunk,
        CancellationToken cancel
    ) => await CheckpointStatements.FatesAsync(sources.Streams, chunk, cancel);

    public async Task FlushAsync(CancellationToken cancel)
    {
        await writing.WaitAsync(cancel);
        try
        {
            await WriteAsync(cancel);
        }
        finally
        {
            writing.Release();
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        bool failed = false;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                // After a failure nothing need arrive for another try.
                await arrived.WaitAsync(failed ? RetryPeriod : Timeout.InfiniteTimeSpan, stop);
                failed = !await TryFlushAsync(stop);
                await Task.Delay(Period, clock, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
        }

        await TryFlushAsync(CancellationToken.None);
    }

    public void Dispose()
    {
        arrived.Dispose();
        writing.Dispose();
    }

    private async Task<bool> TryFlushAsync(CancellationToken cancel)
    {
        try
        {
            await FlushAsync(cancel);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            LogNotWritten(e); // They stay pending: at worst the events are delivered once more.
            return false;
        }
    }

    private async Task WriteAsync(CancellationToken cancel)
    {
        List<LaneWrite> writes = [];
        // A copy of its own making: LINQ over the dictionary itself fails when a lane is added meanwhile.
        foreach (
            ((Lane lane, int partition), LaneProgress progress) in lanes
                .ToArray()
                .OrderBy(l => l.Key)
        )
        {
            if (progress.Pending() is { Count: > 0 } run)
            {
                writes.Add(new LaneWrite(lane, partition, progress, run));
            }
        }

        if (writes.Count == 0)
        {
            return;
        }

        var found = await Commands.RetryConflictsAsync(() =>
            CheckpointStatements.WriteAsync(sources.Streams, writes, cancel)
        );
        bool again = false;
        foreach (LaneWrite write in writes)
        {
            again |= Settle(write, found[(write.Lane, write.Partition)]);
        }

        if (again && arrived.CurrentCount == 0)
        {
            arrived.Release();
        }
    }

    /// <summary>Takes note of what the database said.</summary>
    /// <returns>Whether something is left to be tried again.</returns>
    private bool Settle(LaneWrite write, CheckpointFound found)
    {
        LaneProgress progress = write.Progress;
        if (found.Epoch != write.Epoch)
        {
            progress.Fence(write.Epoch);
            LogFenced(write.Lane, write.Partition, write.Epoch, found.Epoch);
            return false;
        }

        // Written now, or by an earlier try whose answer was lost.
        bool fits = progress.Pass(write.Epoch, found.Sequence);
        if (fits && found.Sequence >= write.First - 1)
        {
            return progress.HasPending;
        }

        // The chunk before is missing: it was completed on another silo that has not written it yet.
        if (!fits || progress.WaitedLongerThan(GapMax, clock.GetUtcNow()))
        {
            progress.Fence(write.Epoch);
            LogGap(write.Lane, write.Partition, found.Sequence, write.First);
            return false;
        }

        return true;
    }

    [LoggerMessage(
        LogEvents.CheckpointsNotWritten,
        LogLevel.Warning,
        "Checkpoints were not written; trying again"
    )]
    private partial void LogNotWritten(Exception exception);

    [LoggerMessage(
        LogEvents.ReaderFenced,
        LogLevel.Warning,
        "Reader {Epoch} of {Lane} partition {Partition} was fenced by reader {NewEpoch}"
    )]
    private partial void LogFenced(Lane lane, int partition, long epoch, long newEpoch);

    [LoggerMessage(
        LogEvents.CheckpointGap,
        LogLevel.Warning,
        "{Lane} partition {Partition} is read anew from {Sequence}: chunks before {First} were never completed"
    )]
    private partial void LogGap(Lane lane, int partition, long sequence, long first);
}

/// <summary>A chunk whose events are all applied.</summary>
internal sealed record CompletedChunk(
    long Epoch,
    long First,
    long Last,
    ImmutableArray<EventCount> Counts
);

/// <summary>What the database has for one lane of one partition.</summary>
internal readonly record struct CheckpointFound(long Epoch, long Sequence);

/// <summary>Consecutive chunks of one reader, to be passed by one checkpoint.</summary>
internal sealed record LaneWrite(
    Lane Lane,
    int Partition,
    LaneProgress Progress,
    List<CompletedChunk> Chunks
)
{
    public long Epoch => Chunks[0].Epoch;

    public long First => Chunks[0].First;

    public long Last => Chunks[^1].Last;
}

/// <summary>Completed chunks of one lane of one partition that no checkpoint has passed yet.</summary>
internal sealed class LaneProgress
{
    private readonly Lock gate = new();
    private readonly LinkedList<CompletedChunk> pending = new();
    private long fencedEpoch;
    private DateTimeOffset? waitingSince;

    public long FencedEpoch => Volatile.Read(ref fencedEpoch);

    public bool HasPending
    {
        get
        {
            lock (gate)
            {
                return pending.Count > 0;
            }
        }
    }

    /// <summary>Notes a completed chunk, unless its reader is fenced or it is here already.</summary>
    public void Add(CompletedChunk chunk)
    {
        lock (gate)
        {
            bool known = pending.Any(p => p.Epoch == chunk.Epoch && p.First == chunk.First);
            if (chunk.Epoch > fencedEpoch && !known)
            {
                pending.AddLast(chunk);
            }
        }
    }

    /// <summary>The oldest chunks that follow one another, of one reader.</summary>
    public List<CompletedChunk> Pending()
    {
        lock (gate)
        {
            List<CompletedChunk> run = [];
            foreach (CompletedChunk chunk in pending)
            {
                if (
                    run.Count > 0
                    && (chunk.Epoch != run[^1].Epoch || chunk.First != run[^1].Last + 1)
                )
                {
                    break;
                }

                run.Add(chunk);
            }

            return run;
        }
    }

    /// <summary>Drops what the checkpoint of this reader has passed.</summary>
    /// <returns>False when the checkpoint is in the middle of a chunk: it can never be passed then.</returns>
    public bool Pass(long epoch, long sequence)
    {
        lock (gate)
        {
            while (
                pending.First is { Value: { } oldest }
                && oldest.Epoch == epoch
                && oldest.Last <= sequence
            )
            {
                pending.RemoveFirst();
                waitingSince = null;
            }

            return pending.First is not { Value: { } next }
                || next.Epoch != epoch
                || next.First > sequence;
        }
    }

    /// <summary>Drops everything of a reader, and of those before it.</summary>
    public void Fence(long epoch)
    {
        lock (gate)
        {
            fencedEpoch = Math.Max(fencedEpoch, epoch);
            waitingSince = null;
            while (pending.First is { Value: { } oldest } && oldest.Epoch <= epoch)
            {
                pending.RemoveFirst();
            }
        }
    }

    /// <summary>Whether the oldest chunk has been waiting for its predecessor for so long.</summary>
    public bool WaitedLongerThan(TimeSpan max, DateTimeOffset now)
    {
        lock (gate)
        {
            waitingSince ??= now;
            return now - waitingSince > max;
        }
    }
}
