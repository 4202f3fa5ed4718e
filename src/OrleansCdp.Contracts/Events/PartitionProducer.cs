using Orleans.Runtime;
using Orleans.Streams;

namespace OrleansCdp.Events;

/// <summary>
/// The writing side of the streams <c>ingest</c> and <c>ingest-low</c>: sends events to the writer of their
/// partition and returns once they are committed. The same in silos and in clients.
/// </summary>
/// <param name="lane">The lane of the provider.</param>
/// <param name="grains">To reach the writers.</param>
/// <param name="partitionCount">Tells how many partitions the log has.</param>
public sealed class PartitionProducer(
    Lane lane,
    IGrainFactory grains,
    Func<ValueTask<int>> partitionCount
)
{
    /// <summary>Appends events of one partition.</summary>
    /// <exception cref="ArgumentException">
    /// Something that is no <see cref="LinkEvent"/>, or one with a flaw (<see cref="EventCheck"/>), or of another
    /// partition or lane. Nothing was appended.
    /// </exception>
    /// <exception cref="LogUnavailableException">Not everything is durable; send the same events again.</exception>
    /// <exception cref="LogBehindException">
    /// The partition is too far behind to take more; send the same events again after as long as it says.
    /// </exception>
    public async Task AppendAsync<T>(StreamId stream, IEnumerable<T> items)
    {
        int count = await partitionCount();
        int partition = PartitionQueueMapper.PartitionOf(stream, lane, count);
        EventBatch[] batches =
        [
            .. items
                .Select(EventOf)
                .Chunk(Limits.AppendBatchMax)
                .Select(events => new EventBatch(events)),
        ];
        foreach (LinkEvent e in batches.SelectMany(batch => batch.Events))
        {
            RequireHome(e, partition, count);
        }

        var log = grains.GetGrain<IPartitionLogGrain>(partition);
        foreach (EventBatch batch in batches)
        {
            await log.AppendAsync(batch);
        }
    }

    private static LinkEvent EventOf<T>(T item) =>
        item as LinkEvent
        ?? throw new ArgumentException(
            $"The log's streams take {nameof(LinkEvent)}, not {item?.GetType() ?? typeof(T)}.",
            nameof(item)
        );

    private void RequireHome(LinkEvent e, int partition, int count)
    {
        int home = Partitions.Of(e.Link, count);
        if (home != partition || e.Lane != lane)
        {
            throw new ArgumentException(
                $"An event of the {e.Lane} lane and partition {home} cannot go to the {lane} lane "
                    + $"and partition {partition}.",
                nameof(e)
            );
        }
    }
}
