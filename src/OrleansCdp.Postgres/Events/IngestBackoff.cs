using Orleans.Runtime.Providers;

namespace OrleansCdp.Events;

/// <summary>
/// Doubling pauses with some chance in them. Much shorter than the stream provider's own, after which a second's
/// trouble with PostgreSQL stalls a partition for ten.
/// </summary>
internal sealed class IngestBackoff(TimeSpan min, TimeSpan max)
    : IQueueReaderBackoffProvider,
        IMessageDeliveryBackoffProvider
{
    private const int DoublingsMax = 16;

    /// <summary>Between attempts to read.</summary>
    public static IngestBackoff Reader { get; } =
        new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2));

    /// <summary>Between attempts to deliver.</summary>
    public static IngestBackoff Delivery { get; } =
        new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

    public TimeSpan Next(int attempt)
    {
        TimeSpan doubled = min * (1 << Math.Clamp(attempt, 0, DoublingsMax));
        TimeSpan bound = doubled < max ? doubled : max;
#pragma warning disable CA5394 // Spreads retries; no secret depends on it.
        return bound * (0.5 + (Random.Shared.NextDouble() / 2));
#pragma warning restore CA5394
    }
}
