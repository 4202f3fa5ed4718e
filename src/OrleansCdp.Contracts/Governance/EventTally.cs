using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace OrleansCdp.Governance;

/// <summary>Adds up what became of events. Not for several threads at once.</summary>
public sealed class EventTally
{
    private readonly Dictionary<(string Stream, CountKind Kind, string Reason), long> sums = [];

    /// <summary>Whether nothing was added.</summary>
    public bool IsEmpty => sums.Count == 0;

    /// <summary>Adds to a sum.</summary>
    public void Add(string stream, CountKind kind, string reason, long count = 1) =>
        CollectionsMarshal.GetValueRefOrAddDefault(sums, (stream, kind, reason), out _) += count;

    /// <summary>Adds counts to their sums.</summary>
    public void Add(IEnumerable<EventCount> counts)
    {
        foreach (EventCount count in counts)
        {
            Add(count.Stream, count.Kind, count.Reason, count.Count);
        }
    }

    /// <summary>The sums, one per stream, kind and reason.</summary>
    public ImmutableArray<EventCount> Counts() =>
        [
            .. sums.Select(sum => new EventCount(
                sum.Key.Stream,
                sum.Key.Kind,
                sum.Key.Reason,
                sum.Value
            )),
        ];
}
