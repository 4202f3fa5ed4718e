using System.Collections.Concurrent;
using System.Collections.Immutable;
using Orleans.Storage;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>
/// The database's promises without a database: compare-and-set, first claim wins, one transaction. It can be told to
/// fail before or after a commit.
/// </summary>
internal sealed class FakeDatabase
    : ISnapshotStore,
        ILogStore,
        IQuarantineStore,
        IStatusStore,
        ICheckpoints
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, long> epochs = [];

    public Dictionary<LogPosition, EventOutcome> Fates { get; } = [];

    public ConcurrentDictionary<string, Snapshot> Snapshots { get; } = new();

    /// <summary>When chunks are received.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public List<(int Partition, Lane Lane, LaneAppend Append, DateTimeOffset At)> Log { get; } = [];

    public List<QuarantineItem> Quarantined { get; } = [];

    public List<EventCount> Counts { get; } = [];

    /// <summary>Claims, and who is one person.</summary>
    public FakeIdentity Identity { get; } = new();

    /// <summary>Who is due.</summary>
    public FakeDue Due { get; } = new();

    /// <summary>Who entered or left a segment, by id.</summary>
    public FakeMemberships Memberships { get; } = new();

    /// <summary>Messages that wait, the newest of each topic of an id.</summary>
    public ConcurrentDictionary<(string Id, string Topic), OutboxRow> Outbox { get; } = new();

    /// <summary>Called before every read of a state; throw to fail it.</summary>
    public Action<string> OnLoad { get; set; } = _ => { };

    /// <summary>Called before and after every save; throw to fail it.</summary>
    public Action<SnapshotWrite, bool> OnSave { get; set; } = (_, _) => { };

    /// <summary>How far the readers are; null where they are never behind.</summary>
    public Func<Lane, int, long>? Checkpoint { get; set; }

    /// <summary>What appends wait for.</summary>
    public Task AppendGate { get; set; } = Task.CompletedTask;

    /// <summary>Called before and after every append; throw to fail it.</summary>
    public Action<LogAppend, bool> OnAppend { get; set; } = (_, _) => { };

    public Task<Snapshot?> LoadAsync(string id, CancellationToken cancel)
    {
        OnLoad(id);
        return Task.FromResult(Snapshots.GetValueOrDefault(id));
    }

    public Task SaveAsync(SnapshotWrite write)
    {
        OnSave(write, false);
        lock (gate)
        {
            long version = Snapshots.TryGetValue(write.Id, out Snapshot? known) ? known.Version : 0;
            if (version != write.PreviousVersion)
            {
                throw new InconsistentStateException($"{write.Id} is at version {version}.");
            }

            Snapshots[write.Id] = new Snapshot(
                write.Version,
                write.Data,
                [
                    .. (known?.Parts ?? []).Where(part =>
                        !write.PartsRemoved.Contains(part.Key)
                        && !write.PartsWritten.Any(changed => changed.Key == part.Key)
                    ),
                    .. write.PartsWritten,
                ]
            );
            foreach (EventFate fate in write.Fates)
            {
                Fates.TryAdd(fate.Position, fate.Outcome);
                Add(fate.Kept);
            }

            Identity.Take(write);
            Due.Take(write);
            Memberships.Take(write);
            foreach (OutboxRow row in write.Outbox)
            {
                Outbox[(write.Id, row.Topic)] = row;
            }
        }

        OnSave(write, true);
        return Task.CompletedTask;
    }

    public Task<LogOwnership> AcquireAsync(int partition, CancellationToken cancel)
    {
        lock (gate)
        {
            epochs[partition] = epochs.GetValueOrDefault(partition) + 1;
            return Task.FromResult(
                new LogOwnership(
                    epochs[partition],
                    NextOf(partition, Lane.Normal),
                    NextOf(partition, Lane.Low),
                    42
                )
            );
        }
    }

    public Task ReadEventKeysAsync(
        int partition,
        DateTimeOffset since,
        Action<UInt128, DateTimeOffset> remember,
        CancellationToken cancel
    )
    {
        lock (gate)
        {
            foreach (var chunk in Log.Where(c => c.Partition == partition && c.At >= since))
            {
                foreach (UInt128 key in chunk.Append.Keys)
                {
                    remember(key, chunk.At);
                }
            }
        }

        return Task.CompletedTask;
    }

    public async Task AppendAsync(LogAppend append)
    {
        OnAppend(append, false);
        await AppendGate;
        lock (gate)
        {
            if (epochs[append.Partition] != append.Epoch)
            {
                throw new LogUnavailableException("fenced");
            }

            foreach (Lane lane in Enum.GetValues<Lane>())
            {
                LaneAppend? chunk = lane == Lane.Normal ? append.Normal : append.Low;
                if (chunk is not null)
                {
                    chunk.FirstSequence.ShouldBe(NextOf(append.Partition, lane));
                    Log.Add((append.Partition, lane, chunk, Clock.GetUtcNow()));
                }
            }

            Counts.AddRange(append.Counts);
        }

        OnAppend(append, true);
    }

    public long CheckpointOf(Lane lane, int partition) =>
        Checkpoint?.Invoke(lane, partition) ?? long.MaxValue / 2;

    public void Release(int partition, long epoch) { }

    public Task AddAsync(IReadOnlyCollection<QuarantineItem> items, CancellationToken cancel)
    {
        lock (gate)
        {
            foreach (QuarantineItem item in items)
            {
                Add(item);
            }
        }

        return Task.CompletedTask;
    }

    public Task<ImmutableArray<QuarantineItem>> ListAsync(
        QuarantineFilter filter,
        CancellationToken cancel
    ) => Task.FromResult(Quarantined.ToImmutableArray());

    public Task MarkReplayedAsync(IReadOnlyCollection<long> ids, CancellationToken cancel) =>
        Task.CompletedTask;

    public Task CountAsync(IReadOnlyCollection<EventCount> counts, CancellationToken cancel)
    {
        lock (gate)
        {
            Counts.AddRange(counts);
        }

        return Task.CompletedTask;
    }

    public long CountOf(string stream, CountKind kind)
    {
        lock (gate)
        {
            return Counts
                .Where(count => count.Stream == stream && count.Kind == kind)
                .Sum(count => count.Count);
        }
    }

    public int SavesWaiting => 0;

    /// <summary>How often the cluster's state was asked for.</summary>
    public int StatusReads { get; private set; }

    Task<ClusterStatus> IStatusStore.ReadAsync(CancellationToken cancel)
    {
        StatusReads++;
        return Task.FromResult(
            new ClusterStatus
            {
                Partitions = [],
                Counts = [.. Counts],
                Silos = [],
                Definitions = 0,
            }
        );
    }

    public Task<ImmutableArray<PartitionStatus>> PartitionsAsync(CancellationToken cancel) =>
        Task.FromResult<ImmutableArray<PartitionStatus>>([]);

    public void Complete(EventChunk chunk, DeliveryCounts counts)
    {
        lock (gate)
        {
            Counts.AddRange(counts.Events);
        }
    }

    public Task<IReadOnlyDictionary<long, EventOutcome>> FatesAsync(
        EventChunk chunk,
        CancellationToken cancel
    )
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyDictionary<long, EventOutcome>>(
                Fates
                    .Where(fate =>
                        fate.Key.Lane == chunk.Lane
                        && fate.Key.Partition == chunk.Partition
                        && fate.Key.Sequence >= chunk.FirstSequence
                        && fate.Key.Sequence <= chunk.LastSequence
                    )
                    .ToDictionary(fate => fate.Key.Sequence, fate => fate.Value)
            );
        }
    }

    public Task FlushAsync(CancellationToken cancel) => Task.CompletedTask;

    private void Add(QuarantineItem? item)
    {
        if (item is null || (item.Position is not null && IsKept(item.Position)))
        {
            return;
        }

        Quarantined.Add(item);
        if (item.Position is { } position)
        {
            Fates.TryAdd(position, EventOutcome.Refused(item.Code));
        }

        Counts.Add(new EventCount(item.Stream, CountKind.Quarantined, item.Code, 1));
        if (item.Position is null)
        {
            Counts.Add(new EventCount(item.Stream, CountKind.Received, "", 1));
        }
    }

    private bool IsKept(LogPosition? position) =>
        Quarantined.Exists(kept => kept.Position == position);

    private long NextOf(int partition, Lane lane) =>
        1
        + Log.Where(chunk => chunk.Partition == partition && chunk.Lane == lane)
            .Sum(chunk => (long)chunk.Append.Events.Length);
}
