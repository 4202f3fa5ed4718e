using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

/// <summary>What becomes of an event is the same however often, and with whatever crashes, it is delivered.</summary>
public sealed class FateTests(Cluster cluster) : IClassFixture<Cluster>
{
    private static long last;

    // Partitions are shared by all tests of a cluster, so each has sequences of its own.
    private readonly long first = Interlocked.Add(ref last, 10);
    private readonly LinkKey visitor = new("web", "anonymous", Some.Unique("a"));
    private readonly string stream = Some.Unique("stream");

    [Theory]
    [InlineData(CountKind.Applied, true)]
    [InlineData(CountKind.Applied, false)]
    [InlineData(CountKind.Suppressed, true)]
    [InlineData(CountKind.Suppressed, false)]
    [InlineData(CountKind.Quarantined, true)]
    [InlineData(CountKind.Quarantined, false)]
    public async Task A_save_that_broke_before_or_after_its_commit_counts_every_event_once(
        CountKind fate,
        bool committed
    )
    {
        await cluster.NewDelivery().DeliverAsync(Some.Chunk(first, Said("first")), default);
        EventChunk chunk = Some.Chunk(first + 1, Becoming(fate), Said("last"));
        bool broken = false;
        cluster.Database.OnSave = (write, done) =>
        {
            if (done == committed && !broken && write.Id == SubjectIds.IndividualOf(visitor))
            {
                broken = true;
                throw new TimeoutException("The connection broke.");
            }
        };

        var counts = await cluster.NewDelivery().DeliverAsync(chunk, default);

        broken.ShouldBeTrue();
        ShouldBeCounted(fate, counts.Events);
        counts.Redelivered.ShouldBe(
            committed ? 2 : 0,
            "a call that failed after its save was made again"
        );
        counts.Quarantined.ShouldBe(fate == CountKind.Quarantined ? 1 : 0);
        DeliveryCounts again = await cluster.NewDelivery().DeliverAsync(chunk, default);
        ShouldBeCounted(fate, again.Events);
        again.Redelivered.ShouldBe(2);
        again.Quarantined.ShouldBe(counts.Quarantined);
    }

    [Fact]
    public async Task An_event_that_no_fold_can_take_is_quarantined_once_however_often_it_comes()
    {
        LinkEvent poison = Said("poison") with { RecordId = "r", Lines = [null!] };
        EventChunk chunk = Some.Chunk(first, poison, Said("last"));

        await cluster.NewDelivery().DeliverAsync(chunk, default);
        await cluster.NewDelivery().DeliverAsync(chunk, default);

        QuarantineItem kept = cluster
            .Database.Quarantined.Where(item => item.Stream == stream)
            .ShouldHaveSingleItem();
        kept.Code.ShouldBe(ReasonCodes.FoldFailed);
        cluster.Database.CountOf(stream, CountKind.Quarantined).ShouldBe(1);
    }

    private void ShouldBeCounted(CountKind fate, IReadOnlyCollection<EventCount> counts)
    {
        long applied = fate == CountKind.Applied ? 2 : 1;
        counts.Where(c => c.Kind == CountKind.Applied).Sum(c => c.Count).ShouldBe(applied);
        counts
            .Where(c => c.Kind == CountKind.Suppressed)
            .Select(c => (c.Reason, c.Count))
            .ShouldBe(fate == CountKind.Suppressed ? [(ReasonCodes.NothingNew, 1L)] : []);
        long quarantined = fate == CountKind.Quarantined ? 1 : 0;
        cluster
            .Database.Quarantined.Count(item => item.Stream == stream)
            .ShouldBe((int)quarantined);
        cluster
            .Database.Quarantined.Where(item => item.Stream == stream)
            .ShouldAllBe(item => item.Code == ReasonCodes.LimitExceeded);
        cluster.Database.CountOf(stream, CountKind.Quarantined).ShouldBe(quarantined);
        cluster.Database.CountOf(stream, CountKind.Received).ShouldBe(0, "the log counts it");
    }

    private LinkEvent Becoming(CountKind fate) =>
        fate switch
        {
            CountKind.Suppressed => Said("first"),
            CountKind.Quarantined => Said("many") with
            {
                Traits =
                [
                    .. Enumerable
                        .Range(0, Limits.TraitsMax + 1)
                        .Select(i => new Field($"t{i}", FieldValue.Of("x"))),
                ],
            },
            _ => Said("second"),
        };

    private LinkEvent Said(string what) => Some.Event(visitor, what) with { Stream = stream };
}
