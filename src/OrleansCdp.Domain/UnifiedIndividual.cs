using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>A link that left, and where to.</summary>
/// <param name="Link">The link.</param>
/// <param name="Target">The individual it went to.</param>
/// <param name="State">
/// Its state until the target is known to hold it durably; null afterwards.
/// </param>
/// <param name="Rank">Rank of the target's strongest anchor when it left.</param>
/// <param name="Moves">How often the link had moved, this departure counted.</param>
[GenerateSerializer, Immutable, Alias("cdp.departed-link")]
public sealed record DepartedLink(
    [property: Id(0)] LinkKey Link,
    [property: Id(1)] string Target,
    [property: Id(2)] Link? State,
    [property: Id(3)] int Rank,
    [property: Id(4)] int Moves
);

/// <summary>Links to be handed over, and to whom.</summary>
/// <param name="Target">
/// The individual they are promised to; the one they are at when it cannot remember another departure.
/// </param>
/// <param name="Links">
/// Their state, of at most <see cref="Limits.TransferLinksMax"/>; empty when the target has taken all of them.
/// </param>
/// <param name="More">Whether there are more: ask again once these are taken.</param>
public sealed record Departure(string Target, ImmutableArray<Link> Links, bool More = false);

/// <summary>A link that was handed over.</summary>
/// <param name="Link">The link.</param>
/// <param name="Moves">How often it had moved by then: tells this move from an earlier one.</param>
[GenerateSerializer, Immutable, Alias("cdp.moved-link")]
public readonly record struct MovedLink([property: Id(0)] LinkKey Link, [property: Id(1)] int Moves)
{
    /// <summary>Links as they are handed over.</summary>
    public static ImmutableArray<MovedLink> Of(ImmutableArray<Link> links) =>
        [.. links.Select(link => new MovedLink(link.Key, link.Moves))];
}

/// <summary>
/// One person as all sources together know it: the merge of its links. Pure state; every change is a function
/// from one to the next.
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.individual-state")]
public sealed record UnifiedIndividual : ISubject<UnifiedIndividual>
{
    /// <summary>Derived from the first anchor; never changes.</summary>
    [Id(0)]
    public required string Id { get; init; }

    /// <summary>The links that make it up.</summary>
    [Id(1)]
    public LinkSet Links { get; init; } = LinkSet.Empty;

    /// <summary>
    /// Links that moved away, sorted by key; at most <see cref="Limits.DepartedMax"/> unless all of them left at once.
    /// </summary>
    [Id(2)]
    public ImmutableArray<DepartedLink> Departed { get; init; } = [];

    /// <summary>The individual that absorbed this one; null for none. For ever.</summary>
    [Id(3)]
    public string? RedirectTo { get; init; }

    /// <summary>
    /// Rank of that one's strongest anchor when it absorbed this one; null for none, and in states of first versions.
    /// </summary>
    [Id(4)]
    public int? RedirectRank { get; init; }

    /// <summary>
    /// Records of nobody that may be this individual's, one list per ruleset. Kept with the state, so that showing them
    /// costs no look anywhere; default in states of first versions.
    /// </summary>
    [Id(8)]
    public ImmutableArray<PossibleMatches> Possible { get; init; } = [];

    /// <summary>Whether nothing is known here.</summary>
    public bool IsEmpty => Links.Links.IsEmpty && Departed.IsEmpty && RedirectTo is null;

    /// <inheritdoc/>
    public Transition<UnifiedIndividual> Apply(ReadOnlySpan<SequencedEvent> events)
    {
        LinkFold fold = new(Links);
        EventOutcome[]? outcomes = null;
        bool bearsOthers = false;
        for (int i = 0; i < events.Length; i++)
        {
            EventOutcome outcome;
            if (DepartureOf(events[i].Event.Link) is { } target)
            {
                outcome = EventOutcome.Moved(target);
            }
            else
            {
                bearsOthers |= fold.Fold(events[i], out outcome);
            }

            if (outcome.Kind != OutcomeKind.Applied)
            {
                outcomes ??= new EventOutcome[events.Length];
                outcomes[i] = outcome;
            }
        }

        LinkSet links = fold.ToSet();
        UnifiedIndividual next = ReferenceEquals(links, Links) ? this : this with { Links = links };
        return Becomes(next, outcomes, bearsOthers);
    }

