using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Runtime;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>
/// The one writer of a partition. Drops known event ids, takes sequence numbers and hands the rest to the silo's
/// group commit. Appends that arrive while a commit runs wait and go together in the next one.
/// </summary>
[GrainType(TypeName)]
[PartitionPlacement]
[KeepAlive]
[Reentrant] // Requests only queue up and await their round; one round runs at a time.
internal sealed partial class PartitionLogGrain(
    ILogStore store,
    PartitionHomes homes,
    IOptions<IngestOptions> options,
    LogInstruments instruments,
    TimeProvider clock,
    ILogger<PartitionLogGrain> logger
) : Grain, IPartitionLogGrain
{
    /// <summary>The grain's type, as its ids have it.</summary>
    public const string TypeName = "cdp.partition-log";

    private readonly RecentEventKeys known = new(
        options.Value.DuplicateRetention,
        options.Value.EventIdsMax
    );
    private readonly LaneLag normalLag = NewLag(options.Value);
    private readonly LaneLag lowLag = NewLag(options.Value);
    private readonly List<Pending> waiting = [];
    private int waitingEvents;
    private Task rounds = Task.CompletedTask;
    private bool lost;
    private LogOwnership owned;
    private long normalNext;
    private long lowNext;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        owned = await store.AcquireAsync(Partition, cancellationToken);
        normalNext = owned.NormalNext;
        lowNext = owned.LowNext;
        DateTimeOffset since = clock.GetUtcNow() - options.Value.DuplicateRetention;
        await store.ReadEventKeysAsync(Partition, since, known.Add, cancellationToken);
        LogAcquired(Partition, owned.Epoch, known.Count);
        if (known.ForgottenEarly > 0)
        {
            LogForgotten(Partition, options.Value.EventIdsMax, known.ForgottenEarly);
        }
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(
        DeactivationReason reason,
        CancellationToken cancellationToken
    )
    {
        store.Release(Partition, owned.Epoch);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task AttachAsync()
    {
        homes.Follow(this, Partition);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<AppendResult> AppendAsync(EventBatch batch)
    {
        LinkEvent[] events = batch.Events;
        if (lost)
        {
            throw new LogUnavailableException("The partition is being taken over; send again.");
        }

        if (waitingEvents + events.Length > options.Value.WaitingEventsMax)
        {
            throw new LogUnavailableException("The partition's queue is full; send again later.");
        }

        Pending pending = new(events);
        try
        {
            DemandRoom(pending);
        }
        catch (LogBehindException)
        {
            instruments.Refused(Partition, events.Length);
            throw;
        }

        waiting.Add(pending);
        waitingEvents += events.Length;
        Take(pending, 1);
        if (rounds.IsCompleted)
        {
            rounds = WriteRoundsAsync();
        }

        AppendResult result = await pending.Done.Task;
        homes.Follow(this, Partition); // A silo that came takes its share of the writing too.
        return result;
    }

    private int Partition => (int)this.GetPrimaryKeyLong();

    private static LaneLag NewLag(IngestOptions options) =>
        new(options.LagEventsMax, options.RetryAfterMax);

    /// <summary>A lane that is too far behind refuses the whole batch: nobody has to know half of it.</summary>
    private void DemandRoom(Pending pending)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (pending.NormalEvents > 0)
        {
            normalLag.DemandRoom(normalNext - 1, store.CheckpointOf(Lane.Normal, Partition), now);
        }

        if (pending.LowEvents > 0)
        {
            lowLag.DemandRoom(lowNext - 1, store.CheckpointOf(Lane.Low, Partition), now);
        }
    }

    /// <summary>Counts events as taken and not written, or, with -1, as no longer so.</summary>
    private void Take(Pending pending, int sign)
    {
        normalLag.Taken += sign * pending.NormalEvents;
        lowLag.Taken += sign * pending.LowEvents;
    }

    private async Task WriteRoundsAsync()
    {
        while (waiting.Count > 0 && !lost)
        {
            Pending[] round = TakeRound();
            await WriteRoundAsync(round);
        }
    }

    private Pending[] TakeRound()
    {
        int count = 0;
        int events = 0;
        while (count < waiting.Count && events < options.Value.RoundEventsMax)
        {
            events += waiting[count++].Events.Length;
        }

        Pending[] round = [.. waiting.Take(count)];
        waiting.RemoveRange(0, count);
        waitingEvents -= events;
        return round;
    }

    private async Task WriteRoundAsync(Pending[] round)
    {
        DateTimeOffset now = clock.GetUtcNow();
        Draft normal = new();
        Draft low = new();
        HashSet<UInt128> fresh = [];
        try
        {
            foreach (Pending pending in round)
            {
                Sort(pending, fresh, normal, low);
            }

            await store.AppendAsync(
                new LogAppend
                {
                    Partition = Partition,
                    Epoch = owned.Epoch,
                    Normal = normal.ToAppend(normalNext),
                    Low = low.ToAppend(lowNext),
                    Counts = CountsOf(round),
                }
            );
        }
        catch (Exception e)
        {
            Lose(round, e);
            return;
        }

        Remember(fresh, now);
        normalNext += normal.Events.Count;
        lowNext += low.Events.Count;
        foreach (Pending pending in round)
        {
            Take(pending, -1);
            Acknowledge(pending);
        }
    }

    private void Sort(Pending pending, HashSet<UInt128> fresh, Draft normal, Draft low)
    {
        for (int i = 0; i < pending.Events.Length; i++)
        {
            LinkEvent e = pending.Events[i];
            UInt128 key = Partitions.EventKey(e.Link.Source, e.EventId, owned.EventKeySecret);
            if (known.Contains(key) || !fresh.Add(key))
            {
                pending.Duplicates.Add(i);
                continue;
            }

            Draft lane = e.Lane == Lane.Normal ? normal : low;
            lane.Events.Add(e);
            lane.Keys.Add(key);
        }
    }

    private void Remember(HashSet<UInt128> fresh, DateTimeOffset now)
    {
        long forgotten = known.ForgottenEarly;
        foreach (UInt128 key in fresh)
        {
            known.Add(key, now);
        }

        known.Forget(now);
        if (known.ForgottenEarly > forgotten)
        {
            LogForgotten(Partition, options.Value.EventIdsMax, known.ForgottenEarly - forgotten);
        }
    }

    // A duplicate may still be on its way to its individual: its reader must reach what was written before it.
    private void Acknowledge(Pending pending) =>
        pending.Done.TrySetResult(
            new AppendResult
            {
                Duplicates = [.. pending.Duplicates],
                NormalSequence = pending.NormalEvents > 0 ? normalNext - 1 : 0,
                LowSequence = pending.LowEvents > 0 ? lowNext - 1 : 0,
            }
        );

    // With the events, in one transaction: whatever ends in between, the books are right.
    private static ImmutableArray<EventCount> CountsOf(Pending[] round)
    {
        EventTally counts = new();
        foreach (Pending pending in round)
        {
            foreach (LinkEvent e in pending.Events)
            {
                counts.Add(e.Stream, CountKind.Received, "");
            }

            foreach (int i in pending.Duplicates)
            {
                counts.Add(pending.Events[i].Stream, CountKind.Duplicate, "");
            }
        }

        return counts.Counts();
    }

    /// <summary>
    /// Whether the round was written is unknown, or another writer took over: nothing in memory can be trusted.
    /// The next activation reads what is really there.
    /// </summary>
    private void Lose(Pending[] round, Exception why)
    {
        lost = true;
        LogLost(Partition, owned.Epoch, why);
        LogUnavailableException answer = why as LogUnavailableException ?? new(why.Message, why);
        foreach (Pending pending in round.Concat(waiting))
        {
            pending.Done.TrySetException(answer);
        }

        waiting.Clear();
        waitingEvents = 0;
        DeactivateOnIdle();
    }

    [LoggerMessage(
        LogEvents.PartitionAcquired,
        LogLevel.Debug,
        "Writing partition {Partition} in epoch {Epoch}, {Keys} event keys known"
    )]
    private partial void LogAcquired(int partition, long epoch, long keys);

    [LoggerMessage(
        LogEvents.PartitionLost,
        LogLevel.Warning,
        "Stopped writing partition {Partition} in epoch {Epoch}; producers will send again"
    )]
    private partial void LogLost(int partition, long epoch, Exception why);

    [LoggerMessage(
        LogEvents.EventKeysForgotten,
        LogLevel.Warning,
        "Partition {Partition} keeps {Max} event ids and forgot {Count} before their time: sent again, their events count twice"
    )]
    private partial void LogForgotten(int partition, int max, long count);

    private sealed class Pending(LinkEvent[] events)
    {
        public LinkEvent[] Events { get; } = events;

        public int LowEvents { get; } = events.Count(e => e.Lane == Lane.Low);

        public int NormalEvents => Events.Length - LowEvents;

        public List<int> Duplicates { get; } = [];

        public TaskCompletionSource<AppendResult> Done { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Draft
    {
        public List<LinkEvent> Events { get; } = [];

        public List<UInt128> Keys { get; } = [];

        public LaneAppend? ToAppend(long first) =>
            Events.Count == 0 ? null : new LaneAppend(first, [.. Events], [.. Keys]);
    }
}
