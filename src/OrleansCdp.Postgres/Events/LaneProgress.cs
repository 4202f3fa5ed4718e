using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>A chunk whose events are all applied.</summary>
internal sealed record CompletedChunk(long Epoch, long First, long Last, DeliveryCounts Counts);

/// <summary>What the database has for one lane of one partition. None of it ever falls.</summary>
internal readonly record struct CheckpointFound(long Epoch, long Sequence)
{
    public long Redelivered { get; init; }

    public long Quarantined { get; init; }

    /// <summary>The later of two looks.</summary>
    public CheckpointFound Max(CheckpointFound other) =>
        new(Math.Max(Epoch, other.Epoch), Math.Max(Sequence, other.Sequence))
        {
            Redelivered = Math.Max(Redelivered, other.Redelivered),
            Quarantined = Math.Max(Quarantined, other.Quarantined),
        };
}

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

    public long Redelivered => Chunks.Sum(chunk => (long)chunk.Counts.Redelivered);

    public long Quarantined => Chunks.Sum(chunk => (long)chunk.Counts.Quarantined);
}

/// <summary>Completed chunks of one lane of one partition that no checkpoint has passed yet.</summary>
internal sealed class LaneProgress
{
    private readonly Lock gate = new();
    private readonly LinkedList<CompletedChunk> pending = new();
    private long appliedEpoch;
    private long appliedSequence;
    private long fencedEpoch;
    private CheckpointFound found;
    private DateTimeOffset? waitingSince;

    /// <summary>Set when a chunk is applied in this silo.</summary>
    public Signal Applied { get; } = new();

    public long FencedEpoch => Volatile.Read(ref fencedEpoch);

    /// <summary>The newest that is known of what the database has.</summary>
    public CheckpointFound Found
    {
        get
        {
            lock (gate)
            {
                return found;
            }
        }
    }

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
            if ((chunk.Epoch, chunk.Last).CompareTo((appliedEpoch, appliedSequence)) > 0)
            {
                (appliedEpoch, appliedSequence) = (chunk.Epoch, chunk.Last);
            }

            Applied.Set();
            bool known = pending.Any(p => p.Epoch == chunk.Epoch && p.First == chunk.First);
            if (chunk.Epoch > fencedEpoch && !known)
            {
                pending.AddLast(chunk);
            }
        }
    }

    /// <summary>Takes note of what the database has.</summary>
    public void NoteFound(CheckpointFound seen)
    {
        lock (gate)
        {
            found = found.Max(seen);
        }
    }

    /// <summary>Whether everything of a reader up to a sequence is applied.</summary>
    public bool IsApplied(long epoch, long sequence)
    {
        lock (gate)
        {
            return appliedEpoch == epoch && appliedSequence >= sequence;
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
