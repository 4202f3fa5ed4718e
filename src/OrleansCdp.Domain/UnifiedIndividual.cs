using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

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

    /// <summary>What was last handed over for the fields of the CRM that insights write.</summary>
    [Id(9)]
    public ImmutableArray<WrittenValue> Written
    {
        get => field.IsDefault ? [] : field; // In states of first versions.
        init;
    } = [];

    /// <summary>
    /// Accounts that may know what this individual adds to their insights, sorted: the one it belongs to, and those it left as
    /// long as they have not been told.
    /// </summary>
    [Id(10)]
    public ImmutableArray<string> CountedAt
    {
        get => field.IsDefault ? [] : field; // In states of first versions.
        init;
    } = [];

    /// <summary>The segments it is in, and how far they were evaluated.</summary>
    [Id(11)]
    public Memberships Memberships
    {
        get => field ?? Memberships.None; // In states of first versions.
        init;
    } = Memberships.None;

    /// <summary>What the account it belongs to told it for its segments.</summary>
    [Id(12)]
    public AccountFacts AccountFacts
    {
        get => field ?? AccountFacts.None; // In states of first versions.
        init;
    } = AccountFacts.None;

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
        Merged.IsEmpty ? Links.Links : Links.Links.Where(link => this.OwnerOf(link.Key) is null);

    /// <summary>Whether nothing is known here.</summary>
    public bool IsEmpty => Links.Links.IsEmpty && Departed.IsEmpty && ElsewhereAt is null;

    /// <inheritdoc/>
    public Transition<UnifiedIndividual> Apply(
        ReadOnlySpan<SequencedEvent> events,
        InsightSet? insights = null
    ) => Apply(events, Id, insights);

    /// <summary>Folds events into the links they belong to.</summary>
    /// <param name="events">Events of one partition and lane, in sequence order.</param>
    /// <param name="owner">The base individual of their links: this one, or one that is merged here.</param>
    /// <param name="insights">The insights that are computed; null for none.</param>
    public Transition<UnifiedIndividual> Apply(
        ReadOnlySpan<SequencedEvent> events,
        string owner,
        InsightSet? insights = null
    )
    {
        LinkFold fold = new(Links, this.Room(), insights);
        EventOutcome[]? outcomes = null;
        HashSet<LinkKey>? begun = null;
        bool bearsOthers = false;
        bool takesAll = owner == Id && ElsewhereAt is null && Departed.IsEmpty;
        for (int i = 0; i < events.Length; i++)
        {
            EventOutcome outcome;
            LinkKey link = events[i].Event.Link;
            bool isHere =
                (takesAll && !events[i].IsRemembered)
                || Links.Find(link) is not null
                || begun?.Contains(link) == true;
            if (!isHere && this.WhereTo(owner, events[i]) is { } elsewhere)
            {
                outcome = elsewhere;
            }
            else
            {
                bearsOthers |= fold.Fold(events[i], out outcome);
                if (!isHere && owner != Id)
                {
                    (begun ??= []).Add(link);
                }
            }

            if (outcome.Kind != OutcomeKind.Applied)
            {
                outcomes ??= new EventOutcome[events.Length];
                outcomes[i] = outcome;
            }
        }

        LinkSet links = fold.ToSet();
        UnifiedIndividual next = ReferenceEquals(links, Links) ? this : this with { Links = links };
        return Becomes(next.NoteLinks(begun, owner), outcomes, bearsOthers);
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

    /// <summary>Adds what was done before versions of insights were made.</summary>
    /// <param name="computed">The insights that are computed: one that is not among them is told nothing.</param>
    /// <param name="seeds">What was done; what is of one link comes one after the other.</param>
    /// <param name="answers">What became of each.</param>
    public Transition<UnifiedIndividual> Seed(
        InsightSet computed,
        ReadOnlySpan<InsightSeed> seeds,
        out SeedAnswer[] answers
    )
    {
        answers = new SeedAnswer[seeds.Length];
        LinkSet seeded = Links.Seed(computed, seeds, answers);
        foreach (ref SeedAnswer answer in answers.AsSpan())
        {
            answer =
                answer.Outcome == SeedOutcome.NotHere
                    ? answer with
                    {
                        Elsewhere = ElsewhereAt,
                    }
                    : answer;
        }

        bool changed = !ReferenceEquals(seeded, Links);
        return Became(
            changed ? this with { Links = seeded } : this,
            changed,
            identifiersMayDiffer: false
        );
    }

    /// <summary>The account most recently stated by any link; null when none was.</summary>
    public LinkKey? AccountLink() => AccountStatedBy()?.Account?.Account;

    /// <summary>The link that stated its account most recently; null when none did.</summary>
    public Link? AccountStatedBy()
    {
        Link? latest = null;
        foreach (Link link in Links.Links)
        {
            if (
                link.Account is not null
                && AccountRegister.Later(latest?.Account, link.Account) == link.Account
            )
            {
                latest = link;
            }
        }

        return latest;
    }

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
        return Became(next, changed, identifiersMayDiffer, outcomes);
    }

    internal Transition<UnifiedIndividual> Same() =>
        new()
        {
            Next = this,
            Changed = false,
            Outcomes = [],
        };

    internal Transition<UnifiedIndividual> Became(
        UnifiedIndividual next,
        bool changed,
        bool identifiersMayDiffer,
        EventOutcome[]? outcomes = null
    )
    {
        var (added, removed) = identifiersMayDiffer
            ? IdentifierChanges.Between(Links, next.Links)
            : new IdentifierChanges([], []);
        return new Transition<UnifiedIndividual>
        {
            Next = next,
            Changed = changed,
            Outcomes = outcomes is null ? [] : ImmutableArray.Create(outcomes),
            IdentifiersAdded = added,
            IdentifiersRemoved = removed,
        };
    }
}
