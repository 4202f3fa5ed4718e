using OrleansCdp.Governance;

namespace OrleansCdp.Events;

[Collection(PostgresCollection.Name)]
public sealed class LogCountTests(PostgresServer server)
{
    [Fact]
    public async Task Counts_are_committed_with_their_events_or_not_at_all()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 1);
        EventCount received = new("web", CountKind.Received, "", 3);
        LogAppend append = writer.Of(1, LinkEvents.InPartition(1, 4, 3)) with
        {
            Counts = [received],
        };

        await silo.Log.AppendAsync(append);
        await Should.ThrowAsync<LogUnavailableException>(() => silo.Log.AppendAsync(append));
        await silo.Log.AppendAsync( // Nothing but duplicates.
            new LogAppend
            {
                Partition = 1,
                Epoch = writer.Epoch,
                Counts = [received with { Count = 1 }, new("web", CountKind.Duplicate, "", 1)],
            }
        );

        (await silo.Status.ReadAsync(default)).Counts.ShouldBe([
            received with
            {
                Count = 4,
            },
            new("web", CountKind.Duplicate, "", 1),
        ]);
    }
}
