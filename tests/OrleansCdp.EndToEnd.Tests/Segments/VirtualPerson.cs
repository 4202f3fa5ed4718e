using System.Collections.Immutable;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Somebody whose segments are followed as an activation does, at moments of a virtual clock.</summary>
/// <param name="id">The individual.</param>
/// <param name="set">The segments.</param>
/// <param name="insights">The insights.</param>
/// <param name="isForgetful">Whether every few times another activation looks, which knows the state alone.</param>
internal sealed class VirtualPerson(
    string id,
    SegmentSet set,
    InsightSet insights,
    bool isForgetful
)
{
    /// <summary>How often one activation looks.</summary>
    private const int LooksOfActivation = 3;

    private SegmentLedger segments = new(set, id);
    private InsightLedger ledger = new(insights, SubjectKind.Individual);
    private int looks;
    private long sequence;

    /// <summary>Its state.</summary>
    public UnifiedIndividual State { get; private set; } = new() { Id = id };

    /// <summary>When it is to be looked at though nothing happens; null for never.</summary>
    public DateTimeOffset? DueAt => segments.DueAt;

    /// <summary>The account it belongs to; null for none.</summary>
    public string? Account => State.AccountLink() is { } link ? SubjectIds.AccountOf(link) : null;

    /// <summary>The segments it is in, with its tier where one has tiers.</summary>
    public IEnumerable<(string Segment, string Member)> Members =>
        State
            .Memberships.Segments.Where(one => one.IsIn)
            .Select(one => (one.Segment, one.Tier is null ? id : $"{id} {one.Tier}"));

    /// <summary>Something happens.</summary>
    public ImmutableArray<MembershipChange> Happen(LinkEvent e) =>
        Follow(
            State.Apply([new SequencedEvent(++sequence, e)], insights).Next,
            e.ReceivedAt,
            MembershipCause.Event
        );

    /// <summary>Its time has come.</summary>
    public ImmutableArray<MembershipChange> Wake(DateTimeOffset now) =>
        Follow(State, now, MembershipCause.Time);

    /// <summary>Its account tells something.</summary>
    public ImmutableArray<MembershipChange> Hear(AccountFacts facts, DateTimeOffset now) =>
        Follow(State.Take(facts).Next, now, MembershipCause.Account);

    /// <summary>What it adds to the insights of its account.</summary>
    public ImmutableArray<PeopleSum> SharesAt(DateTimeOffset now) =>
        InsightLedger.SharesOf(insights, id, State.Links, now);

    private ImmutableArray<MembershipChange> Follow(
        UnifiedIndividual next,
        DateTimeOffset now,
        MembershipCause cause
    )
    {
        if (isForgetful && ++looks % LooksOfActivation == 0)
        {
            segments = new SegmentLedger(set, id);
            ledger = new InsightLedger(insights, SubjectKind.Individual);
        }

        UnifiedIndividual was = State;
        next = next.ForgettingFormer(set);
        ledger.Become(next.Links);
        SegmentSubject subject = new(
            next.Links,
            ledger,
            next.FactsFor(set),
            ReconciliationPolicy.Default
        );
        var (memberships, changes) = segments.Follow(
            next.Memberships,
            subject,
            now,
            cause,
            was.Links,
            was.FactsFor(set)
        );
        State = next with { Memberships = memberships };
        return changes;
    }
}
