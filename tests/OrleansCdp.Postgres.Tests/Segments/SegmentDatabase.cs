using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Segments;

/// <summary>A database with memberships of segments, and a silo that saves them.</summary>
internal sealed class SegmentDatabase : IAsyncDisposable
{
    private readonly Dictionary<string, long> versions = new(StringComparer.Ordinal);

    private bool stopped;

    private SegmentDatabase(TestDatabase database, StoreHost silo) =>
        (Database, Silo) = (database, silo);

    public TestDatabase Database { get; }

    public StoreHost Silo { get; }

    public IMembershipStore Store => Silo.Get<IMembershipStore>();

    public static async Task<SegmentDatabase> StartAsync(PostgresServer server)
    {
        TestDatabase database = await server.CreateDatabaseAsync();
        return new SegmentDatabase(database, await StoreHost.StartAsync(database));
    }

    /// <summary>An entry, or an exit.</summary>
    public static MembershipChange Change(
        long sequence,
        string segment,
        bool entered = true,
        int version = 1
    ) =>
        new(
            segment,
            entered,
            version,
            sequence,
            LinkEvents.Noon.AddMinutes(sequence),
            MembershipCause.Event,
            []
        );

    /// <summary>The next save of an individual.</summary>
    public SnapshotWrite Next(string id, params ImmutableArray<MembershipChange> changes)
    {
        long version = versions.GetValueOrDefault(id);
        versions[id] = version + 1;
        return Some.Write(id, version, version + 1) with { MembershipChanges = changes };
    }

    /// <summary>Saves an individual.</summary>
    public Task SaveAsync(string id, params ImmutableArray<MembershipChange> changes) =>
        Silo.Snapshots.SaveAsync(Next(id, changes));

    /// <summary>Who is in a segment, and by which change, in one text each.</summary>
    public async Task<string[]> MembersAsync(string segment, string? tier = null) =>
        [
            .. (
                await Store.MembersAsync(segment, tier, null, IMembershipStore.PageMax, default)
            ).Select(one => $"{one.Individual}/{one.Tier}/{one.Version}/{one.Sequence}"),
        ];

    /// <summary>Waits until all that was saved can be followed: until then a transaction of the server may still run.</summary>
    public Task SettleAsync() =>
        Eventually.BeAsync(async () =>
            await Database.NumberAsync(
                """
                select count(*) from cdp.membership_changes
                where written_by >= pg_snapshot_xmin(pg_current_snapshot())
                """
            ) == 0
        );

    /// <summary>Notes that the stream has delivered all there are.</summary>
    public Task DeliverAsync() =>
        Database.ExecuteAsync(
            "update cdp.membership_stream set written_by = pg_current_xact_id(), number = 0"
        );

    /// <summary>What somebody who follows gets, once it is settled, in one text each.</summary>
    public async Task<string[]> FollowAsync(string? segment = null, string? after = null)
    {
        await SettleAsync();
        var page = await Store.FollowAsync(segment, after, IMembershipStore.PageMax, default);
        return
        [
            .. page.Select(one => $"{one.Individual}/{one.Change.Sequence}/{one.Change.Segment}"),
        ];
    }

    /// <summary>Ends the silo; connections tell by then what they read.</summary>
    public async Task StopAsync()
    {
        if (!stopped)
        {
            stopped = true;
            await Silo.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Database.DisposeAsync();
    }
}
