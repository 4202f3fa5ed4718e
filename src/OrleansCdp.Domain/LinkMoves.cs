using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Moves of links: frozen here, taken there, released here. Each step may be repeated.</summary>
public static class LinkMoves
{
    /// <summary>Freezes links for another individual: from now on their events are sent on.</summary>
    /// <param name="holder">Who has the links.</param>
    /// <param name="keys">The links; empty for all, which makes this individual redirect for ever.</param>
    /// <param name="target">Who takes them.</param>
    /// <param name="rank">
    /// Rank of the target's anchor; <see cref="AnchorPolicy.AsPromised"/> to freeze nothing that is not yet.
    /// </param>
    /// <param name="owner">The base individual of the links.</param>
    /// <param name="cause">Why they move.</param>
    /// <param name="isSentByOwner">Whether that base individual said to ask here.</param>
    /// <param name="departure">
    /// What to hand over. To somebody else than <paramref name="target"/> when one of the links is promised already:
    /// then nothing changes, and that promise is to be kept first.
    /// </param>
    public static Transition<UnifiedIndividual> Detach(
        this UnifiedIndividual holder,
        ImmutableArray<LinkKey> keys,
        string target,
        int rank,
        string owner,
        ClaimCause cause,
        bool isSentByOwner,
        out Departure departure
    )
    {
        bool all = keys.IsEmpty;
        if (holder.PromisedElsewhere(keys, target, owner) is { } promised)
        {
            departure = holder.DepartureTo(promised, keys);
            return holder.Same();
        }

        if (holder.WhomToAsk(keys, target, rank, owner, isSentByOwner) is { } asked)
        {
            departure = Nothing(asked, owner) with { AskThere = true };
            return holder.Same();
        }

        LinkKey[] leaving = all
            ? [.. holder.OwnLinks.Select(link => link.Key)]
            : [.. keys.Where(key => !holder.IsPromised(key, owner))];
        bool stays = !all && holder.HasLinksOf(target) && leaving.Length == keys.Length;
        if (stays ? holder.HasNoRoomFor(keys) : !all && holder.IsFullFor(leaving.Length))
        {
            departure = Nothing(holder.Id, owner);
            return holder.Same();
        }

        if (stays)
        {
            departure = Nothing(target, target) with
            {
                FormerOwner = owner,
                Rank = rank,
                Cause = cause,
                Stays = true,
            };
            return holder.GiveTo(target, keys);
        }

        UnifiedIndividual next = holder.Freeze(leaving, target, rank, owner, cause, all);
        next = all
            ? next with
            {
                RedirectTo = target,
                RedirectRank = holder.RedirectRank ?? rank,
            }
            : next;
        departure = next.DepartureTo(target, keys);
        return holder.Became(
            next,
            leaving.Length > 0 || next != holder,
            identifiersMayDiffer: true
        );
    }

    private static UnifiedIndividual Freeze(
        this UnifiedIndividual holder,
        LinkKey[] leaving,
        string target,
        int rank,
        string owner,
        ClaimCause cause,
        bool all
    ) =>
        leaving.Aggregate(
            holder,
            (from, key) =>
                from.Freeze(
                    new DepartedLink(key, target, null, rank, 0)
                    {
                        Former = owner == holder.Id ? null : owner,
                        // Only the link that names a visitor is decided about; why the others are his stays true.
                        Cause = all && !SubjectIds.IsNamedBy(holder.Id, key) ? default : cause,
                    }
                )
        );

    /// <summary>Whether it cannot remember of so many more links where they went.</summary>
    private static bool IsFullFor(this UnifiedIndividual holder, int leaving) =>
        leaving > 0 && holder.Departed.Length + leaving > Limits.DepartedMax;

    /// <summary>Whom else one of these links is promised to, or with none all of them; null for nobody else.</summary>
    private static string? PromisedElsewhere(
        this UnifiedIndividual holder,
        ImmutableArray<LinkKey> keys,
        string target,
        string owner
    ) =>
        (
            keys.IsEmpty ? [holder.RedirectTo] : keys.Select(key => holder.PromiseOf(key, owner))
        ).FirstOrDefault(other => other is not null && other != target);

