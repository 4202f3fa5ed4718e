using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Moves of links: frozen here, taken there, released here. Each step may be repeated.</summary>
public sealed partial record UnifiedIndividual
{
    /// <summary>Freezes links for another individual: from now on their events are sent on.</summary>
    /// <param name="keys">The links; empty for all, which makes this individual redirect for ever.</param>
    /// <param name="target">Who takes them.</param>
    /// <param name="rank">
    /// Rank of the target's anchor; <see cref="AnchorPolicy.AsPromised"/> to freeze nothing that is not yet.
    /// </param>
    /// <param name="owner">The base individual of the links.</param>
    /// <param name="cause">Why they move.</param>
    /// <param name="departure">
    /// What to hand over. To somebody else than <paramref name="target"/> when one of the links is promised already:
    /// then nothing changes, and that promise is to be kept first.
    /// </param>
    public Transition<UnifiedIndividual> Detach(
        ImmutableArray<LinkKey> keys,
        string target,
        int rank,
        string owner,
        ClaimCause cause,
        out Departure departure
    )
    {
        bool all = keys.IsEmpty;
        string? promised = all
            ? RedirectTo
            : keys.Select(PromiseOf).FirstOrDefault(other => other is not null && other != target);
        if (promised is not null && promised != target)
        {
            departure = DepartureTo(promised, keys);
            return Same();
        }

        string? asked = AskedFor(keys, target, rank, owner);
        if (asked is not null)
        {
            departure = Nothing(asked, owner) with { AskThere = true };
            return Same();
        }

        if (!all && (target == Id || HasAllOf(target)) && keys.All(key => PromiseOf(key) is null))
        {
            departure = Nothing(target, target) with
            {
                FormerOwner = owner,
                Rank = rank,
                Cause = cause,
                Stays = true,
            };
            return Keep(keys, target);
        }

        LinkKey[] leaving = all
            ? [.. OwnLinks.Select(link => link.Key)]
            : [.. keys.Where(key => PromiseOf(key) is null)];
        if (!all && leaving.Length > 0 && Departed.Length + leaving.Length > Limits.DepartedMax)
        {
            departure = Nothing(Id, owner);
            return Same();
        }

        UnifiedIndividual next = leaving.Aggregate(
            this,
            (from, key) =>
                from.Freeze(
                    new DepartedLink(key, target, null, rank, 0)
                    {
                        Former = owner == Id ? null : owner,
                        Cause = cause,
                    }
                )
        );
        next = all ? next with { RedirectTo = target, RedirectRank = RedirectRank ?? rank } : next;
        departure = next.DepartureTo(target, keys);
        return Became(next, leaving.Length > 0 || next != this, identifiersMayDiffer: true);
    }

    /// <summary>Who is to be asked for links instead; this one itself for who must decide again, null for nobody.</summary>
    private string? AskedFor(ImmutableArray<LinkKey> keys, string target, int rank, string owner)
    {
        bool all = keys.IsEmpty;
        string? asked = all
            ? PlacedAt
            : keys.Where(key => PromiseOf(key) is null)
                .Select(key => AskedFor(key, owner))
                .FirstOrDefault();
        if (asked is not null)
        {
            return asked;
        }

        // Whatever its event met is over; or who decided did not know whose it has become meanwhile.
        bool isOver =
            rank == AnchorPolicy.AsPromised
            && !(all ? RedirectTo is not null : keys.Any(IsPromised));
        return isOver || keys.Any(key => IsOfAnother(key, owner, target)) ? Id : null;
    }

    /// <summary>Gives links that are here to another individual whose links are here.</summary>
    private Transition<UnifiedIndividual> Keep(ImmutableArray<LinkKey> keys, string owner)
    {
        LinkKey[] others = [.. keys.Where(key => (OwnerOf(key) ?? Id) != owner)];
        UnifiedIndividual own = others
            .Aggregate(this, (from, key) => from.Forget(key))
            .Note(others, owner);
        return Became(own, own != this, identifiersMayDiffer: false);
    }

