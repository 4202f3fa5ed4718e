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
}

/// <summary>A change of where an individual's links live that is not finished.</summary>
/// <param name="From">Who has them.</param>
/// <param name="To">Who shall have them.</param>
[GenerateSerializer, Immutable, Alias("cdp.placing")]
public sealed record Placing([property: Id(0)] string From, [property: Id(1)] string To);

/// <summary>
/// Merging: whose links live where. The base individual of a link never changes by it, so it can be taken back
/// exactly.
/// </summary>
public sealed partial record UnifiedIndividual
{
    /// <summary>The individual that has this one's links since it was merged; null for this one.</summary>
    [Id(5)]
    public string? PlacedAt { get; init; }

    /// <summary>Links on their way because of a merge or an unmerge; null for none.</summary>
    [Id(6)]
    public Placing? Placing { get; init; }

    /// <summary>Who is merged into this one, sorted by id; at most <see cref="Limits.MergedMax"/>.</summary>
    [Id(7)]
    public ImmutableArray<MergedIndividual> Merged { get; init; } = [];

    /// <summary>Whoever lives on for this one; null for itself.</summary>
    public string? ElsewhereAt => RedirectTo ?? PlacedAt;

    /// <summary>Whether links wait to be handed over because of a merge.</summary>
    public bool IsPlacing => Placing is not null;

    /// <summary>The links that are no merged individual's.</summary>
    public IEnumerable<Link> OwnLinks =>
        Merged.IsEmpty ? Links.Links : Links.Links.Where(link => OwnerOf(link.Key) is null);

    /// <summary>Which anchor, or which link, names this individual; null when its own links do not tell.</summary>
    public BaseIndividual? BaseBy(AnchorPolicy policy)
    {
        foreach (Link link in OwnLinks)
        {
            foreach (Identifier identifier in link.Identifiers.Select(known => known.Identifier))
            {
                int rank = policy.RankOf(identifier);
                if (rank < AnchorPolicy.Unanchored && SubjectIds.IndividualOf(identifier) == Id)
                {
                    return new BaseIndividual(Id, rank, ClaimKeys.Of(identifier));
                }
            }

            if (SubjectIds.IsNamedBy(Id, link.Key))
            {
                return new BaseIndividual(Id, AnchorPolicy.Unanchored, ClaimKeys.Of(link.Key));
            }
        }

        return null;
    }

    /// <summary>The merged individual whose link this is; null for this one.</summary>
    public string? OwnerOf(LinkKey link)
    {
        foreach (MergedIndividual one in Merged)
        {
            if (IndexIn(one, link) >= 0)
            {
                return one.Id;
            }
        }

        return null;
    }

    /// <summary>Expects the links of an individual that is about to be merged into this one.</summary>
    /// <param name="individual">That individual.</param>
    /// <param name="links">How many links it has.</param>
    /// <param name="refused">Why not, one of <see cref="ReasonCodes"/>; null when they are welcome.</param>
    public Transition<UnifiedIndividual> Expect(string individual, int links, out string? refused)
    {
        refused =
            ElsewhereAt is not null ? ReasonCodes.MergedElsewhere
            : IsMergedHere(individual) ? null
            : Links.Links.Length + links > Limits.LinksMax ? ReasonCodes.LinksMax
            : Merged.Length >= Limits.MergedMax ? ReasonCodes.MergedMax
            : null;
        if (refused is not null || IsMergedHere(individual))
        {
            return Same();
        }

        UnifiedIndividual next = this with
        {
            Merged = Merged.Insert(~IndexOfMerged(individual), new(individual, [])),
        };
        return Became(next, changed: true, identifiersMayDiffer: false);
    }

    /// <summary>Freezes all own links for the individual that this one is merged into.</summary>
    public Transition<UnifiedIndividual> MergeInto(string target)
    {
        UnifiedIndividual next = OwnLinks
            .ToArray()
            .Aggregate(this, (from, link) => from.Freeze(LeavingFor(target, link.Key, of: Id))) with
        {
            PlacedAt = target,
            Placing = new(Id, target),
        };
        return Became(next, next != this, identifiersMayDiffer: true);
    }

    /// <summary>
    /// Gives a merged individual's links up. Repeating it changes nothing, and says what is still to be handed over.
    /// </summary>
    /// <param name="individual">The merged individual.</param>
    /// <param name="target">Who takes its links.</param>
    /// <param name="departure">What to hand over.</param>
    public Transition<UnifiedIndividual> Separate(
        string individual,
        string target,
        out Departure departure
    )
    {
        int at = IndexOfMerged(individual);
        UnifiedIndividual next = this;
        if (at >= 0)
        {
            next = Merged[at]
                .Links.Aggregate(
                    this,
                    (from, key) => from.Freeze(LeavingFor(target, key, of: individual))
                );
            next = next with { Merged = next.Merged.RemoveAt(at) };
        }

        departure = next.WaitingOf(individual, target);
        return Became(next, at >= 0, identifiersMayDiffer: true);
    }

