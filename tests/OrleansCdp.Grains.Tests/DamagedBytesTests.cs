using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Serialization;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>Whichever stored byte is damaged, its state is made anew or refused, and its partition goes on.</summary>
public sealed class DamagedBytesTests(Cluster cluster) : IClassFixture<Cluster>
{
    private const long Head = 12;
    private static readonly LinkKey Web = LinkOfTheFirstPartition();

    private readonly Serializer serializer = cluster.Services.GetRequiredService<Serializer>();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_flipped_byte_anywhere_is_made_good_or_its_state_is_refused(bool inPart)
    {
        LinkEvent[] events = inPart
            ? [.. Enumerable.Range(1, (int)Head).Select(Order)]
            : [Some.Event(Web, "a")];
        cluster.History.Events = events;
        cluster.History.Links = new Dictionary<LinkKey, DateTimeOffset?> { [Web] = Some.Noon };
        int bytes = (await FlipAsync(events, inPart, offset: 0)).Length;

        int rebuilt = 0;
        for (int offset = 0; offset < bytes; offset++)
        {
            rebuilt += await IsRebuiltAsync(events, inPart, offset) ? 1 : 0;
        }

        bytes.ShouldBeGreaterThan(50);
        rebuilt.ShouldBe(bytes - 1); // Only a newer program's may not be written over.
    }

    private async Task<bool> IsRebuiltAsync(LinkEvent[] events, bool inPart, int offset)
    {
        string id = IdOf(inPart, offset);
        await FlipAsync(events, inPart, offset);
        Snapshot damaged = cluster.Database.Snapshots[id];
        int quarantined = cluster.Database.Quarantined.Count;
        // A sequence of its own: the quarantine keeps an event once.
        SequencedEvent next = Some.Event(Web, "next" + id).At((inPart ? 10_000 : 1_000) + offset);
        IUnifiedIndividualGrain grain = cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);

        var outcomes = await grain.ApplyAsync(new Immutable<SequencedEvent[]>([next]), id);

        if (!outcomes.IsEmpty) // Empty where all are applied.
        {
            outcomes
                .ShouldHaveSingleItem()
                .ShouldBe(EventOutcome.Refused(ReasonCodes.StateCorrupt));
            await Should.ThrowAsync<StateCorruptException>(async () =>
                await grain.GetContextAsync(DataGraphs.Default)
            );
            cluster.Database.Snapshots[id].ShouldBeSameAs(damaged);
            cluster.Database.Quarantined.Count.ShouldBe(quarantined + 1);
            return false;
        }

        cluster.Database.Quarantined.Count.ShouldBe(quarantined);
        (await grain.GetContextAsync(DataGraphs.Default)).ShouldNotBeNull();
        UnifiedIndividual served = (await CellOf(id).LoadAsync(default))!;
        TextOf(served).ShouldBe(TextOf(StateOf(id, events).Apply([next]).Next));
        return true;
    }

    private async Task<byte[]> FlipAsync(LinkEvent[] events, bool inPart, int offset)
    {
        string id = IdOf(inPart, offset);
        cluster.Database.Snapshots.TryRemove(id, out _);
        SnapshotCell<UnifiedIndividual> cell = CellOf(id);
        await cell.SaveAsync(cell.Prepare(StateOf(id, events)));
        Snapshot stored = cluster.Database.Snapshots[id];
        stored.Parts.IsEmpty.ShouldBe(!inPart);
        byte[] bytes = [.. inPart ? stored.Parts[0].Data : stored.Data];
        bytes[offset] ^= (byte)(1 << (offset % 8));
        cluster.Database.Snapshots[id] = inPart
            ? stored with
            {
                Parts = stored.Parts.SetItem(0, stored.Parts[0] with { Data = bytes }),
            }
            : stored with
            {
                Data = bytes,
            };
        return bytes;
    }

    private SnapshotCell<UnifiedIndividual> CellOf(string id) =>
        new(id, cluster.Database, serializer, IndividualShape.Instance);

    private static UnifiedIndividual StateOf(string id, LinkEvent[] events) =>
        new UnifiedIndividual { Id = id }
            .Apply([.. events.Select((e, i) => e.At(i + 1))])
            .Next;

    private static LinkEvent Order(int number) =>
        Some.Event(Web, "o" + number) with
        {
            Object = RecordObjects.SalesOrder,
            RecordId = "o" + number,
            Fields = [new Field("note", FieldValue.Of(new string('x', 1_000)))],
        };

    private static string IdOf(bool inPart, int offset) =>
        $"ind_{(inPart ? "part" : "row")}{offset:D5}";

    private static LinkKey LinkOfTheFirstPartition() =>
        Enumerable
            .Range(0, int.MaxValue)
            .Select(i => new LinkKey("web", "user", $"u{i}"))
            .First(link => Partitions.Of(link, Some.PartitionCount) == 0);

    private static string TextOf<T>(T state) => JsonSerializer.Serialize(state);
}
