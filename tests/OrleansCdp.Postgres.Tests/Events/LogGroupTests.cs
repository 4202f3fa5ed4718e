using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>How much of the log is written and read at once.</summary>
[Collection(PostgresCollection.Name)]
public sealed class LogGroupTests(PostgresServer server)
{
    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 1)]
    public void Appends_go_together_up_to_the_limit_of_bytes(int tooMany, int taken)
    {
        const int half = LogWriter.GroupBytesMax / 2;
        List<PendingAppend> waiting = [Pending(0, half), Pending(1, half + tooMany)];

        List<PendingAppend> group = LogWriter.TakeGroup(waiting);

        group.Count.ShouldBe(taken);
        waiting.Count.ShouldBe(2 - taken);
    }

    [Fact]
    public void An_append_that_alone_passes_the_limit_goes_alone()
    {
        PendingAppend large = Pending(0, LogWriter.GroupBytesMax + 1);
        List<PendingAppend> waiting = [large, Pending(1, 1)];

        LogWriter.TakeGroup(waiting).ShouldBe([large]);

        LogWriter.TakeGroup(waiting).ShouldHaveSingleItem().Append.Partition.ShouldBe(1);
        waiting.ShouldBeEmpty();
    }

    [Fact]
    public void Appends_of_one_partition_go_one_after_the_other()
    {
        List<PendingAppend> waiting = [Pending(0, 1), Pending(0, 2), Pending(1, 3)];

        LogWriter.TakeGroup(waiting).Select(pending => pending.Bytes).ShouldBe([1, 3]);

        LogWriter.TakeGroup(waiting).Select(pending => pending.Bytes).ShouldBe([2]);
    }

    [Fact]
    public async Task One_query_reads_50_rows_and_the_next_one_goes_on()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 1);
        foreach (LinkEvent e in LinkEvents.InPartition(1, 4, LogReads.RowsMax + 1))
        {
            await writer.AppendAsync(e);
        }

        EventChunk first = await ReadAsync(silo, from: 1);
        EventChunk rest = await ReadAsync(silo, from: first.LastSequence + 1);

        first.Events.Length.ShouldBe(LogReads.RowsMax);
        rest.Events.ShouldHaveSingleItem();
        (await ReadAsync(silo, from: 2)).Events.Length.ShouldBe(LogReads.RowsMax, "all the rest");
    }

    private static async Task<EventChunk> ReadAsync(StoreHost silo, long from)
    {
        BatchBuilder batches = new(Lane.Normal, 1, 1, from);
        await silo.Reads.ReadAsync(Lane.Normal, 1, batches, default);
        return batches.Build()!.Chunk;
    }

    private static PendingAppend Pending(int partition, int bytes)
    {
        EncodedChunk chunk = new()
        {
            FirstSequence = 1,
            Events = [],
            Payload = new byte[bytes],
            Subjects = [],
            EventKeys = [],
            SerializedBytes = bytes,
        };
        return new(new LogAppend { Partition = partition, Epoch = 1 }, [chunk], []);
    }
}