    /// <summary>Whom to ask for links that are not here to be moved as was decided; null when they are.</summary>
    private static string? WhomToAsk(
        this UnifiedIndividual holder,
        ImmutableArray<LinkKey> keys,
        string target,
        int rank,
        string owner,
        bool isSentByOwner
    )
    {
        bool all = keys.IsEmpty;
        string? asked = all
            ? holder.PlacedAt
            : keys.Where(key => !holder.IsPromised(key, owner))
                .Select(key => holder.AskedFor(key, owner, isSentByOwner))
                .FirstOrDefault();
        if (asked is not null)
        {
            return asked;
        }

        if (all && holder.RedirectTo is null && !holder.Merged.IsEmpty)
        {
            return holder.Id; // Others live on in it: it is no mere visitor any more, and is merged instead.
        }

        bool isPromised = all
            ? holder.RedirectTo is not null
            : keys.Any(key => holder.IsPromised(key, owner));
        bool isOver = rank == AnchorPolicy.AsPromised && !isPromised; // Whatever its event met.
        // Who decided did not know whose one of them has become meanwhile.
        return isOver || keys.Any(key => holder.IsOfAnother(key, owner, target)) ? holder.Id : null;
    }

    private static bool HasLinksOf(this UnifiedIndividual holder, string individual) =>
        individual == holder.Id || holder.HasAllOf(individual);

    /// <summary>
    /// Makes links those of another individual that has its links here too. One that has not begun does: an event that was
    /// sent by what was known before would begin it as the former one's.
    /// </summary>
    private static Transition<UnifiedIndividual> GiveTo(
        this UnifiedIndividual holder,
        string target,
        ImmutableArray<LinkKey> keys
    )
    {
        LinkKey[] absent = [.. keys.Where(key => holder.Links.Find(key) is null)];
        UnifiedIndividual all =
            absent.Length == 0
                ? holder
                : holder with
                {
                    Links = absent.Aggregate(
                        holder.Links,
                        (set, key) => set.With(new Link { Key = key })
                    ),
                };
        LinkKey[] others = [.. keys.Where(key => (all.OwnerOf(key) ?? all.Id) != target)];
        UnifiedIndividual own = others
            .Aggregate(all, (from, key) => from.Forget(key))
            .NoteLinks(others, target);
        return holder.Became(own, own != holder, identifiersMayDiffer: false);
    }

    /// <summary>Takes links in. One that is here, or was and left again, stays as it is.</summary>
    /// <param name="holder">Who has the links.</param>
    /// <param name="arriving">The links.</param>
    /// <param name="owner">Their base individual: this one, or one that is merged here.</param>
    /// <param name="byMerge">
    /// Whether they change hands by a merge or its end: then room was asked for before, and it is not refused half way.
    /// </param>
    /// <param name="isLast">Whether all links of the owner are here with these.</param>
    /// <param name="isWhole">Whether none had left the owner for another individual before.</param>
    /// <param name="elsewhere">
    /// Set when they are not taken: who is to be asked instead, because this individual redirects or the owner is not
    /// merged here; this individual itself when it would have more than <see cref="Limits.LinksMax"/> links.
    /// </param>
    public static Transition<UnifiedIndividual> Attach(
        this UnifiedIndividual holder,
        ImmutableArray<Link> arriving,
        string owner,
        bool byMerge,
        bool isLast,
        bool isWhole,
        out string? elsewhere
    )
    {
        ImmutableArray<Link> missing =
        [
            .. arriving.Where(link =>
                holder.Links.Find(link.Key) is null
                && !(
                    holder.IndexOfDeparted(link.Key) is >= 0 and int at
                    && holder.Departed[at].Moves >= link.Moves
                    && !holder.IsKept(holder.Departed[at], link, owner)
                )
            ),
        ];
        // What was taken before is on its way to whoever has it next: an old copy must not be there first.
        bool isTaken = missing.IsEmpty && !arriving.IsEmpty;
        bool comesHome =
            holder.RedirectTo is not null
            && !missing.IsEmpty
            && ((byMerge && owner == holder.Id) || missing.All(holder.IsAllThereIs));
        elsewhere =
            isTaken ? null
            : holder.RedirectTo is not null && !comesHome ? holder.RedirectTo
            : owner == holder.Id ? holder.PlacedAt
            : holder.IsMergedHere(owner) ? null
            : owner;
        if (!byMerge && elsewhere is null && missing.Length > Math.Max(0, holder.Room()))
        {
            elsewhere = holder.Id;
        }

        if (elsewhere is not null)
        {
            return holder.Same();
        }

        if (missing.IsEmpty)
        {
            UnifiedIndividual all = isLast ? holder.Arrived(owner, isWhole) : holder;
            return holder.Became(all, !ReferenceEquals(all, holder), identifiersMayDiffer: false);
        }

        HashSet<LinkKey> arrived = [.. missing.Select(link => link.Key)];
        UnifiedIndividual next = holder with
        {
            Links = missing.Aggregate(holder.Links, (set, link) => set.With(link)),
            Departed = holder.Departed.RemoveAll(left => arrived.Contains(left.Link)),
            RedirectTo = comesHome ? null : holder.RedirectTo,
            RedirectRank = comesHome ? null : holder.RedirectRank,
        };
        next = next.NoteLinks(owner == holder.Id ? null : arrived, owner);
        return holder.Became(
            isLast ? next.Arrived(owner, isWhole) : next,
            changed: true,
            identifiersMayDiffer: true
        );
    }

