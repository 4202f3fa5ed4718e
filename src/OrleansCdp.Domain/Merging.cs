using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>An individual that is merged into another one, and which links there are its own.</summary>
/// <param name="Id">The merged individual.</param>
/// <param name="Links">Its links, sorted by key: they go back with it when the merge is taken back.</param>
[GenerateSerializer, Immutable, Alias("cdp.merged-individual")]
public sealed record MergedIndividual(
    [property: Id(0)] string Id,
    [property: Id(1)] ImmutableArray<LinkKey> Links
)
{
    /// <summary>
    /// Whether all its links have arrived. Until then whoever asks for one that is not here is sent to the individual
    /// itself: it may not have handed that one over yet.
    /// </summary>
    [Id(2)]
    public bool IsHere { get; init; }

    /// <summary>
    /// How many links were announced: so many find room until all are here, whatever comes before them. 0 in states of
    /// first versions.
    /// </summary>
    [Id(3)]
    public int Announced { get; init; }

    /// <summary>How often they were announced: tells an announcement that was withdrawn from one that came after.</summary>
    [Id(4)]
    public int Times { get; init; }

    /// <summary>
    /// Whether no link had left it for another individual when it came here. Otherwise it is asked about a link that is
    /// not here: that may be one of those. False in states of first versions.
    /// </summary>
    [Id(5)]
    public bool IsWhole { get; init; }

    /// <summary>Whether nothing of it has come yet.</summary>
    public bool IsAwaited => !IsHere && Links.IsEmpty;

    /// <summary>Links that are still to come, as far as they were announced.</summary>
    public int Missing => IsHere ? 0 : Math.Max(0, Announced - Links.Length);
}

/// <summary>A change of where an individual's links live that is not finished.</summary>
/// <param name="From">Who has them.</param>
/// <param name="To">Who shall have them.</param>
[GenerateSerializer, Immutable, Alias("cdp.placing")]
public sealed record Placing([property: Id(0)] string From, [property: Id(1)] string To)
{
    /// <summary>Whether whoever shall have them expects them: from then on it is finished, whatever happens.</summary>
    [Id(2)]
    public bool IsWelcome { get; init; }
}

/// <summary>
/// Merging: whose links live where. The base individual of a link never changes by it, so it can be taken back
/// exactly.
/// </summary>
public static class Merging
{
    /// <summary>Which anchor, or which link, names this individual; null when its own links do not tell.</summary>
    public static BaseIndividual? BaseBy(this UnifiedIndividual holder, AnchorPolicy policy)
    {
        foreach (Link link in holder.OwnLinks)
        {
            foreach (Identifier identifier in link.Identifiers.Select(known => known.Identifier))
            {
                int rank = policy.RankOf(identifier);
                if (
                    rank < AnchorPolicy.Unanchored
                    && SubjectIds.IndividualOf(identifier) == holder.Id
                )
                {
                    return new BaseIndividual(holder.Id, rank, ClaimKeys.Of(identifier));
                }
            }

            if (SubjectIds.IsNamedBy(holder.Id, link.Key))
            {
                return new BaseIndividual(
                    holder.Id,
                    AnchorPolicy.Unanchored,
                    ClaimKeys.Of(link.Key)
                );
            }
        }

        return null;
    }

