using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>How a database may break its promises: the simulation must notice each of these.</summary>
internal enum Misbehaviour
{
    None = 0,

    /// <summary>Saves whatever version the writer had in mind.</summary>
    IgnoresVersions = 1,

    /// <summary>Lets a former writer append.</summary>
    ForgetsWriters = 2,

    /// <summary>Moves a checkpoint one event too far.</summary>
    MovesCheckpointsTooFar = 3,

    /// <summary>Says that a commit went well that did not.</summary>
    AcknowledgesTooEarly = 4,

    /// <summary>Forgets what was suppressed or refused.</summary>
    ForgetsFates = 5,

    /// <summary>Gives claims to whoever asks last.</summary>
    LetsTheLastClaim = 6,

    /// <summary>Has damaged what could not be carried out.</summary>
    DamagesOpenDecisions = 7,
}

/// <summary>
/// The tables, and what the statements do to them: each method is one transaction. Written after the SQL, which says why.
/// </summary>
internal sealed class Database(int partitionCount, Misbehaviour broken)
{
    /// <summary>The secret of event keys.</summary>
    public const long Secret = 42;

    private readonly Dictionary<string, Claim> claims = new(StringComparer.Ordinal);

    public Dictionary<(Lane Lane, int Partition), Head> Heads { get; } =
        Lanes(partitionCount, () => new Head());

    public Dictionary<(Lane Lane, int Partition), Reading> Readings { get; } =
        Lanes(partitionCount, () => new Reading());

    public List<StoredChunk> Chunks { get; } = [];

