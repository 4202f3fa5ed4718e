using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>
/// The stored states, read as an activation reads them, at every save; and what must hold of them at any moment.
/// </summary>
internal sealed class DurableStates(Scheduler scheduler, Database database, SiloParts parts)
    : IDatabaseWatcher
{
    private readonly Dictionary<(LinkKey Link, Lane Lane), long> applied = [];

    /// <summary>What did not hold, with the words that find it in the trace.</summary>
    public List<Finding> Findings { get; } = [];

    public SortedDictionary<string, UnifiedIndividual> Individuals { get; } =
        new(StringComparer.Ordinal);

    public SortedDictionary<string, Account> Accounts { get; } = new(StringComparer.Ordinal);

    public void OnSave(string id, Snapshot saved)
    {
        if (Identity.SubjectIds.IsAccount(id))
        {
            Account next = Read(id, saved, AccountShape.Instance);
            Compare(id, Accounts.GetValueOrDefault(id)?.Links, next.Links);
            Accounts[id] = next;
        }
        else
        {
            UnifiedIndividual next = Read(id, saved, IndividualShape.Instance);
            Compare(id, Individuals.GetValueOrDefault(id)?.Links, next.Links);
            Individuals[id] = next;
            if (next.ElsewhereAt is { } other && !next.Links.Links.IsEmpty)
            {
                // Whoever reads one of them is sent to where it is not.
                Find($"{id} sends readers to {other} and has {next.Links.Links[0].Key}", id);
            }
        }
    }

    public void OnCheckpoint(Lane lane, int partition, long before, long after)
    {
        foreach (StoredChunk chunk in database.Chunks)
        {
            if (chunk.Lane != lane || chunk.Partition != partition || chunk.First > after)
            {
                continue;
            }

            foreach (SequencedEvent e in chunk.Events)
            {
                if (e.Sequence > before && e.Sequence <= after && !IsDurable(lane, partition, e))
                {
                    Find(
                        $"the checkpoint of {lane} {partition} passes {e.Event.EventId} at {e.Sequence}, which is nowhere",
                        e.Event.Link.ToString()
                    );
                }
            }
        }
    }

    private bool IsDurable(Lane lane, int partition, SequencedEvent e)
    {
        LogPosition at = new(lane, partition, e.Sequence);
        return applied.GetValueOrDefault((e.Event.Link, lane)) >= e.Sequence
            || database.Fates.ContainsKey(at)
            || database.Quarantine.Exists(item => item.Position == at);
    }

    private void Compare(string id, LinkSet? before, LinkSet after)
    {
        foreach (Link link in after.Links)
        {
            if (
                before?.Find(link.Key) is { } known
                && (link.AppliedNormal < known.AppliedNormal || link.AppliedLow < known.AppliedLow)
            )
            {
                Find($"{link.Key} in {id} goes back to an earlier event", link.Key.ToString());
            }

            if (before?.Find(link.Key) != link)
            {
                scheduler.Note($"    {id} has {link.Key} {link.AppliedNormal}/{link.AppliedLow}");
            }

            Advance((link.Key, Lane.Normal), link.AppliedNormal);
            Advance((link.Key, Lane.Low), link.AppliedLow);
        }
    }

    private void Advance((LinkKey, Lane) lane, long sequence) =>
        applied[lane] = Math.Max(applied.GetValueOrDefault(lane), sequence);

    private void Find(string what, params string[] about) => Findings.Add(new Finding(what, about));

    private T Read<T>(string id, Snapshot saved, IStateShape<T> shape)
        where T : class
    {
        SnapshotCell<T> cell = new(id, new OneSnapshot(saved), parts.Serializer, shape);
#pragma warning disable VSTHRD002 // Nothing is waited for: the snapshot is at hand.
        return cell.LoadAsync(CancellationToken.None).GetAwaiter().GetResult()!;
#pragma warning restore VSTHRD002
    }

    private sealed class OneSnapshot(Snapshot saved) : ISnapshotStore
    {
        public Task<Snapshot?> LoadAsync(string id, CancellationToken cancel) =>
            Task.FromResult<Snapshot?>(saved);

        public Task SaveAsync(SnapshotWrite write) => throw new NotSupportedException();
    }
}

/// <summary>Something that should not be.</summary>
/// <param name="What">In words.</param>
/// <param name="About">Words that find it in the trace.</param>
internal sealed record Finding(string What, IReadOnlyCollection<string> About);
