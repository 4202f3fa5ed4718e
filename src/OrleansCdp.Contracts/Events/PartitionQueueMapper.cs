using System.Globalization;
using Orleans.Runtime;
using Orleans.Streams;

namespace OrleansCdp.Events;

/// <summary>One queue per partition of a lane, one stream per queue.</summary>
public sealed class PartitionQueueMapper : IStreamQueueMapper
{
    private readonly Lane lane;
    private readonly QueueId[] queues;

    /// <summary>Maps a lane.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="partitionCount">Partitions of the log.</param>
    public PartitionQueueMapper(Lane lane, int partitionCount)
    {
        this.lane = lane;
        queues =
        [
            .. Enumerable
                .Range(0, partitionCount)
                .Select(partition =>
                    QueueId.GetQueueId(
                        EventStreams.ProviderOf(lane),
                        (uint)partition,
                        (uint)partition
                    )
                ),
        ];
    }

    /// <summary>Partitions of the log.</summary>
    public int PartitionCount => queues.Length;

    /// <inheritdoc/>
    public IEnumerable<QueueId> GetAllQueues() => queues;

    /// <summary>The queue of a partition.</summary>
    public QueueId QueueOf(int partition) => queues[partition];

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">No stream of this lane and its partitions.</exception>
    public QueueId GetQueueForStream(StreamId streamId) =>
        queues[PartitionOf(streamId, lane, queues.Length)];

    /// <summary>Reads a partition out of a stream's id.</summary>
    /// <exception cref="ArgumentException">No stream of this lane and its partitions.</exception>
    internal static int PartitionOf(StreamId streamId, Lane lane, int partitionCount)
    {
        string key = streamId.GetKeyAsString();
        try
        {
            (Lane found, int partition) = EventStreams.ParseKey(key);
            if (found == lane && partition >= 0 && partition < partitionCount)
            {
                return partition;
            }
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            // Told below, together with keys that do parse but are of another lane or beyond the last partition.
        }

        throw new ArgumentException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"'{key}' is not one of the {partitionCount} partitions of the {lane} lane."
            ),
            nameof(streamId)
        );
    }
}
