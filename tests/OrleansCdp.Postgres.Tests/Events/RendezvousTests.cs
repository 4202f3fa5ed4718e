using System.Globalization;
using Orleans.Runtime;

namespace OrleansCdp.Events;

public sealed class RendezvousTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(32, 3)]
    [InlineData(32, 7)]
    [InlineData(128, 5)]
    [InlineData(3, 8)]
    public void Loads_differ_by_one_at_most(int partitions, int silos)
    {
        int[] owners = Rendezvous.Assign(partitions, Names(silos));

        int[] loads = [.. Enumerable.Range(0, silos).Select(s => owners.Count(o => o == s))];
        loads.Sum().ShouldBe(partitions);
        (loads.Max() - loads.Min()).ShouldBeLessThanOrEqualTo(1);
    }

    [Theory]
    [InlineData(128, 8)]
    [InlineData(256, 5)]
    [InlineData(32, 4)]
    public void A_silo_that_leaves_moves_little_more_than_what_it_had(int partitions, int silos)
    {
        string[] all = Names(silos);
        for (int gone = 0; gone < silos; gone++)
        {
            string[] left = [.. all.Where((_, i) => i != gone)];
            string[] before = Owners(partitions, all);
            string[] after = Owners(partitions, left);

            int had = before.Count(owner => owner == all[gone]);
            int moved = before.Zip(after).Count(pair => pair.First != pair.Second);
            moved.ShouldBeLessThanOrEqualTo(2 * had);
        }
    }

    [Fact]
    public void Nobody_cannot_own_anything() =>
        Should.Throw<ArgumentException>(() => Rendezvous.Assign(8, Array.Empty<string>()));

    [Fact]
    public void Each_stream_has_its_own_queue()
    {
        PartitionQueueMapper mapper = new(Lane.Low, 12);

        mapper.GetAllQueues().Distinct().Count().ShouldBe(12);
        mapper.GetQueueForStream(EventStreams.Of(Lane.Low, 11)).ShouldBe(mapper.QueueOf(11));
    }

    [Theory]
    [InlineData("012")]
    [InlineData("low-012")]
    [InlineData("low--01")]
    [InlineData("low-99999999999")]
    [InlineData("someone")]
    public void A_stream_that_is_no_partition_of_the_lane_has_no_queue(string key) =>
        Should.Throw<ArgumentException>(() =>
            new PartitionQueueMapper(Lane.Low, 12).GetQueueForStream(
                StreamId.Create(EventStreams.IngestLow, key)
            )
        );

    [Theory]
    [InlineData(EventStreams.Ingest, Lane.Normal)]
    [InlineData(EventStreams.IngestLow, Lane.Low)]
    public void A_provider_serves_one_lane(string provider, Lane lane)
    {
        EventStreams.LaneOf(provider).ShouldBe(lane);
        EventStreams.ProviderOf(lane).ShouldBe(provider);
        Should.Throw<ArgumentException>(() => EventStreams.LaneOf("other"));
    }

    private static string[] Owners(int partitions, string[] silos) =>
        Array.ConvertAll(Rendezvous.Assign(partitions, silos), owner => silos[owner]);

    private static string[] Names(int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => string.Create(CultureInfo.InvariantCulture, $"10.0.0.{i}:11111@42")),
        ];
}
