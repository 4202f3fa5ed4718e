namespace OrleansCdp;

/// <summary>Durable states: loads and saves are each gathered into groups.</summary>
internal sealed class SnapshotStore(SnapshotLoader loader, SnapshotWriter writer) : ISnapshotStore
{
    public Task<Snapshot?> LoadAsync(string id, CancellationToken cancel) =>
        loader.LoadAsync(id).WaitAsync(cancel);

    public Task SaveAsync(SnapshotWrite write) => writer.SaveAsync(write);
}
