using Orleans.Serialization;

namespace OrleansCdp;

/// <summary>How a state is cut into parts that change apart from one another.</summary>
/// <typeparam name="T">The state.</typeparam>
internal interface IStateShape<T>
    where T : class
{
    /// <summary>Says which parts differ. States are immutable: what is the same object is not looked into.</summary>
    /// <param name="before">The state stored last; null for none.</param>
    /// <param name="after">The state to be stored.</param>
    /// <param name="changes">Takes the parts.</param>
    void Compare(T? before, T after, IPartChanges changes);

    /// <summary>Puts a state together, exactly as it was.</summary>
    /// <param name="parts">What is stored.</param>
    /// <param name="changes">Takes what an earlier program stored in another form, for the next save.</param>
    T Assemble(IStoredParts parts, IPartChanges changes);
}

/// <summary>The stored state of one individual or account, as its grain holds it.</summary>
/// <typeparam name="T">The state.</typeparam>
internal sealed class SnapshotCell<T>(
    string id,
    ISnapshotStore store,
    Serializer serializer,
    IStateShape<T> shape
)
    where T : class
{
    private StateParts parts = new(id, serializer);
    private T? prepared;

    /// <summary>The version loaded or saved last; 0 where nothing is stored.</summary>
    public long Version { get; private set; }

    /// <summary>Reads the state; null when there is none.</summary>
    /// <exception cref="CorruptSnapshotException">
    /// The stored bytes are not what was written, or a newer program wrote them.
    /// </exception>
    public async Task<T?> LoadAsync(CancellationToken cancel)
    {
        Snapshot? snapshot = await store.LoadAsync(id, cancel);
        if (snapshot is null)
        {
            return null;
        }

        try
        {
            parts.Open(snapshot);
            prepared = shape.Assemble(parts, parts);
        }
        catch (Exception e) when (e is not (CorruptSnapshotException or OutOfMemoryException))
        {
            // Only the kind of the failure: its message may tell of what is stored.
            throw new CorruptSnapshotException(
                $"The snapshot of {id} is whole, and this program cannot read it ({e.GetType().Name}).",
                snapshot,
                unreadable: e
            );
        }

        parts.EndReading();
        Version = snapshot.Version;
        return prepared;
    }

    /// <summary>
    /// The save of a state; the caller adds what must be true at the same instant. A save that fails leaves nothing
    /// here that could be saved: load anew.
    /// </summary>
    public SnapshotWrite Prepare(T state)
    {
        shape.Compare(prepared, state, parts);
        prepared = state;
        var (data, written, removed) = parts.Close();
        return new SnapshotWrite
        {
            Id = id,
            PreviousVersion = Version,
            Version = Version + 1,
            Data = data,
            PartsWritten = written,
            PartsRemoved = removed,
        };
    }

    /// <summary>The save of a state in place of one that is damaged: nothing stored is kept.</summary>
    public SnapshotWrite PrepareInstead(Snapshot damaged, T state)
    {
        parts = new StateParts(id, serializer);
        prepared = null;
        Version = damaged.Version;
        SnapshotWrite write = Prepare(state);
        return write with
        {
            PartsRemoved =
            [
                .. damaged
                    .Parts.Select(part => part.Key)
                    .Except(write.PartsWritten.Select(part => part.Key), StringComparer.Ordinal),
            ],
        };
    }

    /// <summary>Whether what is stored is what was loaded or saved last here. Reads all of it: for what is seldom asked.</summary>
    public async Task<bool> IsCurrentAsync(CancellationToken cancel) =>
        ((await store.LoadAsync(id, cancel))?.Version ?? 0) == Version;

    /// <summary>Saves; one at a time.</summary>
    public async Task SaveAsync(SnapshotWrite write)
    {
        await store.SaveAsync(write);
        Version = write.Version;
    }
}
