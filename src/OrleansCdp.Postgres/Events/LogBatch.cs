using Orleans.Providers.Streams.Common;
using Orleans.Streams;

namespace OrleansCdp.Events;

/// <summary>What travels from the log's reader to the partition's grain: consecutive events of one lane.</summary>
[GenerateSerializer, Immutable, Alias("cdp.log-batch")]
internal sealed class LogBatch(EventChunk chunk) : IBatchContainer
{
    /// <summary>The events.</summary>
    [Id(0)]
    public EventChunk Chunk { get; } = chunk;

    public StreamId StreamId => EventStreams.Of(Chunk.Lane, Chunk.Partition);

    public StreamSequenceToken SequenceToken => new EventSequenceTokenV2(Chunk.FirstSequence);

    /// <summary>As one <see cref="EventChunk"/>, or event by event.</summary>
    /// <exception cref="InvalidOperationException">
    /// Asked for anything else. To answer with nothing would be taken for a delivery, and lose the events.
    /// </exception>
    public IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>()
    {
        if (Chunk is T whole)
        {
            return [Tuple.Create(whole, SequenceToken)];
        }

        if (typeof(T) != typeof(LinkEvent))
        {
            throw new InvalidOperationException(
                $"The log's streams carry {nameof(EventChunk)} or {nameof(LinkEvent)}, "
                    + $"not {typeof(T)}."
            );
        }

        return Chunk.Events.Select(
            (e, i) =>
                Tuple.Create(
                    (T)(object)e,
                    (StreamSequenceToken)new EventSequenceTokenV2(Chunk.FirstSequence, i)
                )
        );
    }

    /// <summary>Nothing travels with the events but themselves.</summary>
    public bool ImportRequestContext() => false;
}
