using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>What a version of an insight is told of what a link's subject had done before the version was made.</summary>
/// <param name="Link">The link.</param>
/// <param name="Subject">Whose link it is.</param>
/// <param name="Known">What was done, up to the sequences below.</param>
/// <param name="UpToNormal">Last sequence of the normal lane that is in it.</param>
/// <param name="UpToLow">Last sequence of the low lane that is in it.</param>
[GenerateSerializer, Immutable, Alias("cdp.insight-seed")]
public sealed record InsightSeed(
    [property: Id(0)] LinkKey Link,
    [property: Id(1)] SubjectKind Subject,
    [property: Id(2)] Accumulation Known,
    [property: Id(3)] long UpToNormal,
    [property: Id(4)] long UpToLow
);

/// <summary>What became of a seed.</summary>
public enum SeedOutcome
{
    /// <summary>It is in the link, or was, or nobody computes that version any more.</summary>
    Taken = 0,

    /// <summary>It has to end exactly where the answer says: there the link began to count for itself.</summary>
    OtherEnd = 1,

    /// <summary>The link is not here.</summary>
    NotHere = 2,

    /// <summary>What is stored of whoever has the link is damaged: nothing can be told.</summary>
    Damaged = 3,
}

/// <summary>The answer to a seed.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Normal">Where it has to end, normal lane.</param>
/// <param name="Low">Where it has to end, low lane.</param>
/// <param name="Elsewhere">The individual to ask instead; null when it is not known here.</param>
[GenerateSerializer, Immutable, Alias("cdp.seed-answer")]
public sealed record SeedAnswer(
    [property: Id(0)] SeedOutcome Outcome,
    [property: Id(1)] long Normal = 0,
    [property: Id(2)] long Low = 0,
    [property: Id(3)] string? Elsewhere = null
);

/// <summary>
/// How a new version of an insight learns of the past. A link counts for itself from the first thing on that is done after its
/// silo knows the version, and remembers how far it had come; what came before is read from the log and added, once, where it
/// ends exactly there.
/// </summary>
internal static class InsightSeeding
{
    /// <summary>Adds a seed to its link.</summary>
    public static LinkSet Seed(
        this LinkSet links,
        ActiveInsight insight,
        InsightSeed seed,
        out SeedAnswer answer
    )
    {
        if (links.Find(seed.Link) is not { } link)
        {
            answer = new SeedAnswer(SeedOutcome.NotHere);
            return links;
        }

        int at = link.Insights.IndexOf(
            insight.Revision,
            static (known, revision) => known.Revision.CompareTo(revision)
        );
        Accumulation begun = at >= 0 ? link.Insights[at] : Accumulation.Begin(insight, link);
        bool fits = begun.SinceNormal == seed.UpToNormal && begun.SinceLow == seed.UpToLow;
        answer =
            begun.IsWhole || fits
                ? new SeedAnswer(SeedOutcome.Taken)
                : new SeedAnswer(SeedOutcome.OtherEnd, begun.SinceNormal, begun.SinceLow);
        Accumulation next =
            !begun.IsWhole && fits
                ? begun.Add(insight.Definition, seed.Known) with
                {
                    IsWhole = true,
                }
                : begun;
        return at >= 0 && ReferenceEquals(next, begun)
            ? links
            : links.With(
                link with
                {
                    Insights =
                        at >= 0 ? link.Insights.SetItem(at, next) : link.Insights.Insert(~at, next),
                }
            );
    }
}
