using System.Threading.Channels;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>How many states may wait to be saved or loaded, and how many go together.</summary>
[Collection(PostgresCollection.Name)]
public sealed class SnapshotQueueTests(PostgresServer server)
{
    private const int Max = 1_000;
    private static readonly CancellationToken Told = new(canceled: true);

    [Fact]
    public async Task As_many_saves_wait_as_may_and_one_more_waits_for_room_until_the_silo_stops()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        SnapshotWriter writer = new(silo.Get<ISnapshotStatements>(), Options(database));
        Task[] saves = [.. Ids(Max + 1).Select(id => writer.SaveAsync(Some.Write(id, 0, 1)))];

        await writer.RunAsync(Told);

        await Task.WhenAll(saves[..Max]);
        await Should.ThrowAsync<InvalidOperationException>(() => saves[Max]);
        (await database.NumberAsync("select count(*) from cdp.snapshot")).ShouldBe(Max);
    }

    [Fact]
    public async Task As_many_loads_wait_as_may_and_one_more_waits_for_room_until_the_silo_stops()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        SnapshotLoader loader = new(silo.Get<ISnapshotStatements>(), Options(database));
        Task<Snapshot?>[] loads = [.. Ids(Max + 1).Select(loader.LoadAsync)];

        await loader.RunAsync(Told);

        (await Task.WhenAll(loads[..Max])).ShouldAllBe(snapshot => snapshot == null);
        await Should.ThrowAsync<InvalidOperationException>(() => loads[Max]);
    }

    [Theory]
    [InlineData(SnapshotLoader.GroupMax, 0)]
    [InlineData(SnapshotLoader.GroupMax + 1, 1)]
    public void Loads_go_together_up_to_the_limit(int waiting, int left)
    {
        var loads = Channel.CreateUnbounded<SnapshotLoader.PendingLoad>();
        foreach (string id in Ids(waiting))
        {
            loads.Writer.TryWrite(new(id)).ShouldBeTrue();
        }

        List<SnapshotLoader.PendingLoad> group = [];
        SnapshotLoader.TakeGroup(loads.Reader, group);

        group.Count.ShouldBe(SnapshotLoader.GroupMax);
        loads.Reader.Count.ShouldBe(left);
    }

    private static IEnumerable<string> Ids(int count) =>
        Enumerable.Range(0, count).Select(i => $"ind_{i:D5}");

    private static CdpPostgresOptions Options(TestDatabase database) =>
        new()
        {
            ConnectionString = database.ConnectionString,
            PendingSavesMax = Max,
            PendingLoadsMax = Max,
        };
}
