using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>One person of an account, as one link states it.</summary>
/// <param name="Link">The person's link.</param>
/// <param name="Individual">The individual it belongs to.</param>
/// <param name="Belongs">Whether it belongs to the account now.</param>
/// <param name="Stamp">When the source said so.</param>
[GenerateSerializer, Immutable, Alias("cdp.member")]
public sealed record Member(
    [property: Id(0)] LinkKey Link,
    [property: Id(1)] string Individual,
    [property: Id(2)] bool Belongs,
    [property: Id(3)] Stamp Stamp
);

/// <summary>One account: the merge of its links, and its people.</summary>
[GenerateSerializer, Immutable, Alias("cdp.account-state")]
public sealed record Account : ISubject<Account>
{
    /// <summary>
    /// Most people an account lists, those included who belonged to it once. First come, first listed: further ones
    /// are counted only.
    /// </summary>
    public const int MembersMax = 10_000;

    /// <summary>What found no room is counted one by one up to here; a count of it means "this many, or more".</summary>
    public const int LeftOutMax = 1_000;

    /// <summary>Derived from the account's link; never changes.</summary>
    [Id(0)]
    public required string Id { get; init; }

    /// <summary>The links that describe it.</summary>
    [Id(1)]
    public LinkSet Links { get; init; } = LinkSet.Empty;

    /// <summary>Its people, sorted by their link's printed key.</summary>
    [Id(2)]
    public ImmutableArray<Member> Members { get; init; } = [];

    /// <summary>People who found no room; counted up to <see cref="LeftOutMax"/>.</summary>
    [Id(3)]
    public long MembersNotListed { get; init; }

    /// <summary>Events about people whose facts found no room; counted up to <see cref="LeftOutMax"/>.</summary>
    [Id(4)]
    public long FactsNotKept { get; init; }

    /// <summary>Hashes of what was counted as left out: what is said again is not counted again. Sorted.</summary>
    [Id(5)]
    public ImmutableArray<ulong> LeftOut { get; init; } = [];

    /// <summary>What was last handed over for the fields of the CRM that insights write.</summary>
    [Id(6)]
    public ImmutableArray<WrittenValue> Written
    {
        get => field.IsDefault ? [] : field; // In states of first versions.
        init;
    } = [];

    /// <summary>What its people are told for their segments; null where no segment asks for an account.</summary>
    [Id(7)]
    public ToldFacts? Told { get; init; }

    /// <summary>Whether nothing is known here.</summary>
    public bool IsEmpty => Links.Links.IsEmpty && Members.IsEmpty;

    /// <inheritdoc/>
    public Transition<Account> Apply(
        ReadOnlySpan<SequencedEvent> events,
        InsightSet? insights = null
    )
    {
        LinkFold fold = new(Links, insights);
        EventOutcome[]? outcomes = null;
        for (int i = 0; i < events.Length; i++)
        {
            fold.Fold(events[i], out EventOutcome outcome);
            if (outcome.Kind != OutcomeKind.Applied)
            {
                outcomes ??= new EventOutcome[events.Length];
                outcomes[i] = outcome;
            }
        }

        LinkSet links = fold.ToSet();
        Account next = ReferenceEquals(links, Links) ? this : this with { Links = links };
        return Becomes(next, outcomes);
    }

    /// <summary>Adds what was done before versions of insights were made.</summary>
    /// <inheritdoc cref="UnifiedIndividual.Seed"/>
    public Transition<Account> Seed(
        InsightSet computed,
        ReadOnlySpan<InsightSeed> seeds,
        out SeedAnswer[] answers
    )
    {
        answers = new SeedAnswer[seeds.Length];
        LinkSet seeded = Links.Seed(computed, seeds, answers);
        return Becomes(
            ReferenceEquals(seeded, Links) ? this : this with { Links = seeded },
            outcomes: null
        );
    }

    /// <inheritdoc/>
    public Transition<Account> Becomes(Account next, EventOutcome[]? outcomes)
    {
        var (added, removed) = IdentifierChanges.Between(Links, next.Links);
        return new Transition<Account>
        {
            Next = next,
            // A refusal is saved with the state, even if the state is the same.
            Changed = !ReferenceEquals(next, this) || EventOutcome.AnyRefused(outcomes),
            Outcomes = outcomes is null ? [] : ImmutableArray.Create(outcomes),
            IdentifiersAdded = added,
            IdentifiersRemoved = removed,
        };
    }

    /// <summary>Notes that a link's individual belongs here, or no longer does. The newer statement stays.</summary>
    public Account Note(Member said)
    {
        int at = IndexOf(said.Link);
        if (at >= 0)
        {
            bool moved =
                Members[at].Stamp == said.Stamp && Members[at].Individual != said.Individual;
            return Members[at].Stamp < said.Stamp || moved
                ? this with
                {
                    Members = Members.SetItem(at, said),
                }
                : this;
        }

        if (Members.Length < MembersMax)
        {
            return this with { Members = Members.Insert(~at, said) };
        }

        return
            said.Belongs
            && LeavesOut($"m{said.Link}", MembersNotListed, out ImmutableArray<ulong> leftOut)
            ? this with
            {
                MembersNotListed = MembersNotListed + 1,
                LeftOut = leftOut,
            }
            : this;
    }

    /// <summary>Joins facts that came with an event about one of its people.</summary>
    /// <param name="link">The account's own link.</param>
    /// <param name="facts">The facts.</param>
    /// <param name="stamp">The event's stamp.</param>
    /// <param name="eventId">The event.</param>
    public Account Describe(LinkKey link, ImmutableArray<Field> facts, Stamp stamp, string eventId)
    {
        Link known = Links.Find(link) ?? new Link { Key = link };
        bool changed = false;
        ImmutableArray<Register> traits = Registers.Join(
            known.Traits,
            facts,
            stamp,
            eventId,
            ref changed
        );
        if (traits.Length > Limits.TraitsMax || !HasRoomFor(link))
        {
            return LeavesOut(
                $"f{link.Source}/{eventId}",
                FactsNotKept,
                out ImmutableArray<ulong> leftOut
            )
                ? this with
                {
                    FactsNotKept = FactsNotKept + 1,
                    LeftOut = leftOut,
                }
                : this;
        }

        // A fact said again counts as said now: an older contradiction that arrives later must lose.
        return traits.Equals(known.Traits)
            ? this
            : this with
            {
                Links = Links.With(known with { Traits = traits }),
            };
    }

    /// <summary>What is known of a person's link; null for nothing.</summary>
    public Member? Find(LinkKey link)
    {
        int at = IndexOf(link);
        return at < 0 ? null : Members[at];
    }

    private int IndexOf(LinkKey link) =>
        Members.IndexOf(
            link.ToString(),
            static (member, key) => string.CompareOrdinal(member.Link.ToString(), key)
        );

    /// <summary>Whether something is left out for the first time, and there is room to count it.</summary>
    private bool LeavesOut(string what, long counted, out ImmutableArray<ulong> leftOut)
    {
        ulong hash = Partitions.HashOf(what);
        ImmutableArray<ulong> known = LeftOut.IsDefault ? [] : LeftOut;
        int at = known.BinarySearch(hash);
        bool first = at < 0 && counted < LeftOutMax;
        leftOut = first ? known.Insert(~at, hash) : known;
        return first;
    }

    private bool HasRoomFor(LinkKey link) =>
        Links.Links.Length < Limits.LinksMax || Links.Find(link) is not null;
}