    /// <summary>Takes links in. One that is here, or was and left again, stays as it is.</summary>
    /// <param name="arriving">The links.</param>
    /// <param name="owner">Their base individual: this one, or one that is merged here.</param>
    /// <param name="byMerge">
    /// Whether they change hands by a merge or its end: then room was asked for before, and it is not refused half way.
    /// </param>
    /// <param name="isLast">Whether all links of the owner are here with these.</param>
    /// <param name="elsewhere">
    /// Set when they are not taken: who is to be asked instead, because this individual redirects or the owner is not
    /// merged here; this individual itself when it would have more than <see cref="Limits.LinksMax"/> links.
    /// </param>
    public Transition<UnifiedIndividual> Attach(
        ImmutableArray<Link> arriving,
        string owner,
        bool byMerge,
        bool isLast,
        out string? elsewhere
    )
    {
        ImmutableArray<Link> missing =
        [
            .. arriving.Where(link =>
                Links.Find(link.Key) is null
                && !(
                    IndexOfDeparted(link.Key) is >= 0 and int at
                    && Departed[at].Moves >= link.Moves
                    && !IsKept(Departed[at], link, owner)
                )
            ),
        ];
        // What was taken before is on its way to whoever has it next: an old copy must not be there first.
        bool isTaken = missing.IsEmpty && !arriving.IsEmpty;
        bool comesHome = RedirectTo is not null && !missing.IsEmpty && missing.All(IsAllThereIs);
        elsewhere =
            isTaken ? null
            : RedirectTo is not null && !comesHome ? RedirectTo
            : owner == Id ? PlacedAt
            : IsMergedHere(owner) ? null
            : owner;
        if (!byMerge && elsewhere is null && Links.Links.Length + missing.Length > Limits.LinksMax)
        {
            elsewhere = Id;
        }

        if (elsewhere is not null)
        {
            return Same();
        }

        if (missing.IsEmpty)
        {
            UnifiedIndividual all = isLast ? Arrived(owner) : this;
            return Became(all, !ReferenceEquals(all, this), identifiersMayDiffer: false);
        }

        HashSet<LinkKey> arrived = [.. missing.Select(link => link.Key)];
        UnifiedIndividual next = this with
        {
            Links = missing.Aggregate(Links, (set, link) => set.With(link)),
            Departed = Departed.RemoveAll(left => arrived.Contains(left.Link)),
            RedirectTo = comesHome ? null : RedirectTo,
            RedirectRank = comesHome ? null : RedirectRank,
        };
        next = next.Note(owner == Id ? null : arrived, owner);
        return Became(
            isLast ? next.Arrived(owner) : next,
            changed: true,
            identifiersMayDiffer: true
        );
    }

    /// <summary>
    /// Forgets the state of links that the target now holds; that they left is remembered, unless everything goes
    /// there anyway.
    /// </summary>
    /// <param name="moved">The links, as they were handed over: of an older move nothing is forgotten.</param>
    /// <param name="target">Who took them.</param>
    public Transition<UnifiedIndividual> Release(ImmutableArray<MovedLink> moved, string target)
    {
        HashSet<MovedLink> taken = [.. moved];
        DepartedLink[] left =
        [
            .. Departed
                .Select(left =>
                    left.Target == target && taken.Contains(new MovedLink(left.Link, left.Moves))
                        ? left with
                        {
                            State = null,
                        }
                        : left
                )
                .Where(left => left.State is not null || IsRemembered(left)),
        ];
        bool changed = !left.SequenceEqual(Departed);
        UnifiedIndividual next = changed ? this with { Departed = [.. left] } : this;
        return Became(next, changed, identifiersMayDiffer: false);
    }

    /// <summary>
    /// Whether a link was promised to an individual that has been merged into this one before it was handed over: it
    /// stays.
    /// </summary>
    private bool IsKept(DepartedLink left, Link link, string owner) =>
        left is { Of: null, State: not null }
        && left.Target == owner
        && left.Moves == link.Moves
        && HasAllOf(owner);

    private bool IsOfAnother(LinkKey key, string owner, string target) =>
        Links.Find(key) is not null
        && (OwnerOf(key) ?? Id) is { } actual
        && actual != owner
        && actual != target;

    /// <summary>Whom a link was promised to that no longer lives here; null when it may be here.</summary>
    private string? PromiseOf(LinkKey key)
    {
        int at = IndexOfDeparted(key);
        return at < 0 ? RedirectTo : Departed[at].Target;
    }

    private bool IsPromised(LinkKey key) => PromiseOf(key) is not null;

    private int IndexOfDeparted(LinkKey key) =>
        Departed.IndexOf(key, static (left, k) => LinkSet.Order(left.Link, k));

    private UnifiedIndividual Freeze(DepartedLink leaving)
    {
        Link here = Links.Find(leaving.Link) ?? new Link { Key = leaving.Link };
        Link state = here with { Moves = here.Moves + 1 };
        return Forget(leaving.Link) with
        {
            Links = Links.Without(leaving.Link),
            Departed = Departed.Insert(
                ~IndexOfDeparted(leaving.Link),
                leaving with
                {
                    State = state,
                    Moves = state.Moves,
                }
            ),
        };
    }

    private static Departure Nothing(string target, string owner) =>
        new(target, []) { Owner = owner, FormerOwner = owner };

    /// <summary>What waits for a target, of one owner: of the links asked for, if they are among it.</summary>
    private Departure DepartureTo(string target, ImmutableArray<LinkKey> keys)
    {
        DepartedLink[] waiting =
        [
            .. Departed.Where(left => left.Target == target && left.State is not null),
        ];
        DepartedLink? first =
            Array.Find(waiting, left => keys.Contains(left.Link)) ?? waiting.FirstOrDefault();
        return first is null
            ? Nothing(target, target) with
            {
                Rank =
                    RedirectTo == target
                        ? RedirectRank ?? AnchorPolicy.Unanchored
                        : AnchorPolicy.Unanchored,
            }
            : DepartureOf(first, waiting);
    }

    private Departure DepartureOf(DepartedLink first, DepartedLink[] waiting)
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
            FormerOwner = first.Of ?? first.Former ?? Id,
            Rank = first.Rank,
            Cause = first.Cause,
        };
    }
}