    public Dictionary<string, Snapshot> Snapshots { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<LogPosition, EventOutcome> Fates { get; } =
        new(Comparer<LogPosition>.Create(Order));

    public List<QuarantineItem> Quarantine { get; } = [];

    public EventTally Counts { get; } = new();

    public MergeBook Merges { get; } = new();

    public OpenDecisionBook Open { get; } = new();

    public IReadOnlyDictionary<string, Claim> Claims => claims;

    /// <summary>Told of every state that is saved, and of every checkpoint before it moves.</summary>
    public IDatabaseWatcher Watcher { get; set; } = null!;

    public LogOwnership Acquire(int partition)
    {
        Head normal = Heads[(Lane.Normal, partition)];
        Head low = Heads[(Lane.Low, partition)];
        normal.Epoch++;
        low.Epoch++;
        return new LogOwnership(normal.Epoch, normal.Next, low.Next, Secret);
    }

    public HashSet<int> Commit(List<PendingAppend> group, DateTimeOffset now)
    {
        HashSet<int> refused = [];
        foreach (PendingAppend pending in group)
        {
            LogAppend append = pending.Append;
            bool fits = pending.Lanes.All(lane =>
                lane.Chunks.Count == 0
                || Fits(Heads[(lane.Lane, append.Partition)], append, lane.Chunks[0])
            );
            if (!fits)
            {
                refused.Add(append.Partition);
                continue;
            }

            foreach ((Lane lane, List<EncodedChunk> chunks) in pending.Lanes)
            {
                foreach (EncodedChunk chunk in chunks)
                {
                    Head head = Heads[(lane, append.Partition)];
                    head.Next = chunk.FirstSequence + chunk.Events.Length;
                    Chunks.Add(new StoredChunk(lane, append.Partition, now, chunk));
                }
            }

            Counts.Add(append.Counts);
        }

        return refused;
    }

    public List<(UInt128 Key, DateTimeOffset At)> EventKeys(int partition, DateTimeOffset since) =>
        [
            .. Chunks
                .Where(chunk => chunk.Partition == partition && chunk.ReceivedAt >= since)
                .SelectMany(chunk => chunk.Keys, (chunk, key) => (key, chunk.ReceivedAt)),
        ];

    public CheckpointFound TakeOver(Lane lane, int partition)
    {
        Readings[(lane, partition)].Epoch++;
        return Checkpoint(lane, partition);
    }

    public CheckpointFound Checkpoint(Lane lane, int partition)
    {
        Reading reading = Readings[(lane, partition)];
        return new(reading.Epoch, reading.Checkpoint)
        {
            Redelivered = reading.Redelivered,
            Quarantined = reading.Quarantined,
        };
    }

    public List<StoredChunk> Read(Lane lane, int partition, long position) =>
        [
            .. Chunks
                .Where(chunk =>
                    chunk.Lane == lane
                    && chunk.Partition == partition
                    && chunk.First + chunk.Count > position
                )
                .OrderBy(chunk => chunk.First)
                .Take(LogReads.RowsMax),
        ];

    public List<HeadFound> HeadsOf(int[] partitions) =>
        [
            .. Heads
                .Where(head => partitions.Contains(head.Key.Partition))
                .Select(head => new HeadFound(
                    head.Key.Lane,
                    head.Key.Partition,
                    head.Value.Epoch,
                    head.Value.Next
                )
                {
                    Checkpoint = Checkpoint(head.Key.Lane, head.Key.Partition),
                }),
        ];

    public Dictionary<(Lane, int), CheckpointFound> MoveCheckpoints(List<LaneWrite> writes)
    {
        Dictionary<(Lane, int), CheckpointFound> found = [];
        foreach (LaneWrite write in writes)
        {
            Reading reading = Readings[(write.Lane, write.Partition)];
            if (reading.Epoch == write.Epoch && reading.Checkpoint == write.First - 1)
            {
                long end = Heads[(write.Lane, write.Partition)].Next - 1;
                long last =
                    broken == Misbehaviour.MovesCheckpointsTooFar && write.Last < end
                        ? write.Last + 1
                        : write.Last;
                Watcher.OnCheckpoint(write.Lane, write.Partition, reading.Checkpoint, last);
                reading.Checkpoint = last;
                reading.Redelivered += write.Redelivered;
                reading.Quarantined += write.Quarantined;
                Counts.Add(write.Chunks.SelectMany(chunk => chunk.Counts.Events));
                foreach (LogPosition settled in FatesOf(write.Lane, write.Partition, 0, last))
                {
                    Fates.Remove(settled);
                }
            }

            found[(write.Lane, write.Partition)] = Checkpoint(write.Lane, write.Partition);
        }

        return found;
    }

    public Dictionary<long, EventOutcome> FatesOf(EventChunk chunk) =>
        broken == Misbehaviour.ForgetsFates
            ? []
            : FatesOf(chunk.Lane, chunk.Partition, chunk.FirstSequence, chunk.LastSequence)
                .ToDictionary(position => position.Sequence, position => Fates[position]);

    public HashSet<string> Save(SnapshotWrite[] writes)
    {
        HashSet<string> won = new(StringComparer.Ordinal);
        foreach (SnapshotWrite write in writes)
        {
            Snapshots.TryGetValue(write.Id, out Snapshot? stored);
            if (
                (stored?.Version ?? 0) != write.PreviousVersion
                && broken != Misbehaviour.IgnoresVersions
            )
            {
                continue;
            }

            won.Add(write.Id);
            Snapshot saved = new(
                write.Version,
                write.Data,
                [
                    .. (stored?.Parts ?? []).Where(part =>
                        !write.PartsRemoved.Contains(part.Key)
                        && !write.PartsWritten.Any(written => written.Key == part.Key)
                    ),
                    .. write.PartsWritten,
                ]
            );
            Snapshots[write.Id] = saved;
            Watcher.OnSave(write.Id, saved);
            foreach (string claim in write.ClaimsTaken)
            {
                if (claims.GetValueOrDefault(claim) is { } held && write.Takes(held))
                {
                    claims[claim] = held with
                    {
                        Owner = write.ClaimsOwner ?? write.Id,
                        Rank = write.RankOf(held),
                        Cause = write.ClaimsCause.Rule is null ? held.Cause : write.ClaimsCause,
                    };
                }
            }

            foreach (EventFate fate in write.Fates)
            {
                Fates.TryAdd(fate.Position, fate.Outcome);
                Keep(fate.Kept);
            }
        }

        return won;
    }

    public Dictionary<string, Snapshot> Load(string[] ids) =>
        ids.Where(Snapshots.ContainsKey).ToDictionary(id => id, id => Snapshots[id]);

    public Dictionary<string, Claim> ReadClaims(IEnumerable<string> wanted) =>
        wanted
            .Where(claims.ContainsKey)
            .ToDictionary(claim => claim, claim => Merges.Placed(claim, claims[claim]));

    /// <summary>Makes claims nobody has.</summary>
    /// <returns>Those that were made.</returns>
    public Dictionary<string, Claim> MakeClaims(IEnumerable<KeyValuePair<string, Claim>> wanted)
    {
        Dictionary<string, Claim> made = new(StringComparer.Ordinal);
        foreach (var claim in wanted)
        {
            if (broken == Misbehaviour.LetsTheLastClaim || !claims.ContainsKey(claim.Key))
            {
                made[claim.Key] = claims[claim.Key] = claim.Value;
            }
        }

        return made;
    }

    public bool Restamp(IEnumerable<KeyValuePair<string, Claim>> wanted)
    {
        foreach ((string key, Claim stamped) in wanted)
        {
            if (
                claims.GetValueOrDefault(key) is { } held
                && held.Owner == stamped.Owner
                && held.AnchoredAt < stamped.AnchoredAt
            )
            {
                claims[key] = stamped;
            }
        }

        return true;
    }

    public bool Repoint(IEnumerable<ClaimMove> moves)
    {
        foreach (ClaimMove move in moves)
        {
            if (claims.GetValueOrDefault(move.Claim) is { } held && move.Applies(held))
            {
                claims[move.Claim] = held with
                {
                    Owner = move.To,
                    Rank = move.Rank,
                    Cause = move.Cause,
                };
            }
        }

        return true;
    }

    public bool AddToQuarantine(IEnumerable<QuarantineItem> items)
    {
        foreach (QuarantineItem item in items)
        {
            Keep(item);
            Fates.TryAdd(item.Position!.Value, EventOutcome.Refused(item.Code));
        }

        return true;
    }

    private bool Fits(Head head, LogAppend append, EncodedChunk first) =>
        broken == Misbehaviour.ForgetsWriters
        || (head.Epoch == append.Epoch && head.Next == first.FirstSequence);

    private LogPosition[] FatesOf(Lane lane, int partition, long from, long to) =>
        [
            .. Fates.Keys.Where(at =>
                at.Lane == lane
                && at.Partition == partition
                && at.Sequence >= from
                && at.Sequence <= to
            ),
        ];

    private void Keep(QuarantineItem? item)
    {
        if (item is not null && !Quarantine.Exists(kept => kept.Position == item.Position))
        {
            Quarantine.Add(item);
            Counts.Add(item.Stream, CountKind.Quarantined, item.Code);
        }
    }

    private static int Order(LogPosition left, LogPosition right) =>
        (left.Lane, left.Partition, left.Sequence).CompareTo(
            (right.Lane, right.Partition, right.Sequence)
        );

    private static Dictionary<(Lane, int), T> Lanes<T>(int partitionCount, Func<T> make) =>
        Enum.GetValues<Lane>()
            .SelectMany(lane => Enumerable.Range(0, partitionCount).Select(p => (lane, p)))
            .ToDictionary(lane => lane, _ => make());
}

/// <summary>Where the log of a lane ends, and who writes it.</summary>
internal sealed class Head
{
    public long Epoch { get; set; }

    public long Next { get; set; } = 1;
}

/// <summary>Up to where a lane is applied, and who reads it.</summary>
internal sealed class Reading
{
    public long Epoch { get; set; }

    public long Checkpoint { get; set; }

    public long Redelivered { get; set; }

    public long Quarantined { get; set; }
}

/// <summary>A row of the log.</summary>
internal sealed record StoredChunk(
    Lane Lane,
    int Partition,
    DateTimeOffset ReceivedAt,
    EncodedChunk Row
)
{
    public long First => Row.FirstSequence;

    public int Count => Row.Events.Length;

    public IEnumerable<SequencedEvent> Events =>
        Row.Events.Select((e, i) => new SequencedEvent(First + i, e));

    public IEnumerable<UInt128> Keys =>
        Row.Events.Select(e => Partitions.EventKey(e.Link.Source, e.EventId, Database.Secret));
}

/// <summary>Sees what becomes durable.</summary>
internal interface IDatabaseWatcher
{
    void OnSave(string id, Snapshot saved);

    void OnCheckpoint(Lane lane, int partition, long before, long after);
}
