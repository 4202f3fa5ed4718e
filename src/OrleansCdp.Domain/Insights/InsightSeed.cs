using System.Runtime.InteropServices;
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
)
{
    /// <summary>The newest of the versions that are told; 0 for none.</summary>
    public static long NewestOf(ReadOnlySpan<InsightSeed> seeds)
    {
        long newest = 0;
        foreach (InsightSeed seed in seeds)
        {
            newest = Math.Max(newest, seed.Known.Revision);
        }

        return newest;
    }

    /// <summary>Demands that no more are told by one call than may be.</summary>
    /// <param name="count">How many are.</param>
    /// <exception cref="ArgumentException">More than <see cref="Limits.SeedsMax"/>.</exception>
    public static void DemandFew(int count)
    {
        if (count > Limits.SeedsMax)
        {
            throw new ArgumentException($"More than {Limits.SeedsMax} seeds.", nameof(count));
        }
    }
}

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
    /// <summary>Adds seeds to their links.</summary>
    /// <param name="links">The links.</param>
    /// <param name="computed">The insights that are computed: one that is not among them is told nothing.</param>
    /// <param name="seeds">The seeds; those of a link one after the other.</param>
    /// <param name="answers">What became of each.</param>
    public static LinkSet Seed(
        this LinkSet links,
        InsightSet computed,
        ReadOnlySpan<InsightSeed> seeds,
        Span<SeedAnswer> answers
    )
    {
        for (int first = 0, end; first < seeds.Length; first = end)
        {
            for (end = first + 1; end < seeds.Length && seeds[end].Link == seeds[first].Link; )
            {
                end++;
            }

            links = SeedLink(links, computed, seeds[first..end], answers[first..end]);
        }

        return links;
    }

    /// <summary>However many versions it is told of, the link is copied once.</summary>
    private static LinkSet SeedLink(
        LinkSet links,
        InsightSet computed,
        ReadOnlySpan<InsightSeed> seeds,
        Span<SeedAnswer> answers
    )
    {
        Link? link = links.Find(seeds[0].Link);
        List<Accumulation> known = [.. link?.Insights ?? []];
        bool changed = false;
        for (int i = 0; i < seeds.Length; i++)
        {
            answers[i] =
                computed.Find(seeds[i].Known.Revision) is not { } insight
                    ? new SeedAnswer(SeedOutcome.Taken) // Nobody computes it any more.
                : link is null ? new SeedAnswer(SeedOutcome.NotHere)
                : Seed(link, known, insight, seeds[i], ref changed);
        }

        return changed ? links.With(link! with { Insights = [.. known] }) : links;
    }

    /// <summary>Adds a seed to what a link knows, sorted by revision.</summary>
    private static SeedAnswer Seed(
        Link link,
        List<Accumulation> known,
        ActiveInsight insight,
        InsightSeed seed,
        ref bool changed
    )
    {
        int at = CollectionsMarshal
            .AsSpan(known)
            .IndexOf(insight.Revision, static (one, revision) => one.Revision.CompareTo(revision));
        Accumulation begun = at >= 0 ? known[at] : Accumulation.Begin(insight, link);
        bool fits = begun.SinceNormal == seed.UpToNormal && begun.SinceLow == seed.UpToLow;
        Accumulation next =
            !begun.IsWhole && fits
                ? begun.Add(insight.Definition, seed.Known) with
                {
                    IsWhole = true,
                }
                : begun;
        if (at < 0)
        {
            known.Insert(~at, next);
            changed = true;
        }
        else if (!ReferenceEquals(next, begun))
        {
            known[at] = next;
            changed = true;
        }

        return begun.IsWhole || fits
            ? new SeedAnswer(SeedOutcome.Taken)
            : new SeedAnswer(SeedOutcome.OtherEnd, begun.SinceNormal, begun.SinceLow);
    }
}