    /// <summary>Notes that links are about to change hands.</summary>
    public Transition<UnifiedIndividual> Begin(Placing placing) =>
        Became(this with { Placing = placing }, Placing != placing, identifiersMayDiffer: false);

    /// <summary>Sends whoever asks to where the links will be.</summary>
    public Transition<UnifiedIndividual> Redirect()
    {
        string? to = Placing!.To == Id ? null : Placing.To;
        return Became(this with { PlacedAt = to }, to != PlacedAt, identifiersMayDiffer: false);
    }

    /// <summary>Notes that all links have arrived.</summary>
    public Transition<UnifiedIndividual> End() =>
        Became(this with { Placing = null }, Placing is not null, identifiersMayDiffer: false);

    /// <summary>What is still to be handed over to whoever has this one's links.</summary>
    public Departure WaitingFor(string target) => WaitingOf(Id, target);

    private static DepartedLink LeavingFor(string target, LinkKey link, string of) =>
        new(link, target, null, AnchorPolicy.Unanchored, 0) { Of = of };

    private Departure WaitingOf(string individual, string target)
    {
        DepartedLink[] waiting =
        [
            .. Departed.Where(left =>
                left.Of == individual && left.Target == target && left.State is not null
            ),
        ];
        return waiting.Length == 0 ? Nothing(target, individual) : DepartureOf(waiting[0], waiting);
    }

    /// <summary>What an event of a link that is not here meets; null when the link may begin here.</summary>
    private EventOutcome? WhereTo(LinkKey link, string owner) =>
        PromiseOf(link) is { } promised ? EventOutcome.Moved(promised)
        : AskedFor(link, owner) is { } asked ? EventOutcome.NotMine(asked)
        : null;

    /// <summary>Who knows about a link that is not here and was not promised; null for this one.</summary>
    private string? AskedFor(LinkKey link, string owner) =>
        Links.Find(link) is not null ? null
        : owner == Id ? PlacedAt
        : HasAllOf(owner) ? null
        : owner;

    private bool HasAllOf(string individual) =>
        IndexOfMerged(individual) is >= 0 and int at && Merged[at].IsHere;

    /// <summary>Notes that all links of an individual that is merged here have arrived.</summary>
    private UnifiedIndividual Arrived(string individual)
    {
        int at = IndexOfMerged(individual);
        return at < 0 || Merged[at].IsHere
            ? this
            : this with
            {
                Merged = Merged.SetItem(at, Merged[at] with { IsHere = true }),
            };
    }

    private bool IsMergedHere(string individual) => IndexOfMerged(individual) >= 0;

    private int IndexOfMerged(string individual) =>
        Merged.IndexOf(individual, static (one, id) => string.CompareOrdinal(one.Id, id));

    private static int IndexIn(MergedIndividual one, LinkKey link) =>
        one.Links.IndexOf(link, static (key, wanted) => LinkSet.Order(key, wanted));

    /// <summary>Notes whose links those are that began here or came.</summary>
    private UnifiedIndividual Note(IReadOnlyCollection<LinkKey>? links, string owner)
    {
        int at = IndexOfMerged(owner);
        LinkKey[] known = [.. (links ?? []).Where(link => Links.Find(link) is not null)];
        if (at < 0 || known.Length == 0)
        {
            return this;
        }

        MergedIndividual merged = Merged[at] with
        {
            Links =
            [
                .. Merged[at].Links.Union(known).Order(Comparer<LinkKey>.Create(LinkSet.Order)),
            ],
        };
        return this with { Merged = Merged.SetItem(at, merged) };
    }

    private UnifiedIndividual Forget(LinkKey link)
    {
        for (int i = 0; i < Merged.Length; i++)
        {
            if (IndexIn(Merged[i], link) is >= 0 and int at)
            {
                MergedIndividual rest = Merged[i] with { Links = Merged[i].Links.RemoveAt(at) };
                return this with { Merged = Merged.SetItem(i, rest) };
            }
        }

        return this;
    }

    /// <summary>Whether this individual is nothing but that link, which comes home.</summary>
    private bool IsAllThereIs(Link link) => SubjectIds.IsNamedBy(Id, link.Key);

    private bool IsRemembered(DepartedLink left) => left.Of is null && left.Target != ElsewhereAt;
}
