using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Evaluates the segments of one individual, beside its state in memory.</summary>
/// <param name="id">The individual.</param>
/// <param name="sets">The segments.</param>
/// <param name="policy">How fields of the profile are reconciled.</param>
/// <param name="clock">The time.</param>
/// <param name="logger">Told of what could not be evaluated.</param>
internal sealed partial class IndividualSegments(
    string id,
    ISegmentSets sets,
    ReconciliationPolicy policy,
    TimeProvider clock,
    ILogger logger
)
{
    /// <summary>How soon somebody is looked at again whose segments could not be evaluated.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(5);

    /// <summary>How soon somebody asks their account who came to it.</summary>
    public static readonly TimeSpan AskSoon = TimeSpan.FromSeconds(1);

    /// <summary>How soon they ask again where it does not know them yet, or cannot be asked.</summary>
    public static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(30);

    private SegmentLedger? ledger;
    private DateTimeOffset? again;

    /// <summary>When an answer may be another though nothing happens; null for never.</summary>
    public DateTimeOffset? DueAt => again ?? ledger?.DueAt;

    /// <summary>When to ask the account for what it has not told; null for never.</summary>
    public DateTimeOffset? AsksAt(UnifiedIndividual state, DateTimeOffset now) =>
        state.LacksFacts(sets.Current) ? now + AskSoon : null;

    /// <summary>Makes sure that all segments are known here with which a state was evaluated.</summary>
    public async ValueTask KnowAsync(UnifiedIndividual state) =>
        await sets.SinceAsync(state.Memberships.Catalogue);

    /// <summary>The state with the memberships that follow from it, and what changed.</summary>
    /// <param name="next">The state; of one that lives elsewhere, or has no links, nobody is a member.</param>
    /// <param name="was">What it was before.</param>
    /// <param name="computed">The insights.</param>
    /// <param name="insightsOf">What counts in them.</param>
    /// <param name="now">The moment.</param>
    /// <param name="cause">Why it is another state.</param>
    public (UnifiedIndividual Next, ImmutableArray<MembershipChange> Changes) Follow(
        UnifiedIndividual next,
        UnifiedIndividual was,
        InsightSet computed,
        Func<InsightSet, LinkSet, InsightLedger> insightsOf,
        DateTimeOffset now,
        MembershipCause cause
    )
    {
        SegmentSet set = sets.Current;
        Memberships before = next.Memberships;
        next = next.ForgettingFormer(set);
        if (
            next.ElsewhereAt is not null
            || next.Links.Links.IsEmpty
            || SubjectIds.IsRecord(id) // of which nobody knows whose it is
        )
        {
            (ledger, again) = (null, null);
            return Become(next, SegmentLedger.Leave(before, now, cause));
        }

        if (set.Newest == 0)
        {
            return (next, []); // No segment ever was.
        }

        if (ledger?.Set != set)
        {
            ledger = new SegmentLedger(set, id);
        }

        try
        {
            SegmentSubject subject = SubjectOf(set, next, insightsOf(computed, next.Links));
            var followed = ledger.Follow(before, subject, now, cause, was.Links, was.FactsFor(set));
            again = null;
            return Become(next, followed);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A defect here must not keep the events of a whole partition waiting: whoever is in a segment stays.
            LogNotEvaluated(id, e);
            (ledger, again) = (null, now + LookAgain);
            return (next, []);
        }
    }

    /// <summary>Asks the account for what it has not told, if there is anything.</summary>
    /// <param name="state">The individual.</param>
    /// <param name="grains">Finds the account.</param>
    /// <param name="now">The moment.</param>
    /// <returns>
    /// What it told, and when to ask again: where it does not know the individual yet. If it does, it tells every later version by
    /// itself.
    /// </returns>
    public async Task<(AccountFacts? Told, DateTimeOffset? AskAt)> AskAsync(
        UnifiedIndividual state,
        IGrainFactory grains,
        DateTimeOffset now
    )
    {
        if (!state.LacksFacts(sets.Current))
        {
            return (null, null);
        }

        Link by = state.AccountStatedBy()!;
        string account = SubjectIds.AccountOf(by.Account!.Account);
        try
        {
            AccountFacts? told = await grains.GetGrain<IAccountGrain>(account).GetToldAsync(by.Key);
            return (told, told is null ? now + AskAgain : null);
        }
        catch (Exception e)
        {
            LogNotAsked(id, account, e);
            return (null, now + AskAgain);
        }
    }

    /// <summary>Why the individual is in a segment at this moment, or is not, as JSON.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="state">The state.</param>
    /// <param name="insights">What counts in its insights.</param>
    /// <returns>Null when there is no such segment.</returns>
    public byte[]? Explain(string segment, UnifiedIndividual state, InsightLedger insights) =>
        Explain(sets.Current, segment, state, insights);

    /// <summary>Why the individual would be in a segment if another version of it decided, or would not, as JSON.</summary>
    /// <param name="version">The version.</param>
    /// <param name="state">The state.</param>
    /// <returns>Null when the version does not compile.</returns>
    public async Task<byte[]?> ExplainAsync(SegmentVersion version, UnifiedIndividual state)
    {
        ProposedSegment proposed = await sets.ProposeAsync(version.Name, version.Text);
        if (proposed.Segment is not { } segment)
        {
            return null;
        }

        SegmentSet set = proposed.Active.With(new ActiveSegment(segment, version.Version, 0));
        InsightLedger insights = InsightLedger.Of(
            known: null,
            new InsightSet(set.AskedOf(proposed.WithMeasures), proposed.Insights.Newest),
            SubjectKind.Individual,
            state.Links
        );
        return Explain(set, version.Name, state, insights);
    }

    /// <summary>Makes sure that a segment is known here as it was activated last.</summary>
    /// <param name="activation">The number of that activation.</param>
    public async ValueTask KnowAsync(long activation) => await sets.SinceAsync(activation);

    /// <summary>Why a state is another than before.</summary>
    /// <param name="before">What it was.</param>
    /// <param name="next">What it is.</param>
    /// <param name="byEvents">Whether events made it so.</param>
    public static MembershipCause CauseOf(
        UnifiedIndividual before,
        UnifiedIndividual next,
        bool byEvents
    )
    {
        if (byEvents)
        {
            return MembershipCause.Event;
        }

        if (next.ElsewhereAt is not null)
        {
            return MembershipCause.Merge;
        }

        if (ReferenceEquals(next.Links, before.Links) && next.AccountFacts != before.AccountFacts)
        {
            return MembershipCause.Account;
        }

        bool cameBack = before.ElsewhereAt is not null || !before.Departed.IsEmpty;
        return Has(next, before) ? MembershipCause.Unmerge
            : !Has(before, next) ? MembershipCause.Time
            : before.Links.Links.IsEmpty && cameBack ? MembershipCause.Unmerge
            : MembershipCause.Merge;

        // Whether one has not all links of the other.
        static bool Has(UnifiedIndividual one, UnifiedIndividual other) =>
            other.Links.Links.Any(link => one.Links.Find(link.Key) is null);
    }

    /// <summary>The events of a batch that are in the state, for changes that are theirs.</summary>
    /// <param name="changes">What changed.</param>
    /// <param name="events">The batch.</param>
    /// <param name="outcomes">What became of each; empty where all were applied.</param>
    public static ImmutableArray<MembershipChange> By(
        ImmutableArray<MembershipChange> changes,
        SequencedEvent[] events,
        ImmutableArray<EventOutcome> outcomes
    )
    {
        if (changes.IsEmpty)
        {
            return changes;
        }

        ImmutableArray<CausingEvent> causing =
        [
            .. events
                .Where((_, i) => outcomes.IsEmpty || outcomes[i].Kind == OutcomeKind.Applied)
                .Take(MembershipChange.EventsMax)
                .Select(one => new CausingEvent(one.Event.Link.Source, one.Event.EventId)),
        ];
        return
        [
            .. changes.Select(change =>
                change.Cause == MembershipCause.Event ? change with { Events = causing } : change
            ),
        ];
    }

    [LoggerMessage(
        LogEvents.AccountNotAsked,
        LogLevel.Warning,
        "{Id} could not ask {Account} what its segments ask of it, and tries again"
    )]
    private partial void LogNotAsked(string id, string account, Exception exception);

    [LoggerMessage(
        LogEvents.SegmentsNotEvaluated,
        LogLevel.Error,
        "Segments of {Id} could not be evaluated: it stays in those it is in, and is looked at again"
    )]
    private partial void LogNotEvaluated(string id, Exception exception);

    private byte[]? Explain(
        SegmentSet set,
        string segment,
        UnifiedIndividual state,
        InsightLedger insights
    ) =>
        SegmentExplanation.Of(
            set,
            segment,
            SubjectOf(set, state, insights),
            state.Memberships,
            clock.GetUtcNow()
        )
            is { } why
            ? SegmentJson.Answer(id, state.Memberships.Find(segment), why, insights)
            : null;

    private SegmentSubject SubjectOf(
        SegmentSet set,
        UnifiedIndividual state,
        InsightLedger insights
    ) => new(state.Links, insights, state.FactsFor(set), policy);

    private static (UnifiedIndividual, ImmutableArray<MembershipChange>) Become(
        UnifiedIndividual next,
        (Memberships Memberships, ImmutableArray<MembershipChange> Changes) followed
    ) =>
        (
            ReferenceEquals(followed.Memberships, next.Memberships)
                ? next
                : next with
                {
                    Memberships = followed.Memberships,
                },
            followed.Changes
        );
}