    /// <summary>
    /// Expects the links of an individual that is about to be merged into this one, and keeps room for them. Whoever
    /// expects somebody goes nowhere itself until they have come and gone.
    /// </summary>
    /// <param name="holder">Who has the links.</param>
    /// <param name="individual">That individual.</param>
    /// <param name="links">How many links it has.</param>
    /// <param name="refused">Why not, one of <see cref="ReasonCodes"/>; null when they are welcome.</param>
    /// <param name="hasNothing">
    /// Whether nothing will come, since it has no links and none has left it: then all of it is here at once.
    /// </param>
    public static Transition<UnifiedIndividual> Expect(
        this UnifiedIndividual holder,
        string individual,
        int links,
        out string? refused,
        bool hasNothing = false
    )
    {
        int at = holder.IndexOfMerged(individual);
        refused =
            at >= 0 ? null
            : holder.ElsewhereAt is not null || holder.IsPlacing ? ReasonCodes.MergedElsewhere
            : links > holder.Room() ? ReasonCodes.LinksMax
            : holder.Merged.Length >= Limits.MergedMax ? ReasonCodes.MergedMax
            : null;
        if (refused is not null || (at >= 0 && !holder.Merged[at].IsAwaited))
        {
            return holder.Same();
        }

        MergedIndividual awaited = at >= 0 ? holder.Merged[at] : new(individual, []);
        awaited = awaited with
        {
            Announced = Math.Max(awaited.Announced, links),
            Times = awaited.Times + 1,
            IsHere = hasNothing,
            IsWhole = hasNothing,
        };
        UnifiedIndividual next = holder with
        {
            Merged =
                at >= 0 ? holder.Merged.SetItem(at, awaited) : holder.Merged.Insert(~at, awaited),
        };
        return holder.Became(next, changed: true, identifiersMayDiffer: false);
    }

    /// <summary>
    /// Expects an individual no more that is not coming after all; unless it was announced again since, or something of it
    /// is here.
    /// </summary>
    /// <param name="holder">Who has the links.</param>
    /// <param name="withdrawn">The individual, as it was expected when it said that it is not coming.</param>
    public static Transition<UnifiedIndividual> Dismiss(
        this UnifiedIndividual holder,
        MergedIndividual withdrawn
    )
    {
        int at = holder.IndexOfMerged(withdrawn.Id);
        bool isSame =
            at >= 0
            && holder.Merged[at].Links.IsEmpty
            && holder.Merged[at].Times == withdrawn.Times;
        return isSame
            ? holder.Became(
                holder with
                {
                    Merged = holder.Merged.RemoveAt(at),
                },
                changed: true,
                identifiersMayDiffer: false
            )
            : holder.Same();
    }

    /// <summary>Whether this individual has announced its links to another one, or has them there.</summary>
    public static bool IsComingTo(this UnifiedIndividual holder, string root) =>
        holder.PlacedAt == root || holder.Placing?.To == root;

    /// <summary>
    /// Whether its links are announced to somebody, and all of them are where they were: it may still be refused.
    /// </summary>
    public static bool IsAsking(this UnifiedIndividual holder) =>
        holder.Placing is { IsWelcome: false } placing
        && placing.To != holder.Id
        && placing.From == (holder.PlacedAt ?? holder.Id);

    /// <summary>Whether it has no links, none has left it, and nobody is merged into it: there is nothing to bring.</summary>
    public static bool HasNothing(this UnifiedIndividual holder) =>
        holder.Links.Links.IsEmpty && holder.Departed.IsEmpty && holder.Merged.IsEmpty;

    /// <summary>Ends a merge of somebody who has nothing to bring.</summary>
    public static Transition<UnifiedIndividual> EndAt(
        this UnifiedIndividual holder,
        string target
    ) =>
        holder.Became(
            holder with
            {
                PlacedAt = target,
                Placing = null,
            },
            changed: true,
            identifiersMayDiffer: false
        );

    /// <summary>Freezes all own links for the individual that this one is merged into.</summary>
    public static Transition<UnifiedIndividual> MergeInto(
        this UnifiedIndividual holder,
        string target
    )
    {
        UnifiedIndividual next = holder
            .OwnLinks.ToArray()
            .Aggregate(
                holder,
                (from, link) => from.Freeze(LeavingFor(target, link.Key, of: holder.Id))
            ) with
        {
            PlacedAt = target,
            Placing = new(holder.Id, target),
        };
        return holder.Became(next, next != holder, identifiersMayDiffer: true);
    }

