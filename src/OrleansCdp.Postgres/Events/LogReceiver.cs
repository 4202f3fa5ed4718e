using Microsoft.Extensions.Logging;
using Orleans.Streams;

namespace OrleansCdp.Events;

/// <summary>What every reader of this silo shares.</summary>
internal sealed record LogReaderServices(
    ILogReads Reads,
    PartitionTails Tails,
    Checkpoints Checkpoints,
    PartitionOwnership Ownership,
    IGrainFactory Grains,
    TimeProvider Clock,
    ILogger<LogReceiver> Logger
);

/// <summary>
/// Reads one lane of one partition for its stream: from the tail while the writer is here, from the database
/// otherwise. Waits a while for events before it answers with none, so that a fresh event is delivered at once.
/// </summary>
internal sealed partial class LogReceiver(Lane lane, int partition, LogReaderServices services)
    : IQueueAdapterReceiver
{
    /// <summary>
    /// How long an answer may wait for events. Dozens of readers that end their wait are what an idle silo does most.
    /// </summary>
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(10);

    /// <summary>How often a reader without a writer here says that it still waits.</summary>
    private static readonly TimeSpan WantPeriod = PartitionTails.InterestPeriod / 2;

    /// <summary>How long a fenced reader leaves the partition alone before it looks whether it is its own after all.</summary>
    private static readonly TimeSpan FencedPause = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long something may be under way before it counts as lost and is given again, which changes nothing. Longer
    /// than anything takes while the database is there.
    /// </summary>
    private static readonly TimeSpan LostAfter = TimeSpan.FromMinutes(5);

    /// <summary>How long to wait for what this silo applies before the grain itself is asked.</summary>
    private static readonly TimeSpan RemoteLook = TimeSpan.FromMilliseconds(200);

    /// <summary>How long to wait for events that should be in the database and are not.</summary>
    private static readonly TimeSpan MissingPause = TimeSpan.FromSeconds(1);

    /// <summary>How often the writer is asked to come while there is none here.</summary>
    private static readonly TimeSpan AttachPeriod = TimeSpan.FromSeconds(5);

    private readonly PartitionTail tail = services.Tails.Of(lane, partition);
    private readonly ILogger logger = services.Logger;
    private readonly BatchSize size = new();
    private long epoch;
    private long position;
    private long handedOut;
    private DateTimeOffset handedOutAt;
    private int handedOutEvents;
    private bool lookFirst;
    private DateTimeOffset fencedSince;
    private DateTimeOffset attachAt;
    private int changesSeen;

    /// <summary>Whether silos came or went since this reader looked whether it still is the reader.</summary>
    private bool HasNews => services.Ownership.Changes != changesSeen;

    public Task Initialize(TimeSpan timeout) => Initialize(timeout, CancellationToken.None);

    public async Task Initialize(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, services.Clock);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(
            deadline.Token,
            cancellationToken
        );
        await TakeOverAsync(until.Token);
    }

    public Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount) =>
        GetQueueMessagesAsync(maxCount, CancellationToken.None);

    public async Task<IList<IBatchContainer>> GetQueueMessagesAsync(
        int maxCount,
        CancellationToken cancellationToken
    )
    {
        using var deadline = new CancellationTokenSource(LongPoll, services.Clock);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(
            deadline.Token,
            cancellationToken
        );
        try
        {
            if (!await EnsureOwnedAsync(cancellationToken))
            {
                await Task.Delay(FencedPause, services.Clock, cancellationToken);
                return [];
            }

            if (!await IsAppliedAsync(until.Token, cancellationToken))
            {
                return [];
            }

            NoteApplied();
            return await ReadAsync(until.Token, cancellationToken);
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
            return []; // Nothing came, or the queue goes elsewhere.
        }
    }

    /// <summary>Nothing to do: the partition's grain says what is applied, through the checkpoints.</summary>
    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages) => Task.CompletedTask;

    public Task Shutdown(TimeSpan timeout) => Shutdown(timeout, CancellationToken.None);

    public async Task Shutdown(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (epoch != 0)
        {
            epoch = 0;
            tail.RemoveReader();
        }

        await services
            .Checkpoints.FlushAsync(cancellationToken)
            .WaitAsync(timeout, cancellationToken);
    }

    /// <summary>Takes note, once, of how long it took to apply what was handed out last.</summary>
    private void NoteApplied()
    {
        if (handedOutEvents > 0)
        {
            size.NoteApplied(handedOutEvents, services.Clock.GetUtcNow() - handedOutAt);
            handedOutEvents = 0;
        }
    }

    /// <summary>
    /// Whether everything handed out is applied. What arrives meanwhile is handed out together, as with any group
    /// commit: the busier the partition, the more of a person's events share a save.
    /// </summary>
    private async Task<bool> IsAppliedAsync(CancellationToken until, CancellationToken cancel)
    {
        while (true)
        {
            Signal applied = services.Checkpoints.AppliedOf(lane, partition);
            long seen = applied.Times;
            if (handedOut == 0 || services.Checkpoints.IsApplied(lane, partition, epoch, handedOut))
            {
                return true;
            }

            bool heard = await applied.WaitAsync(seen, RemoteLook, services.Clock, until);
            // The grain that applies may be on another silo, where it stays when a partition moves.
            if (!heard && await IsAppliedElsewhereAsync(until, cancel))
            {
                return true;
            }

            if (until.IsCancellationRequested || HasNews)
            {
                return false;
            }
        }
    }

    /// <summary>
    /// Whether another silo has applied what was handed out, and its checkpoint says so. The grain is asked first, and
    /// the database without it at the end of a wait: the grain may be a new one, which has applied nothing yet.
    /// </summary>
    private async Task<bool> IsAppliedElsewhereAsync(
        CancellationToken until,
        CancellationToken cancel
    )
    {
        bool isEnd = until.IsCancellationRequested;
        if (!isEnd)
        {
            PartitionProgress progress = await services
                .Grains.GetGrain<IIngestPartitionGrain>(EventStreams.KeyOf(lane, partition))
                .GetProgressAsync(handedOut);
            if (progress.AppliedSequence < handedOut)
            {
                return false;
            }
        }

        (_, long checkpoint) = await FindCheckpointAsync(cancel);
        if (checkpoint >= handedOut)
        {
            handedOut = 0; // Or every further wait would ask the same again, for this silo will never hear of it.
            return true;
        }

        if (isEnd && services.Clock.GetUtcNow() - handedOutAt > LostAfter)
        {
            LogLost(lane, partition, checkpoint + 1, handedOut);
            await TakeOverAsync(cancel);
        }

        return false;
    }

    private async Task<bool> EnsureOwnedAsync(CancellationToken cancel)
    {
        if (epoch == 0)
        {
            await TakeOverAsync(cancel);
            return true;
        }

        await LookAfterChangeAsync(cancel);
        if (!services.Checkpoints.IsFenced(lane, partition, epoch))
        {
            return true;
        }

        DateTimeOffset now = services.Clock.GetUtcNow();
        if (fencedSince == default)
        {
            fencedSince = now;
        }

        // Somebody else reads. If this silo still owns the partition after a pause, it was a former owner's late
        // doing; otherwise the balancer will soon take the queue from here.
        if (now - fencedSince < FencedPause || !services.Ownership.Owns(lane, partition))
        {
            return false;
        }

        await TakeOverAsync(cancel);
        return true;
    }

    /// <summary>
    /// A reader with nothing to do learns nothing from its checkpoints, so after silos came or went it asks.
    /// </summary>
    private async Task LookAfterChangeAsync(CancellationToken cancel)
    {
        if (!HasNews)
        {
            return;
        }

        int changes = services.Ownership.Changes;
        (long now, long checkpoint) = await FindCheckpointAsync(cancel);
        if (now == epoch && handedOut > checkpoint)
        {
            // Whoever applied it may have gone before it said so: what it was given is given again.
            await TakeOverAsync(cancel);
            return;
        }

        if (now != epoch)
        {
            services.Checkpoints.NoteFenced(lane, partition, epoch);
        }

        changesSeen = changes;
    }

    private async Task TakeOverAsync(CancellationToken cancel)
    {
        changesSeen = services.Ownership.Changes;
        CheckpointFound taken = await services.Reads.TakeOverAsync(lane, partition, cancel);
        services.Checkpoints.NoteFound(lane, partition, taken);
        if (epoch == 0)
        {
            tail.AddReader();
        }

        epoch = taken.Epoch;
        position = taken.Sequence + 1;
        handedOut = 0;
        handedOutEvents = 0;
        lookFirst = true;
        fencedSince = default;
        LogReading(lane, partition, position, epoch);
        RequestWriter();
    }

    private async Task<CheckpointFound> FindCheckpointAsync(CancellationToken cancel)
    {
        CheckpointFound found = await services.Reads.CheckpointAsync(lane, partition, cancel);
        services.Checkpoints.NoteFound(lane, partition, found);
        return found;
    }

    /// <summary>Reads until something is found, or <paramref name="until"/> is cancelled.</summary>
    private async Task<IList<IBatchContainer>> ReadAsync(
        CancellationToken until,
        CancellationToken cancel
    )
    {
        while (true)
        {
            BatchBuilder batches = new(lane, partition, epoch, position, size.Events);
            long seen = tail.Changed.Times; // Before the look, so that no change falls between.
            TailState state = tail.Take(position, batches);
            if (state == TailState.InDatabase || (lookFirst && state != TailState.Events))
            {
                await services.Reads.ReadAsync(lane, partition, batches, cancel);
                lookFirst = false;
            }

            if (batches.Build() is { } batch)
            {
                position = batches.Position;
                handedOut = position - 1;
                handedOutAt = services.Clock.GetUtcNow();
                handedOutEvents = batch.Chunk.Events.Length;
                return [batch];
            }

            TimeSpan wait = Timeout.InfiniteTimeSpan;
            if (state == TailState.WaitForPoll)
            {
                services.Tails.Want(lane, partition);
                wait = WantPeriod;
                if (services.Clock.GetUtcNow() >= attachAt)
                {
                    RequestWriter();
                }
            }

            if (HasNews)
            {
                return []; // Looked at only now: news of later end the wait.
            }

            if (state == TailState.InDatabase)
            {
                // The tail has heard of events that the database does not show: to ask at once again would help nobody.
                await Task.Delay(MissingPause, services.Clock, until);
            }
            else
            {
                await tail.Changed.WaitAsync(seen, wait, services.Clock, until);
            }

            if (until.IsCancellationRequested)
            {
                return [];
            }
        }
    }

    /// <summary>
    /// Asks for a writer, which comes to this silo if it is nowhere yet; then nobody needs to ask the database.
    /// </summary>
    private void RequestWriter()
    {
        attachAt = services.Clock.GetUtcNow() + AttachPeriod;
        _ = AttachAsync();
    }

    private async Task AttachAsync()
    {
        try
        {
            await services.Grains.GetGrain<IPartitionLogGrain>(partition).AttachAsync();
        }
        catch (Exception e)
        {
            LogNotAttached(e, partition); // Tried again; until then the database is polled.
        }
    }

    [LoggerMessage(
        LogEvents.ReaderStarted,
        LogLevel.Debug,
        "Reading {Lane} partition {Partition} from {Position} as reader {Epoch}"
    )]
    private partial void LogReading(Lane lane, int partition, long position, long epoch);

    [LoggerMessage(
        LogEvents.DeliveryLost,
        LogLevel.Warning,
        "Nobody says that {Lane} partition {Partition} is applied from {First} to {Last}: it is delivered again"
    )]
    private partial void LogLost(Lane lane, int partition, long first, long last);

    [LoggerMessage(
        LogEvents.WriterNotAttached,
        LogLevel.Warning,
        "The writer of partition {Partition} did not come; reading goes on by polling"
    )]
    private partial void LogNotAttached(Exception exception, int partition);
}
