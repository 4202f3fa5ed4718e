using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Npgsql;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>
/// Writes checkpoints of all partitions of this silo together, with the counts of exactly those chunks that a
/// checkpoint passes.
/// </summary>
internal sealed partial class Checkpoints(
    ICheckpointStatements statements,
    TimeProvider clock,
    ILogger<Checkpoints> logger
) : ICheckpoints, IBackgroundLoop, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(1);

    /// <summary>How long a chunk may wait for the one before it, which another silo may still be writing.</summary>
    private static readonly TimeSpan GapMax = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(Lane, int), LaneProgress> lanes = new();
    private readonly Signal arrived = new();
    private readonly SemaphoreSlim writing = new(1);

    public string Name => "checkpoint writer";

    public void Complete(EventChunk chunk, DeliveryCounts counts)
    {
        LaneProgress lane = lanes.GetOrAdd((chunk.Lane, chunk.Partition), _ => new());
        lane.Add(
            new CompletedChunk(chunk.ReaderEpoch, chunk.FirstSequence, chunk.LastSequence, counts)
        );
        arrived.Set();
    }

    /// <summary>Whether a reader's chunks up to a sequence are applied, as far as this silo has seen.</summary>
    public bool IsApplied(Lane lane, int partition, long epoch, long sequence) =>
        lanes.TryGetValue((lane, partition), out LaneProgress? progress)
        && progress.IsApplied(epoch, sequence);

    /// <summary>Set when a chunk of a lane is applied in this silo.</summary>
    public Signal AppliedOf(Lane lane, int partition) =>
        lanes.GetOrAdd((lane, partition), _ => new()).Applied;

    /// <summary>
    /// The newest that this silo knows of what the database has; all 0 before it has looked. It knows it all while it
    /// reads the partition; otherwise <see cref="PartitionTails.Want"/> makes it look.
    /// </summary>
    public CheckpointFound LastFound(Lane lane, int partition) =>
        lanes.TryGetValue((lane, partition), out LaneProgress? progress) ? progress.Found : default;

    /// <summary>Takes note of what the database has.</summary>
    public void NoteFound(Lane lane, int partition, CheckpointFound found) =>
        lanes.GetOrAdd((lane, partition), _ => new()).NoteFound(found);

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
    ) => await statements.FatesAsync(chunk, cancel);

    public async Task FlushAsync(CancellationToken cancel)
    {
        await writing.WaitAsync(CancellationToken.None); // Whoever writes now ends by itself.
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
        long seen = 0;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                // After a failure nothing need arrive for another try.
                TimeSpan wait = failed ? RetryPeriod : Timeout.InfiniteTimeSpan;
                await arrived.WaitAsync(seen, wait, clock, stop);
                seen = arrived.Times;
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

    public void Dispose() => writing.Dispose();

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

        var found = await Commands.RetryConflictsAsync(() => statements.WriteAsync(writes, cancel));
        bool again = false;
        foreach (LaneWrite write in writes)
        {
            again |= Settle(write, found[(write.Lane, write.Partition)]);
        }

        if (again)
        {
            arrived.Set();
        }
    }

    /// <summary>Takes note of what the database said.</summary>
    /// <returns>Whether something is left to be tried again.</returns>
    private bool Settle(LaneWrite write, CheckpointFound found)
    {
        LaneProgress progress = write.Progress;
        progress.NoteFound(found);
        if (found.Epoch != write.Epoch)
        {
            progress.Fence(write.Epoch);
            LogFenced(write.Lane, write.Partition, write.Epoch, found.Epoch);
            return progress.HasPending; // Of the reader after it, who may well be here too.
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
            return progress.HasPending;
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
