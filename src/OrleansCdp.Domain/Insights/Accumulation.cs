using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>
/// What one version of an insight knows of items of one link that are not kept: things done, and records that were folded away.
/// A commutative monoid, and bounded: by stretches of its window and by parts.
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.accumulation")]
public sealed record Accumulation
{
    /// <summary>
    /// Parts of one insight in one link. Of more, those whose names have the lowest hashes stay, whatever the order of arrival,
    /// and the others are one part, <c>(other)</c>.
    /// </summary>
    public const int PartsMax = 100;

    /// <summary>The version of the insight: <see cref="ActiveInsight.Revision"/>.</summary>
    [Id(0)]
    public required long Revision { get; init; }

    /// <summary>What the items come to, sorted by stretch and part.</summary>
    [Id(1)]
    public ImmutableArray<Tally> Tallies { get; init; } = [];

    /// <summary>
    /// Whether all that was done is in it. Else what came after <see cref="SinceNormal"/> and <see cref="SinceLow"/> is, and
    /// the version may have been made after something was done already.
    /// </summary>
    [Id(2)]
    public bool IsWhole { get; init; }

    /// <summary>Last sequence of the normal lane that the link had applied before this began.</summary>
    [Id(3)]
    public long SinceNormal { get; init; }

    /// <summary>Last sequence of the low lane that the link had applied before this began.</summary>
    [Id(4)]
    public long SinceLow { get; init; }

    /// <summary>When the latest of the items was received, UTC ticks.</summary>
    [Id(5)]
    public long HeardAt { get; init; }

    /// <summary>Of folded records, how many it saw go, whether or not they counted.</summary>
    [Id(6)]
    public int Records { get; init; }

    /// <summary>One of a link as it is, to be added to.</summary>
    internal static Accumulation Begin(ActiveInsight insight, Link link) =>
        insight.IsComplete || !HasDone(insight.Definition, link)
            ? new() { Revision = insight.Revision, IsWhole = true }
            : new()
            {
                Revision = insight.Revision,
                SinceNormal = link.AppliedNormal,
                SinceLow = link.AppliedLow,
            };

    /// <summary>One of records of which so many were folded away before it began; they are not in it.</summary>
    internal static Accumulation OfFolded(long revision, int before) =>
        new() { Revision = revision, IsWhole = before == 0 };

    private static bool HasDone(InsightDefinition insight, Link link) =>
        link.Engagement.Counters.Any(done =>
            insight.Inputs.Any(input => input.Source.Object == done.Object)
        );

    /// <summary>Adds an item.</summary>
    /// <param name="insight">The insight.</param>
    /// <param name="item">The item.</param>
    /// <param name="heardAt">When it was received, UTC ticks: what no window reaches since the latest goes.</param>
    internal Accumulation Add(InsightDefinition insight, in Item item, long heardAt)
    {
        int at = PlaceOf(Stretches.Of(insight, item.At), item.Part);
        if (at < 0)
        {
            return Add(insight, Tally.Of(insight, item)).Heard(insight, heardAt);
        }

        long latest = Math.Max(HeardAt, heardAt);
        return this with
        {
            HeardAt = latest,
            Tallies = Reached(insight, latest, Tallies.SetItem(at, Tallies[at].Add(insight, item))),
        };
    }

    /// <summary>Adds what was accumulated elsewhere.</summary>
    internal Accumulation Add(InsightDefinition insight, Accumulation other) =>
        other
            .Tallies.Aggregate(this, (sum, tally) => sum.Add(insight, tally))
            .Heard(insight, other.HeardAt);

    private Accumulation Add(InsightDefinition insight, Tally tally)
    {
        if (Tallies.Length < PartsMax || tally.Part is null or PartNames.Other)
        {
            return Join(insight, tally);
        }

        string[] parts = PartsOf(tally.Stretch);
        if (parts.Length < PartsMax || parts.Contains(tally.Part, StringComparer.Ordinal))
        {
            return Join(insight, tally);
        }

        // One has to go: of all of these the one with the highest hash, so it is the same in whatever order they came.
        string last = parts.Append(tally.Part).MaxBy(Partitions.HashOf)!;
        return last == tally.Part
            ? Join(insight, Other(tally))
            : LeaveOut(insight, tally.Stretch, last).Join(insight, tally);
    }

    private Accumulation Join(InsightDefinition insight, Tally tally)
    {
        int at = PlaceOf(tally.Stretch, tally.Part);
        return this with
        {
            Tallies =
                at < 0
                    ? Tallies.Insert(~at, tally)
                    : Tallies.SetItem(at, Tallies[at].Add(insight, tally)),
        };
    }

    private Accumulation Heard(InsightDefinition insight, long at)
    {
        long latest = Math.Max(HeardAt, at);
        return this with { HeardAt = latest, Tallies = Reached(insight, latest, Tallies) };
    }

    /// <summary>Those that a window reaches.</summary>
    private static ImmutableArray<Tally> Reached(
        InsightDefinition insight,
        long at,
        ImmutableArray<Tally> tallies
    )
    {
        long first = Stretches.FirstAt(insight, at);
        int gone = 0;
        while (gone < tallies.Length && tallies[gone].Stretch < first)
        {
            gone++;
        }

        return gone == 0 ? tallies : tallies.RemoveRange(0, gone);
    }

    private int PlaceOf(long stretch, string? part) =>
        Tallies.IndexOf(
            (stretch, part),
            static (known, key) =>
            {
                int order = known.Stretch.CompareTo(key.stretch);
                return order == 0 ? string.CompareOrdinal(known.Part, key.part) : order;
            }
        );

    private static Tally Other(Tally tally) => tally with { Part = PartNames.Other };

    private string[] PartsOf(long stretch) =>
        [
            .. Tallies
                .Where(tally => tally.Stretch == stretch && tally.Part is not PartNames.Other)
                .Select(tally => tally.Part!),
        ];

    private Accumulation LeaveOut(InsightDefinition insight, long stretch, string part)
    {
        Tally gone = Tallies.First(tally => tally.Stretch == stretch && tally.Part == part);
        Accumulation rest = this with { Tallies = Tallies.Remove(gone) };
        return rest.Join(insight, Other(gone));
    }
}
