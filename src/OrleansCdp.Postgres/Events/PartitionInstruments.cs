using System.Diagnostics.Metrics;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>
/// Measures the partitions that this silo reads, from its memory alone: a scrape asks the database nothing. Each series
/// is one lane of one partition, so there are at most twice as many as partitions.
/// </summary>
internal sealed class PartitionInstruments(
    IMeterFactory meters,
    PartitionTails tails,
    Checkpoints checkpoints,
    PartitionOwnership ownership,
    LogShape shape
) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly string[] LaneNames = ["normal", "low"];
    private readonly Meter meter = meters.Create("OrleansCdp");

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(
            nameof(PartitionInstruments),
            ServiceLifecycleStage.RuntimeStorageServices,
            _ =>
            {
                Observe();
                return Task.CompletedTask;
            }
        );

    public void Dispose() => meter.Dispose();

    private void Observe()
    {
        meter.CreateObservableGauge(
            "cdp.partition.head",
            () => Measure(lane => lane.Head),
            "{event}",
            "Sequence of the last event in the log."
        );
        meter.CreateObservableGauge(
            "cdp.partition.checkpoint",
            () => Measure(lane => lane.Found.Sequence),
            "{event}",
            "Every event up to this one is in its durable state."
        );
        meter.CreateObservableGauge(
            "cdp.partition.lag",
            () => Measure(lane => lane.Head - lane.Found.Sequence),
            "{event}",
            "Events in the log that are not in their durable state yet."
        );
        meter.CreateObservableCounter(
            "cdp.partition.redelivered",
            () => Measure(lane => lane.Found.Redelivered),
            "{event}",
            "Events brought to a state that an earlier delivery had brought them to already."
        );
        meter.CreateObservableCounter(
            "cdp.partition.quarantined",
            () => Measure(lane => lane.Found.Quarantined),
            "{event}",
            "Events of the log that went to quarantine."
        );
        meter.CreateObservableCounter(
            "cdp.partition.fences",
            () => Measure(lane => PartitionStatus.FencesOf(lane.WriterEpoch, lane.Found.Epoch)),
            "{takeover}",
            "Times that a writer or a reader took over from another one, whose doings are refused since."
        );
    }

    private IEnumerable<Measurement<long>> Measure(Func<LaneSeen, long> value)
    {
        foreach (Lane lane in Enum.GetValues<Lane>())
        {
            for (int partition = 0; partition < shape.PartitionCount; partition++)
            {
                if (ownership.Owns(lane, partition))
                {
                    yield return new Measurement<long>(
                        value(Look(lane, partition)),
                        new("partition", partition),
                        new("lane", LaneNames[(int)lane])
                    );
                }
            }
        }
    }

    private LaneSeen Look(Lane lane, int partition)
    {
        CheckpointFound found = checkpoints.LastFound(lane, partition);
        PartitionTail tail = tails.Of(lane, partition);
        // The end of a log that is written elsewhere is heard of later than what was applied.
        return new LaneSeen(Math.Max(tail.Head, found.Sequence), tail.KnownWriterEpoch, found);
    }

    private readonly record struct LaneSeen(long Head, long WriterEpoch, CheckpointFound Found);
}
