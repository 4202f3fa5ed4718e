using System.Collections.Immutable;
using System.Runtime.InteropServices;
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

    /// <summary>What some know of a version of an insight; null for nothing.</summary>
    /// <param name="all">Sorted by revision.</param>
    /// <param name="revision">The version.</param>
    internal static Accumulation? Find(ImmutableArray<Accumulation> all, long revision) =>
        IndexOf(all, revision) is var at and >= 0 ? all[at] : null;

    /// <summary>Where it is, or the complement of where it would be inserted.</summary>
    internal static int IndexOf(ImmutableArray<Accumulation> all, long revision) =>
        all.IndexOf(revision, static (known, key) => known.Revision.CompareTo(key));

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
        long stretch = Stretches.Of(insight, item.At);
        int at = PlaceOf(stretch, item.Part);
        if (at < 0 && !HasRoom(item.Part))
        {
            return Add(insight, Tally.Of(insight, item)).Heard(insight, heardAt);
        }

        long latest = Math.Max(HeardAt, heardAt);
        long first = Stretches.FirstAt(insight, latest);
        int gone = Unreached(first);
        if (stretch < first)
        {
            return this with { HeardAt = latest, Tallies = Tallies.RemoveRange(0, gone) };
        }

        // One copy for all of it: what goes, what is new, and what changes.
        int rest = at < 0 ? ~at : at + 1;
        at = at < 0 ? ~at : at;
        Tally[] next = new Tally[at - gone + 1 + Tallies.Length - rest];
        Tallies.AsSpan()[gone..at].CopyTo(next);
        Tallies.AsSpan()[rest..].CopyTo(next.AsSpan(at - gone + 1));
        next[at - gone] = rest > at ? Tallies[at].Add(insight, item) : Tally.Of(insight, item);
        return this with
        {
            HeardAt = latest,
            Tallies = ImmutableCollectionsMarshal.AsImmutableArray(next),
        };
    }

    /// <summary>Adds what was accumulated elsewhere.</summary>
    internal Accumulation Add(InsightDefinition insight, Accumulation other) =>
        other
            .Tallies.Aggregate(this, (sum, tally) => sum.Add(insight, tally))
            .Heard(insight, other.HeardAt);

    private Accumulation Add(InsightDefinition insight, Tally tally)
    {
        if (HasRoom(tally.Part))
        {
            return Join(insight, tally);
        }

        string[] parts = PartsOf(tally.Stretch);
        if (parts.Length < PartsMax || parts.Contains(tally.Part, StringComparer.Ordinal))
        {
            return Join(insight, tally);
        }

        // One has to go: of all of these the one with the highest hash, so it is the same in whatever order they came.
        string last = parts.Append(tally.Part!).MaxBy(Partitions.HashOf)!;
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
        int gone = Unreached(Stretches.FirstAt(insight, latest));
        return this with { HeardAt = latest, Tallies = Tallies.RemoveRange(0, gone) };
    }

    /// <summary>Whether a part cannot be one too many.</summary>
    private bool HasRoom(string? part) =>
        Tallies.Length < PartsMax || part is null or PartNames.Other;

    /// <summary>How many tallies are of stretches before the first one that a window reaches.</summary>
    private int Unreached(long first)
    {
        int gone = 0;
        while (gone < Tallies.Length && Tallies[gone].Stretch < first)
        {
            gone++;
        }

        return gone;
    }

    private int PlaceOf(long stretch, string? part) =>
        Tallies.IndexOf(
            (stretch, part),
            static (known, key) => Tally.Order((known.Stretch, known.Part), key)
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