    /// <summary>
    /// Forgets the state of links that the target now holds; that they left is remembered, unless everything goes
    /// there anyway.
    /// </summary>
    /// <param name="holder">Who has the links.</param>
    /// <param name="moved">The links, as they were handed over: of an older move nothing is forgotten.</param>
    /// <param name="target">Who took them.</param>
    public static Transition<UnifiedIndividual> Release(
        this UnifiedIndividual holder,
        ImmutableArray<MovedLink> moved,
        string target
    )
    {
        HashSet<MovedLink> taken = [.. moved];
        DepartedLink[] left =
        [
            .. holder
                .Departed.Select(left =>
                    left.Target == target && taken.Contains(new MovedLink(left.Link, left.Moves))
                        ? left with
                        {
                            State = null,
                        }
                        : left
                )
                .Where(left => left.State is not null || holder.IsRemembered(left)),
        ];
        bool changed = !left.SequenceEqual(holder.Departed);
        UnifiedIndividual next = changed ? holder with { Departed = [.. left] } : holder;
        return holder.Became(next, changed, identifiersMayDiffer: false);
    }

    /// <summary>
    /// Whether a link was promised to an individual that has been merged into this one before it was handed over: it
    /// stays.
    /// </summary>
    internal static bool IsKept(
        this UnifiedIndividual holder,
        DepartedLink left,
        Link link,
        string owner
    ) =>
        left is { Of: null, State: not null }
        && left.Target == owner
        && left.Moves == link.Moves
        && holder.HasAllOf(owner);

    internal static bool IsOfAnother(
        this UnifiedIndividual holder,
        LinkKey key,
        string owner,
        string target
    ) =>
        holder.Links.Find(key) is not null
        && (holder.OwnerOf(key) ?? holder.Id) is { } actual
        && actual != owner
        && actual != target;

    internal static int IndexOfDeparted(this UnifiedIndividual holder, LinkKey key) =>
        holder.Departed.IndexOf(key, static (left, k) => LinkSet.Order(left.Link, k));

    internal static UnifiedIndividual Freeze(this UnifiedIndividual holder, DepartedLink leaving)
    {
        Link here = holder.Links.Find(leaving.Link) ?? new Link { Key = leaving.Link };
        Link state = here with { Moves = here.Moves + 1 };
        return holder.Forget(leaving.Link) with
        {
            Links = holder.Links.Without(leaving.Link),
            Departed = holder.Departed.Insert(
                ~holder.IndexOfDeparted(leaving.Link),
                leaving with
                {
                    State = state,
                    Moves = state.Moves,
                }
            ),
        };
    }

    internal static Departure Nothing(string target, string owner) =>
        new(target, []) { Owner = owner, FormerOwner = owner };

    /// <summary>What waits for a target, of one owner: of the links asked for, if they are among it.</summary>
    internal static Departure DepartureTo(
        this UnifiedIndividual holder,
        string target,
        ImmutableArray<LinkKey> keys
    )
    {
        DepartedLink[] waiting =
        [
            .. holder.Departed.Where(left => left.Target == target && left.State is not null),
        ];
        DepartedLink? first =
            Array.Find(waiting, left => keys.Contains(left.Link)) ?? waiting.FirstOrDefault();
        return first is null
            ? Nothing(target, target) with
            {
                Rank =
                    holder.RedirectTo == target
                        ? holder.RedirectRank ?? AnchorPolicy.Unanchored
                        : AnchorPolicy.Unanchored,
            }
            : holder.DepartureOf(first, waiting);
    }

    internal static Departure DepartureOf(
        this UnifiedIndividual holder,
        DepartedLink first,
        DepartedLink[] waiting
    )
    {
        Link[] alike =
        [
            .. waiting
                .Where(left =>
                    left.Of == first.Of && left.Former == first.Former && left.Cause == first.Cause
                )
                .Select(left => left.State!),
        ];
        return new(
            first.Target,
            [.. alike.Take(Limits.TransferLinksMax)],
            waiting.Length > Math.Min(alike.Length, Limits.TransferLinksMax)
        )
        {
            Owner = first.Of ?? first.Target,
            FormerOwner = first.Of ?? first.Former ?? holder.Id,
            Rank = first.Rank,
            Cause = first.Cause,
        };
    }
}