    /// <summary>
    /// Gives a merged individual's links up. Repeating it changes nothing, and says what is still to be handed over.
    /// </summary>
    /// <param name="holder">Who has the links.</param>
    /// <param name="individual">The merged individual.</param>
    /// <param name="target">Who takes its links.</param>
    /// <param name="departure">What to hand over.</param>
    public static Transition<UnifiedIndividual> Separate(
        this UnifiedIndividual holder,
        string individual,
        string target,
        out Departure departure
    )
    {
        int at = holder.IndexOfMerged(individual);
        UnifiedIndividual next = holder;
        if (at >= 0)
        {
            next = holder
                .Merged[at]
                .Links.Aggregate(
                    holder,
                    (from, key) => from.Freeze(LeavingFor(target, key, of: individual))
                );
            next = next with { Merged = next.Merged.RemoveAt(at) };
        }

        departure = next.WaitingOf(individual, target) with
        {
            Left =
            [
                .. next
                    .Departed.Where(left => left.Of is null && left.Former == individual)
                    .Select(left =>
                        left with
                        {
                            Target = left.State is null ? left.Target : holder.Id,
                            State = null,
                            Former = null,
                        }
                    ),
            ],
        };
        return holder.Became(next, at >= 0, identifiersMayDiffer: true);
    }

    /// <summary>Notes that links are about to change hands.</summary>
    public static Transition<UnifiedIndividual> Begin(
        this UnifiedIndividual holder,
        Placing placing
    ) =>
        holder.Became(
            holder with
            {
                Placing = placing,
            },
            holder.Placing != placing,
            identifiersMayDiffer: false
        );

    /// <summary>
    /// Sends whoever asks to where the links will be, and whoever asks for a link that left meanwhile after that one.
    /// </summary>
    /// <param name="holder">Whose links change hands.</param>
    /// <param name="left">Links that left it where its links were until now.</param>
    public static Transition<UnifiedIndividual> Redirect(
        this UnifiedIndividual holder,
        ImmutableArray<DepartedLink> left
    )
    {
        string? to = holder.Placing!.To == holder.Id ? null : holder.Placing.To;
        UnifiedIndividual next = left.Where(one => holder.IndexOfDeparted(one.Link) < 0)
            .Aggregate(
                holder,
                (known, one) =>
                    known with
                    {
                        Departed = known.Departed.Insert(~known.IndexOfDeparted(one.Link), one),
                    }
            ) with
        {
            PlacedAt = to,
        };
        bool isSame = to == holder.PlacedAt && next.Departed.Length == holder.Departed.Length;
        return holder.Became(isSame ? holder : next, !isSame, identifiersMayDiffer: false);
    }

    /// <summary>Whether no link has left it for another individual, as far as it remembers.</summary>
    public static bool IsWhole(this UnifiedIndividual holder) =>
        holder.Departed.All(left => left.Of is not null);

    /// <summary>Notes that all links have arrived.</summary>
    public static Transition<UnifiedIndividual> End(this UnifiedIndividual holder) =>
        holder.Became(
            holder with
            {
                Placing = null,
            },
            holder.Placing is not null,
            identifiersMayDiffer: false
        );

    /// <summary>What is still to be handed over to whoever has this one's links.</summary>
    public static Departure WaitingFor(this UnifiedIndividual holder, string target) =>
        holder.WaitingOf(holder.Id, target);

    internal static DepartedLink LeavingFor(string target, LinkKey link, string of) =>
        new(link, target, null, AnchorPolicy.Unanchored, 0) { Of = of };

    internal static Departure WaitingOf(
        this UnifiedIndividual holder,
        string individual,
        string target
    )
    {
        DepartedLink[] waiting =
        [
            .. holder.Departed.Where(left =>
                left.Of == individual && left.Target == target && left.State is not null
            ),
        ];
        return waiting.Length == 0
            ? LinkMoves.Nothing(target, individual)
            : holder.DepartureOf(waiting[0], waiting);
    }
}
