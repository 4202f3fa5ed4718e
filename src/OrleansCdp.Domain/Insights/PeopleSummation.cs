using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>
/// Adds up what people add to one insight of their account. The sum is the same in whatever order they come, and however they
/// are grouped before.
/// </summary>
/// <param name="insight">The insight.</param>
/// <param name="partsMax">
/// Parts that are told apart: those whose names have the lowest hashes, as in <see cref="Accumulation.PartsMax"/>; the others
/// are one part.
/// </param>
/// <param name="pendingMax">Moments yet to come that are told apart.</param>
public sealed class PeopleSummation(ActiveInsight insight, int partsMax, int pendingMax)
{
    /// <summary>Parts of a whole account.</summary>
    public const int PartsMax = 1_000;

    /// <summary>Moments yet to come of a whole account.</summary>
    public const int AccountPendingMax = 1_000;

    /// <summary>
    /// Moments yet to come that are told apart of one person. What is dated after the last of these counts from that one on.
    /// </summary>
    public const int PendingMax = 32;

    private readonly InsightDefinition definition = insight.Definition;
    private readonly Dictionary<(long Stretch, string? Part), Tally> tallies = [];
    private long people;
    private long leftOut;

    /// <summary>One of a whole account, or of some of its people.</summary>
    public PeopleSummation(ActiveInsight insight)
        : this(insight, PartsMax, AccountPendingMax) { }

    /// <summary>What one person adds to an insight of its account; null for nothing.</summary>
    /// <param name="insight">The insight.</param>
    /// <param name="people">As how many it counts: 1, or 0 for a record that is nobody's.</param>
    /// <param name="items">The items of the person's records.</param>
    /// <param name="links">The person's links: they know of what is not kept.</param>
    /// <param name="now">The moment, UTC ticks.</param>
    internal static PeopleSum? Of(
        ActiveInsight insight,
        long people,
        ReadOnlySpan<Item> items,
        LinkSet links,
        long now
    )
    {
        PeopleSummation sum = new(insight, Accumulation.PartsMax, PendingMax) { people = people };
        foreach (ref readonly Item item in items)
        {
            long stretch =
                insight.Definition.Window is not null || item.At > now
                    ? StretchOf(insight.Definition, item.At)
                    : 0;
            sum.Add(Tally.Of(insight.Definition, item) with { Stretch = stretch });
        }

        foreach (Link link in links.Links)
        {
            sum.Add(link.Insights);
            foreach (RecordSet set in link.Records)
            {
                if (set.Base.Count > 0 && insight.Definition.IsOver(set.Object))
                {
                    int known = sum.Add(set.Base.Insights)?.Records ?? 0;
                    sum.leftOut += set.Base.Count - known;
                }
            }
        }

        PeopleSum whole = sum.ToSum(now);
        return whole.Tallies.IsEmpty && whole.LeftOut == 0 ? null : whole;
    }

    /// <summary>Adds what others add.</summary>
    public void Add(PeopleSum other)
    {
        people += other.People;
        leftOut += other.LeftOut;
        foreach (Tally tally in other.Tallies)
        {
            Add(tally);
        }
    }

    /// <summary>What it comes to.</summary>
    /// <param name="now">The moment: what no window reaches any more is left out, and what is yet to come is bounded.</param>
    public PeopleSum ToSum(DateTimeOffset now) => ToSum(now.UtcTicks);

    private PeopleSum ToSum(long now)
    {
        LetGo(Stretches.FirstAt(definition, now));
        if (definition.Window is null)
        {
            Move(at => at <= now, to: 0); // Its moment has come.
        }

        Join(definition.Window is null ? 0 : Stretches.Of(definition, now));
        LeaveOut();
        return new PeopleSum
        {
            Revision = insight.Revision,
            People = people,
            LeftOut = leftOut,
            Tallies =
            [
                .. tallies
                    .Values.OrderBy(tally => tally.Stretch)
                    .ThenBy(tally => tally.Part, StringComparer.Ordinal),
            ],
        };
    }

    private static long StretchOf(InsightDefinition definition, long at) =>
        definition.Window is null ? at : Stretches.Of(definition, at);

    private Accumulation? Add(ImmutableArray<Accumulation> accumulations)
    {
        Accumulation? known = Accumulation.Find(accumulations, insight.Revision);
        foreach (Tally tally in known?.Tallies ?? [])
        {
            Add(tally);
        }

        return known;
    }

    private void Add(Tally tally)
    {
        var key = (tally.Stretch, tally.Part);
        tallies[key] = tallies.TryGetValue(key, out Tally? known)
            ? known.Add(definition, tally)
            : tally;
    }

    /// <summary>Lets go of what no window reaches any more.</summary>
    private void LetGo(long first)
    {
        foreach (var key in tallies.Keys.Where(key => key.Stretch < first).ToArray())
        {
            tallies.Remove(key);
        }
    }

    /// <summary>Moments yet to come that are too many become the last one that is kept.</summary>
    private void Join(long current)
    {
        long[] pending =
        [
            .. tallies.Keys.Select(key => key.Stretch).Where(at => at > current).Distinct().Order(),
        ];
        if (pending.Length <= pendingMax)
        {
            return;
        }

        long last = pending[pendingMax - 1];
        Move(at => at > last, last);
    }

    private void Move(Predicate<long> which, long to)
    {
        foreach (var key in tallies.Keys.Where(key => which(key.Stretch)).ToArray())
        {
            tallies.Remove(key, out Tally? tally);
            Add(tally! with { Stretch = to });
        }
    }

    /// <summary>Of parts that are too many the others become one.</summary>
    private void LeaveOut()
    {
        foreach (var parts in tallies.Keys.GroupBy(key => key.Stretch).ToArray())
        {
            string[] names =
            [
                .. parts.Select(key => key.Part).OfType<string>().Except([PartNames.Other]),
            ];
            foreach (string name in names.OrderBy(Partitions.HashOf).Skip(partsMax))
            {
                tallies.Remove((parts.Key, name), out Tally? tally);
                Add(tally! with { Part = PartNames.Other });
            }
        }
    }
}
