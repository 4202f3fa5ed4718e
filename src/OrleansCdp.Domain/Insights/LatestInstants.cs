using System.Collections.Immutable;

namespace OrleansCdp.Insights;

/// <summary>The latest moments at which something was. Those of two parts joined are the latest of both.</summary>
/// <param name="Ticks">UTC ticks, ascending, each once; at most <see cref="Max"/>.</param>
[GenerateSerializer, Immutable, Alias("cdp.latest-instants"), SuppressReferenceTracking]
public sealed record LatestInstants([property: Id(0)] ImmutableArray<long> Ticks) : IBeside
{
    /// <summary>Moments that are known; earlier ones are forgotten.</summary>
    public const int Max = 64;

    /// <summary>None.</summary>
    public static LatestInstants None { get; } = new([]);

    /// <inheritdoc/>
    public IBeside Join(InsightDefinition insight, IBeside other) => Join((LatestInstants)other);

    /// <summary>The latest of both.</summary>
    public LatestInstants Join(LatestInstants other)
    {
        LatestInstants joined = this;
        foreach (long at in other.Ticks)
        {
            joined = joined.With(at);
        }

        return joined;
    }

    /// <summary>With one more moment, if it is among the latest.</summary>
    public LatestInstants With(long at)
    {
        int place = Ticks.BinarySearch(at);
        bool isKnown = place >= 0;
        bool isTooOld = Ticks.Length == Max && ~place == 0;
        if (isKnown || isTooOld)
        {
            return this;
        }

        ImmutableArray<long> next = Ticks.Insert(~place, at);
        return new LatestInstants(next.Length > Max ? next.RemoveAt(0) : next);
    }

    /// <summary>The latest one that is not after a moment; null for none.</summary>
    public DateTimeOffset? LastAt(long now)
    {
        int place = Ticks.BinarySearch(now);
        place = place < 0 ? ~place - 1 : place;
        return place < 0 ? null : new DateTimeOffset(Ticks[place], TimeSpan.Zero);
    }

    /// <summary>The first one after a moment, UTC ticks; null for none.</summary>
    public long? FirstAfter(long now)
    {
        int place = Ticks.BinarySearch(now + 1);
        place = place < 0 ? ~place : place;
        return place < Ticks.Length ? Ticks[place] : null;
    }

    /// <inheritdoc/>
    public bool Equals(LatestInstants? other) =>
        other is not null && Ticks.AsSpan().SequenceEqual(other.Ticks.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() =>
        Ticks.IsEmpty ? 0 : HashCode.Combine(Ticks.Length, Ticks[^1]);
}
