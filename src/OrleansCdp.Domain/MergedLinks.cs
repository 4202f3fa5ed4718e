using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Which of an individual's links are those of others that are merged into it.</summary>
public static class MergedLinks
{
    /// <summary>The merged individual whose link this is; null for this one.</summary>
    public static string? OwnerOf(this UnifiedIndividual holder, LinkKey link)
    {
        foreach (MergedIndividual one in holder.Merged)
        {
            if (IndexIn(one, link) >= 0)
            {
                return one.Id;
            }
        }

        return null;
    }

    /// <summary>What an event of a link that is not here meets; null when the link may begin here.</summary>
    internal static EventOutcome? WhereTo(
        this UnifiedIndividual holder,
        string owner,
        SequencedEvent e
    ) =>
        e.IsRemembered ? EventOutcome.NotMine(holder.Id) // Whoever sent it has to ask whose the link is by now.
        : holder.PromiseOf(e.Event.Link, owner) is { } promised ? EventOutcome.Moved(promised)
        : holder.AskedFor(e.Event.Link, owner, e.IsSentByOwner) is { } asked
            ? EventOutcome.NotMine(asked)
        : null;

    /// <summary>
    /// Whom a link was promised to that no longer lives here; null when it may be here. Who became somebody else took along
    /// what was its own, and not what others had brought and taken away again.
    /// </summary>
    internal static string? PromiseOf(this UnifiedIndividual holder, LinkKey key, string owner) =>
        holder.IndexOfDeparted(key) is >= 0 and int at ? holder.Departed[at].Target
        : owner == holder.Id ? holder.RedirectTo
        : null;

    internal static bool IsPromised(this UnifiedIndividual holder, LinkKey key, string owner) =>
        holder.PromiseOf(key, owner) is not null;

    /// <summary>Who knows about a link that is not here and was not promised; null for this one.</summary>
    /// <param name="holder">Who is asked.</param>
    /// <param name="link">The link.</param>
    /// <param name="owner">Its base individual, as far as whoever asks knows.</param>
    /// <param name="isSentByOwner">Whether that one said that the link has not gone elsewhere, and to ask here.</param>
    internal static string? AskedFor(
        this UnifiedIndividual holder,
        LinkKey link,
        string owner,
        bool isSentByOwner
    ) =>
        holder.Links.Find(link) is not null ? null
        : owner == holder.Id ? holder.PlacedAt
        : holder.HasAllOf(owner)
        && (isSentByOwner || holder.Merged[holder.IndexOfMerged(owner)].IsWhole)
            ? null
        : owner;

    internal static bool HasAllOf(this UnifiedIndividual holder, string individual) =>
        holder.IndexOfMerged(individual) is >= 0 and int at && holder.Merged[at].IsHere;

    /// <summary>Notes that all links of an individual that is merged here have arrived.</summary>
    internal static UnifiedIndividual Arrived(
        this UnifiedIndividual holder,
        string individual,
        bool isWhole
    )
    {
        int at = holder.IndexOfMerged(individual);
        return at < 0 || holder.Merged[at].IsHere
            ? holder
            : holder with
            {
                Merged = holder.Merged.SetItem(
                    at,
                    holder.Merged[at] with
                    {
                        IsHere = true,
                        IsWhole = isWhole,
                    }
                ),
            };
    }

    /// <summary>Links that may begin here or come unannounced: what was announced finds room.</summary>
    internal static int Room(this UnifiedIndividual holder)
    {
        int room = Limits.LinksMax - holder.Links.Links.Length;
        foreach (MergedIndividual one in holder.Merged)
        {
            room -= one.Missing;
        }

        return room;
    }

    /// <summary>Whether those of the links that have not begun cannot begin here.</summary>
    internal static bool HasNoRoomFor(
        this UnifiedIndividual holder,
        ImmutableArray<LinkKey> keys
    ) => keys.Count(key => holder.Links.Find(key) is null) > Math.Max(0, holder.Room());

    /// <summary>How many links of an individual are here: of this one, or of one that is merged here.</summary>
    public static int CountOf(this UnifiedIndividual holder, string individual) =>
        individual == holder.Id ? holder.OwnLinks.Count()
        : holder.IndexOfMerged(individual) is >= 0 and int at ? holder.Merged[at].Links.Length
        : 0;

    internal static bool IsMergedHere(this UnifiedIndividual holder, string individual) =>
        holder.IndexOfMerged(individual) >= 0;

    internal static int IndexOfMerged(this UnifiedIndividual holder, string individual) =>
        holder.Merged.IndexOf(individual, static (one, id) => string.CompareOrdinal(one.Id, id));

    internal static int IndexIn(MergedIndividual one, LinkKey link) =>
        one.Links.IndexOf(link, static (key, wanted) => LinkSet.Order(key, wanted));

    /// <summary>Notes whose links those are that began here or came.</summary>
    internal static UnifiedIndividual NoteLinks(
        this UnifiedIndividual holder,
        IReadOnlyCollection<LinkKey>? links,
        string owner
    )
    {
        int at = holder.IndexOfMerged(owner);
        if (at < 0 || links is null)
        {
            return holder;
        }

        MergedIndividual merged = holder.Merged[at];
        foreach (LinkKey link in links)
        {
            int place = IndexIn(merged, link);
            if (place < 0 && holder.Links.Find(link) is not null)
            {
                merged = merged with { Links = merged.Links.Insert(~place, link) };
            }
        }

        return ReferenceEquals(merged, holder.Merged[at])
            ? holder
            : holder with
            {
                Merged = holder.Merged.SetItem(at, merged),
            };
    }

    internal static UnifiedIndividual Forget(this UnifiedIndividual holder, LinkKey link)
    {
        for (int i = 0; i < holder.Merged.Length; i++)
        {
            if (IndexIn(holder.Merged[i], link) is >= 0 and int at)
            {
                MergedIndividual rest = holder.Merged[i] with
                {
                    Links = holder.Merged[i].Links.RemoveAt(at),
                };
                return holder with { Merged = holder.Merged.SetItem(i, rest) };
            }
        }

        return holder;
    }

    /// <summary>Whether this individual is nothing but that link, which comes home.</summary>
    internal static bool IsAllThereIs(this UnifiedIndividual holder, Link link) =>
        SubjectIds.IsNamedBy(holder.Id, link.Key);

    internal static bool IsRemembered(this UnifiedIndividual holder, DepartedLink left) =>
        left.Of is null && left.Target != holder.RedirectTo;
}
