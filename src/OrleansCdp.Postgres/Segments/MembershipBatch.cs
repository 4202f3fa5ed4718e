using System.Collections.Immutable;
using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Streams;

namespace OrleansCdp.Segments;

/// <summary>What travels to those who get the stream of entries and exits: a page of them.</summary>
/// <param name="changes">Them; at least one.</param>
/// <param name="told">How many were told before.</param>
[GenerateSerializer, Immutable, Alias("cdp.membership-batch")]
internal sealed class MembershipBatch(ImmutableArray<FollowedChange> changes, long told)
    : IBatchContainer
{
    /// <summary>The changes.</summary>
    [Id(0)]
    public ImmutableArray<FollowedChange> Changes { get; } = changes;

    /// <summary>How many were told before these.</summary>
    [Id(1)]
    public long Told { get; } = told;

    public StreamId StreamId => MembershipStream.Id;

    public StreamSequenceToken SequenceToken => new EventSequenceTokenV2(Told);

    /// <exception cref="InvalidOperationException">
    /// Asked for anything else than changes. To answer with nothing would be taken for a delivery, and lose them.
    /// </exception>
    public IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>() =>
        typeof(T) == typeof(FollowedChange)
            ? Changes.Select(
                (change, i) =>
                    Tuple.Create(
                        (T)(object)change,
                        (StreamSequenceToken)new EventSequenceTokenV2(Told, i)
                    )
            )
            : throw new InvalidOperationException(
                $"The stream carries {nameof(FollowedChange)}, not {typeof(T)}."
            );

    /// <summary>Nothing travels with the changes but themselves.</summary>
    public bool ImportRequestContext() => false;
}
