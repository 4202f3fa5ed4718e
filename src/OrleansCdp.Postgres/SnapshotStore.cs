using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>Durable states: loads and saves are each gathered into groups.</summary>
internal sealed class SnapshotStore(
    SnapshotLoader loader,
    SnapshotWriter writer,
    MembershipNews memberships
) : ISnapshotStore
{
    public Task<Snapshot?> LoadAsync(string id, CancellationToken cancel) =>
        loader.LoadAsync(id).WaitAsync(cancel);

    public async Task SaveAsync(SnapshotWrite write)
    {
        await writer.SaveAsync(write);
        if (!write.MembershipChanges.IsEmpty)
        {
            memberships.NoteWrittenHere();
        }
    }
}