    /// <summary>Freezes links for another individual: from now on their events are sent on.</summary>
    /// <param name="keys">The links; empty for all, which makes this individual redirect for ever.</param>
    /// <param name="target">Who takes them.</param>
    /// <param name="rank">Rank of the target's strongest anchor.</param>
    /// <param name="departure">
    /// What to hand over. To somebody else than <paramref name="target"/> when one of the links is promised already:
    /// then nothing changes, and that promise is to be kept first.
    /// </param>
    public Transition<UnifiedIndividual> Detach(
        ImmutableArray<LinkKey> keys,
        string target,
        int rank,
        out Departure departure
    )
    {
        bool all = keys.IsEmpty;
        string? promised = all
            ? RedirectTo
            : keys.Select(DepartureOf)
                .FirstOrDefault(other => other is not null && other != target);
        if (promised is not null && promised != target)
        {
            departure = DepartureTo(promised);
            return Same();
        }

        LinkKey[] leaving = all
            ? [.. Links.Links.Select(link => link.Key)]
            : [.. keys.Where(key => DepartureOf(key) is null)];
        if (!all && leaving.Length > 0 && Departed.Length + leaving.Length > Limits.DepartedMax)
        {
            departure = new Departure(Id, []);
            return Same();
        }

        UnifiedIndividual next = leaving.Aggregate(
            this,
            (from, key) => from.Freeze(key, target, rank)
        );
        next = all
            ? next with
            {
                RedirectTo = target,
                RedirectRank = Math.Min(rank, RedirectRank ?? rank),
            }
            : next;
        departure = next.DepartureTo(target);
        return Became(next, leaving.Length > 0 || next != this, identifiersMayDiffer: true);
    }

