using System.Globalization;
using System.Text;
using Npgsql;
using OrleansCdp.Context;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Events;

/// <summary>
/// One subject of whom much more comes than of anybody else neither stops its partition nor loses the order of what
/// comes, and much of it shares a save.
/// </summary>
[Collection(PostgresCollection.Name)]
public sealed class HotSubjectTests(PostgresServer server)
{
    private const int PartitionCount = 4;
    private const int Producers = 4;
    private const int BatchEvents = 100;
    private static readonly LinkKey Hot = new("shop", "customer", "hot");
    private static readonly int HotPartition = Partitions.Of(Hot, PartitionCount);

    [Theory]
    [InlineData(400, 19_600, false)] // 2 % of everything
    [InlineData(2_500, 2_500, true)] // half of its partition
    public async Task Its_events_keep_their_order_and_share_saves_and_nobody_waits_behind_it(
        int hotEvents,
        int others,
        bool ofItsPartition
    )
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(PartitionCount);
        await using TestSilo silo = await TestSilo.StartProductAsync(database);
        await using (await StallAsync(database))
        {
            await Task.WhenAll(
                Enumerable
                    .Range(0, Producers)
                    .Select(producer =>
                        ProduceAsync(
                            silo,
                            producer,
                            hotEvents / Producers,
                            others / Producers,
                            ofItsPartition
                        )
                    )
            );
        }

        IStatusStore status = silo.Get<IStatusStore>();
        await Eventually.BeAsync(
            async () =>
                (await status.ReadAsync(default)).Partitions.All(p => p.Checkpoint == p.Head),
            "every partition is applied to its end"
        );

        SequencedEvent[] events = await ReadHotAsync(silo);
        events.Length.ShouldBe(hotEvents);
        ShouldBeInOrderOfTheirProducers(events);
        string id = SubjectIds.IndividualOf(Hot);
        UnifiedIndividual expected = new UnifiedIndividual { Id = id }
            .Apply(events)
            .Next;
        expected.Links.Find(Hot)!.Traits.Length.ShouldBe(1);
        ContextAnswer? answer = await silo
            .Grains.GetGrain<IUnifiedIndividualGrain>(id)
            .GetProfileAsync(explain: true);
        Encoding
            .UTF8.GetString(answer!.Json)
            .ShouldBe(
                Encoding.UTF8.GetString(
                    ProfileView.Individual(expected, ReconciliationPolicy.Default, explain: true)
                )
            );
        long saves = await database.NumberAsync($"select ver from cdp.snapshot where id = '{id}'");
        saves.ShouldBeInRange(1, hotEvents / 20);
    }

    /// <summary>
    /// Sends batches one after the other. All events happen at one instant, so that only their order in the log says
    /// which is newer: page views, the step the customer is at, and ever new amendments of one order.
    /// </summary>
    private static async Task ProduceAsync(
        TestSilo silo,
        int producer,
        int hotEvents,
        int others,
        bool ofItsPartition
    )
    {
        LinkEvent[] quiet = OthersOf(producer, others, ofItsPartition);
        int batches = others / BatchEvents;
        for (int batch = 0; batch < batches; batch++)
        {
            int from = hotEvents * batch / batches;
            int to = hotEvents * (batch + 1) / batches;
            IEnumerable<LinkEvent> events = Enumerable
                .Range(from, to - from)
                .Select(i => HotEvent(producer, i))
                .Concat(quiet.Skip(batch * BatchEvents).Take(BatchEvents));
            await Task.WhenAll(
                events
                    .GroupBy(e => Partitions.Of(e.Link, PartitionCount))
                    .Select(home =>
                        silo.Grains.GetGrain<IPartitionLogGrain>(home.Key)
                            .AppendAsync(new EventBatch([.. home]))
                    )
            );
        }
    }

    private static LinkEvent[] OthersOf(int producer, int count, bool ofItsPartition) =>
        ofItsPartition
            ? LinkEvents.InPartition(HotPartition, PartitionCount, count, $"quiet-{producer}-")
            :
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i => LinkEvents.Of($"web/anonymous/v{i}", $"quiet-{producer}-{i}")),
            ];

    private static LinkEvent HotEvent(int producer, int number)
    {
        string id = string.Create(CultureInfo.InvariantCulture, $"{producer}-{number}");
        LinkEvent seen = LinkEvents.Of("shop/customer/hot", id);
        return (number % 5) switch
        {
            3 => seen with
            {
                Kind = EventKind.Updated,
                Object = "Individual",
                Traits = [new Field("step", FieldValue.Of(id))],
                Fields = [],
            },
            4 => seen with
            {
                Kind = EventKind.Updated,
                Object = RecordObjects.SalesOrder,
                RecordId = "o-1",
                Fields = [new Field("total", FieldValue.Of((producer * 100_000m) + number))],
            },
            _ => seen,
        };
    }

    private static async Task<SequencedEvent[]> ReadHotAsync(TestSilo silo)
    {
        List<SequencedEvent> found = [];
        long position = 1;
        while (true)
        {
            BatchBuilder batches = new(Lane.Normal, HotPartition, readerEpoch: 0, position);
            await silo.Get<ILogReads>().ReadAsync(Lane.Normal, HotPartition, batches, default);
            if (batches.Build() is not { Chunk: var chunk })
            {
                return [.. found];
            }

            found.AddRange(
                chunk
                    .Events.Select((e, i) => new SequencedEvent(chunk.FirstSequence + i, e))
                    .Where(one => one.Event.Link == Hot)
            );
            position = batches.Position;
        }
    }

    private static void ShouldBeInOrderOfTheirProducers(SequencedEvent[] events)
    {
        foreach (
            IGrouping<string, int> producer in events
                .Select(one => one.Event.EventId.Split('-'))
                .GroupBy(id => id[0], id => int.Parse(id[1], CultureInfo.InvariantCulture))
        )
        {
            producer.ShouldBe(Enumerable.Range(0, producer.Count()));
        }
    }

    /// <summary>Nothing can be saved until what is returned is disposed of: what comes meanwhile comes together.</summary>
    private static async Task<IAsyncDisposable> StallAsync(TestDatabase database)
    {
        NpgsqlConnection connection = await database.Source.OpenConnectionAsync();
        await using NpgsqlCommand hold = new(
            "begin; lock table cdp.snapshot in exclusive mode",
            connection
        );
        await hold.ExecuteNonQueryAsync();
        return connection; // Closing it rolls back.
    }
}
