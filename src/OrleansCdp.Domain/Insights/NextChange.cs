using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace OrleansCdp.Insights;

/// <summary>When time alone changes the value of an insight.</summary>
/// <param name="At">
/// The first moment at which something begins to count or ceases to, UTC ticks; null when nothing does any more. Before it the
/// value is the same, but for what changes all the time.
/// </param>
/// <param name="IsSteady">Whether the value changes all the time: it fades, or a model predicts it, and something counts.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NextChange(long? At, bool IsSteady);

/// <summary>Finds the next change of an insight.</summary>
internal sealed class ChangeSearch(ActiveInsight insight, long now)
{
    private readonly InsightDefinition definition = insight.Definition;
    private long first = long.MaxValue;
    private bool counts;

    /// <summary>Looks at items of records.</summary>
    /// <param name="items">Sorted by time.</param>
    public void Add(ReadOnlySpan<Item> items)
    {
        int coming = Item.FirstAfter(items, now);
        if (coming < items.Length)
        {
            Note(items[coming].At);
        }

        long before = definition.Window is { } window ? now - window.Ticks : long.MinValue;
        int counting = Item.FirstAfter(items, before);
        if (counting < coming)
        {
            counts = true;
            Note(definition.Window is { } reach ? items[counting].At + reach.Ticks : null);
        }
    }

    /// <summary>Looks at what a link knows of items that are not kept.</summary>
    public void Add(Link link)
    {
        Add(link.Insights);
        foreach (RecordSet set in link.Records)
        {
            if (set.Base.Count > 0 && definition.IsOver(set.Object))
            {
                Add(set.Base.Insights);
            }
        }
    }

    /// <summary>Looks at what people of an account add.</summary>
    public void Add(PeopleSum sum)
    {
        if (sum.Revision != insight.Revision)
        {
            return;
        }

        if (definition.Window is not null)
        {
            Add(sum.Tallies);
            return;
        }

        foreach (Tally tally in sum.Tallies)
        {
            counts |= tally.Stretch <= now;
            Note(tally.Stretch > now ? tally.Stretch : null);
        }
    }

    /// <summary>What was found.</summary>
    public NextChange ToChange() =>
        new(
            first == long.MaxValue ? null : first,
            counts && (definition.HalfLife is not null || insight.Model is not null)
        );

    private void Add(ImmutableArray<Accumulation> accumulations)
    {
        if (Accumulation.Find(accumulations, insight.Revision) is { } known)
        {
            Add(known.Tallies);
        }
    }

    private void Add(ImmutableArray<Tally> tallies)
    {
        long earliest = Stretches.FirstAt(definition, now);
        long latest = Stretches.Of(definition, now);
        foreach (Tally tally in tallies)
        {
            if (tally.Stretch > latest)
            {
                Note(Stretches.BeginningOf(definition, tally.Stretch));
            }
            else if (tally.Stretch >= earliest)
            {
                counts = true;
                Note(Stretches.EndOf(definition, tally.Stretch));
                Note((tally.Beside as LatestInstants)?.FirstAfter(now));
            }
        }
    }

    private void Note(long? at) => first = Math.Min(first, at ?? long.MaxValue);
}
