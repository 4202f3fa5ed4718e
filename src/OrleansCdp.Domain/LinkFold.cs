using System.Runtime.InteropServices;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>Folds events into links one after the other. However many they are, the set is copied once.</summary>
/// <param name="from">The links before.</param>
/// <param name="room">How many more may begin.</param>
/// <param name="insights">The insights that are computed.</param>
internal struct LinkFold(LinkSet from, int room, InsightSet? insights)
{
    private Link[] links = ImmutableCollectionsMarshal.AsArray(from.Links)!;
    private int count = from.Links.Length;
    private readonly int max = from.Links.Length + room;
    private bool changed;

    /// <summary>Folds into as many links as there may be.</summary>
    /// <param name="from">The links before.</param>
    /// <param name="insights">The insights that are computed; null for none.</param>
    public LinkFold(LinkSet from, InsightSet? insights = null)
        : this(from, Limits.LinksMax - from.Links.Length, insights) { }

    /// <summary>Folds one event into its link, which begins with it if it is new.</summary>
    /// <param name="e">The event.</param>
    /// <param name="outcome">What became of it.</param>
    /// <returns>Whether the link bears other identifiers than before.</returns>
    public bool Fold(SequencedEvent e, out EventOutcome outcome)
    {
        LinkKey key = e.Event.Link;
        int at = new ReadOnlySpan<Link>(links, 0, count).IndexOf(
            key,
            static (link, k) => LinkSet.Order(link.Key, k)
        );
        if (at < 0 && count >= max)
        {
            outcome = EventOutcome.Refused(ReasonCodes.LinksMax);
            return false;
        }

        Link link = at < 0 ? new Link { Key = key } : links[at];
        Link folded = link.Fold(e, out outcome, insights);
        if (ReferenceEquals(folded, link))
        {
            return false;
        }

        OwnLinks(at < 0 ? count + 1 : count);
        if (at < 0)
        {
            Array.Copy(links, ~at, links, ~at + 1, count - ~at);
            count++;
        }

        links[at < 0 ? ~at : at] = folded;
        return !folded.BearsTheSameAs(at < 0 ? null : link);
    }

    /// <summary>The links after all of them; the set given when nothing changed. Call it last.</summary>
    public readonly LinkSet ToSet() =>
        changed
            ? new LinkSet
            {
                Links = ImmutableCollectionsMarshal.AsImmutableArray(
                    count == links.Length ? links : links[..count]
                ),
            }
            : from;

    private void OwnLinks(int needed)
    {
        if (!changed || needed > links.Length)
        {
            Link[] own = new Link[needed > links.Length ? needed + 3 : links.Length];
            links.AsSpan(0, count).CopyTo(own);
            links = own;
            changed = true;
        }
    }
}