    /// <summary>Takes links in. One that is here, or was and left again, stays as it is.</summary>
    /// <param name="arriving">The links.</param>
    /// <param name="refused">
    /// Set when this individual was absorbed itself, or would have more than <see cref="Limits.LinksMax"/> links.
    /// </param>
    public Transition<UnifiedIndividual> Attach(ImmutableArray<Link> arriving, out bool refused)
    {
        ImmutableArray<Link> missing =
        [
            .. arriving.Where(link =>
                Links.Find(link.Key) is null
                && !(
                    IndexOfDeparted(link.Key) is >= 0 and int at && Departed[at].Moves >= link.Moves
                )
            ),
        ];
        // What was taken before is on its way to whoever absorbed this one: an old copy must not be there first.
        bool isTaken = missing.IsEmpty && !arriving.IsEmpty;
        refused =
            !isTaken
            && (RedirectTo is not null || Links.Links.Length + missing.Length > Limits.LinksMax);
        if (refused || missing.IsEmpty)
        {
            return Same();
        }

        HashSet<LinkKey> arrived = [.. missing.Select(link => link.Key)];
        UnifiedIndividual next = this with
        {
            Links = missing.Aggregate(Links, (set, link) => set.With(link)),
            Departed = Departed.RemoveAll(left => arrived.Contains(left.Link)),
        };
        return Became(next, changed: true, identifiersMayDiffer: true);
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
                .Where(left => left.State is not null || left.Target != RedirectTo),
        ];
        bool changed = !left.SequenceEqual(Departed);
        UnifiedIndividual next = changed ? this with { Departed = [.. left] } : this;
        return Became(next, changed, identifiersMayDiffer: false);
    }

    /// <summary>Notes which records may be this individual's; an older list than the one known changes nothing.</summary>
    public Transition<UnifiedIndividual> Note(PossibleMatches matches)
    {
        ImmutableArray<PossibleMatches> noted = matches.AddTo(Possible);
        bool changed = noted != Possible;
        return Became(
            changed ? this with { Possible = noted } : this,
            changed,
            identifiersMayDiffer: false
        );
    }

    /// <summary>The account most recently stated by any link; null when none was.</summary>
    public LinkKey? AccountLink() =>
        Links
            .Links.Select(link => link.Account)
            .Where(register => register is not null)
            .MaxBy(register => register!.Stamp)
            ?.Account;

    /// <summary>Rank of the strongest anchor any link bears; <see cref="AnchorPolicy.Unanchored"/> for none.</summary>
    public int RankBy(AnchorPolicy policy) =>
        Links
            .Links.SelectMany(link => link.Identifiers)
            .Select(known => policy.RankOf(known.Identifier))
            .DefaultIfEmpty(AnchorPolicy.Unanchored)
            .Min();

    /// <summary>Rank of the individual that links left for, as it was then.</summary>
    public int RankOfDeparture(string target) =>
        Departed
            .Where(left => left.Target == target)
            .Select(left => left.Rank)
            .Append(
                RedirectTo == target && RedirectRank is { } rank ? rank : AnchorPolicy.Unanchored
            )
            .Min();

    /// <inheritdoc/>
    public Transition<UnifiedIndividual> Becomes(
        UnifiedIndividual next,
        EventOutcome[]? outcomes
    ) => Becomes(next, outcomes, identifiersMayDiffer: true);

    private Transition<UnifiedIndividual> Becomes(
        UnifiedIndividual next,
        EventOutcome[]? outcomes,
        bool identifiersMayDiffer
    )
    {
        // A refusal is saved with the state, even if the state is the same.
        bool changed = !ReferenceEquals(next, this) || EventOutcome.AnyRefused(outcomes);
        return Became(next, changed, identifiersMayDiffer) with
        {
            Outcomes = outcomes is null ? [] : ImmutableArray.Create(outcomes),
        };
    }

    /// <summary>Where events of a link go that no longer lives here; null when they belong here.</summary>
    private string? DepartureOf(LinkKey key)
    {
        int at = IndexOfDeparted(key);
        return at < 0 ? RedirectTo : Departed[at].Target;
    }

    private int IndexOfDeparted(LinkKey key) =>
        Departed.IndexOf(key, static (left, k) => LinkSet.Order(left.Link, k));

    private UnifiedIndividual Freeze(LinkKey key, string target, int rank)
    {
        Link here = Links.Find(key) ?? new Link { Key = key };
        Link leaving = here with { Moves = here.Moves + 1 };
        return this with
        {
            Links = Links.Without(key),
            Departed = Departed.Insert(
                ~IndexOfDeparted(key),
                new DepartedLink(key, target, leaving, rank, leaving.Moves)
            ),
        };
    }

    private Departure DepartureTo(string target)
    {
        Link[] waiting =
        [
            .. Departed
                .Where(left => left.Target == target && left.State is not null)
                .Select(left => left.State!)
                .Take(Limits.TransferLinksMax + 1),
        ];
        bool more = waiting.Length > Limits.TransferLinksMax;
        return new(target, [.. more ? waiting[..Limits.TransferLinksMax] : waiting], more);
    }

    private Transition<UnifiedIndividual> Same() =>
        new()
        {
            Next = this,
            Changed = false,
            Outcomes = [],
        };

    private Transition<UnifiedIndividual> Became(
        UnifiedIndividual next,
        bool changed,
        bool identifiersMayDiffer
    )
    {
        if (!identifiersMayDiffer)
        {
            return new Transition<UnifiedIndividual>
            {
                Next = next,
                Changed = changed,
                Outcomes = [],
            };
        }

        var (added, removed) = IdentifierChanges.Between(Links, next.Links);
        return new Transition<UnifiedIndividual>
        {
            Next = next,
            Changed = changed,
            Outcomes = [],
            IdentifiersAdded = added,
            IdentifiersRemoved = removed,
        };
    }
}
