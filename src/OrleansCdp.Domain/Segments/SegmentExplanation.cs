using System.Collections.Immutable;
using OrleansCdp.Expressions;

namespace OrleansCdp.Segments;

/// <summary>Why somebody is in a segment at a moment, or is not, and when that is another though nothing happens.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="At">The moment.</param>
/// <param name="IsReady">
/// Whether all insights that it asks for know of the past, and the account told what it asks of it. Until then it is not
/// evaluated: whoever is in it stays.
/// </param>
/// <param name="Decided">What is decided at the moment; null where nothing is to be known of it.</param>
/// <param name="Tiers">The tiers in their order, or the only one.</param>
public sealed record SegmentExplanation(
    ActiveSegment Segment,
    DateTimeOffset At,
    bool IsReady,
    Membership? Decided,
    ImmutableArray<ExplainedTier> Tiers
)
{
    /// <summary>Looks ahead that one explanation takes at most.</summary>
    public const int LooksMax = 32;

    /// <summary>The account that was asked; empty where the individual belongs to none, and where none is asked for.</summary>
    public string Account { get; init; } = "";

    /// <summary>Whether the account has still to tell what is asked of it.</summary>
    public bool AwaitsAccount { get; init; }

    /// <summary>The moment from which the answer may be another though nothing happens; null for never.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>
    /// The moment at which it is another though nothing happens; null for never, or not within <see cref="LooksMax"/> looks.
    /// </summary>
    public DateTimeOffset? ChangesAt { get; init; }

    /// <summary>What is decided then; null for somebody who is in no way in it.</summary>
    public Membership? Then { get; init; }

    /// <summary>Up to which moment it was found to be the same; null for all times.</summary>
    public DateTimeOffset? SameUntil { get; init; }

    /// <summary>What becomes of it unless something happens, as a sentence.</summary>
    public string Forecast
    {
        get
        {
            bool isIn = Decided is { IsIn: true };
            string where = isIn ? "In it" : "Not in it";
            return AwaitsAccount ? "Nothing changes until its account has told what is asked of it."
                : !IsReady ? "Nothing changes until what it measures is told of the past."
                : ChangesAt is { } at
                    ? $"{ChangeOf(isIn)} {Rfc3339.Format(at)} unless something happens."
                : SameUntil is { } same
                    ? $"{where} at least until {Rfc3339.Format(same)} unless something happens."
                : $"{where} for as long as nothing happens.";
        }
    }

    /// <summary>Explains a segment.</summary>
    /// <param name="set">The segments.</param>
    /// <param name="name">The one that is asked about.</param>
    /// <param name="subject">The individual.</param>
    /// <param name="memberships">What is stored of it.</param>
    /// <param name="now">The moment; not before the last change.</param>
    /// <returns>Null when there is no such segment.</returns>
    public static SegmentExplanation? Of(
        SegmentSet set,
        string name,
        SegmentSubject subject,
        Memberships memberships,
        DateTimeOffset now
    )
    {
        int place = set.IndexOf(name);
        if (place < 0)
        {
            return null;
        }

        now = now > memberships.ChangedAt ? now : memberships.ChangedAt;
        bool awaits = !set.IsAnswered(place, subject.Account);
        bool isReady = set.IsReady(place, subject.Ledger.Insights) && !awaits;
        ImmutableArray<int> asked = AskedBy(set, place);
        var (present, until) = Look(set, asked, subject, memberships, now);
        SegmentExplanation explanation = new(
            set.All[place],
            now,
            isReady,
            present.Find(name),
            TiersOf(set, place, subject, present, now)
        )
        {
            Until = until,
            Account = subject.Account.Account,
            AwaitsAccount = awaits,
        };
        return isReady ? explanation.LookAhead(set, asked, subject, present) : explanation;
    }

    /// <summary>Explains an entry or exit by what its criteria were told then.</summary>
    /// <param name="definition">The version by which it was decided.</param>
    /// <param name="change">The entry or exit.</param>
    /// <returns>
    /// The tiers in their order, or the only one, as of that moment. None where what they were told is not kept: whoever left because
    /// of a merge, say, was not evaluated.
    /// </returns>
    public static ImmutableArray<ExplainedTier> Of(
        SegmentDefinition definition,
        MembershipChange change
    )
    {
        if (definition.Inputs.Any(input => change.Values.All(told => told.Asked != input.Key)))
        {
            return [];
        }

        PartExplainer explainer = new(definition, new RetainedFacts(definition, change));
        return
        [
            .. definition.Tiers.Select(tier => new ExplainedTier(tier, explainer.Explain(tier))),
        ];
    }

    private SegmentExplanation LookAhead(
        SegmentSet set,
        ImmutableArray<int> asked,
        SegmentSubject subject,
        Memberships memberships
    )
    {
        DateTimeOffset? next = Until;
        for (int looks = 0; looks < LooksMax && next is { } at; looks++)
        {
            (memberships, next) = Look(set, asked, subject, memberships, at);
            Membership? then = memberships.Find(Segment.Definition.Name);
            if (
                then?.IsIn != Decided?.IsIn && (then is { IsIn: true } || Decided is { IsIn: true })
                || then?.Tier != Decided?.Tier
            )
            {
                return this with { ChangesAt = at, Then = then };
            }
        }

        return this with
        {
            SameUntil = next,
        };
    }

    private string ChangeOf(bool isIn) =>
        !isIn ? "Enters"
        : Then is not { IsIn: true } ? "Leaves"
        : $"Moves to {Then.Tier}";

    private static ImmutableArray<ExplainedTier> TiersOf(
        SegmentSet set,
        int place,
        SegmentSubject subject,
        Memberships memberships,
        DateTimeOffset now
    )
    {
        SegmentDefinition definition = set.All[place].Definition;
        Membership? known = memberships.Find(definition.Name);
        SegmentAnswers answers = new(set, subject, now) { Memberships = memberships };
        PartExplainer explainer = new(definition, answers.Of(place));
        return
        [
            .. definition.Tiers.Select(tier =>
            {
                Holding? holding = known?.Holdings.FirstOrDefault(one =>
                    one.Condition == tier.Hash
                );
                return new ExplainedTier(tier, explainer.Explain(tier))
                {
                    HoldsSince = holding?.Since,
                };
            }),
        ];
    }

    /// <summary>The segments that one asks for, also by others, and itself: each after those it asks for.</summary>
    private static ImmutableArray<int> AskedBy(SegmentSet set, int place)
    {
        SortedSet<int> all = [];
        Add(place);
        return [.. all];

        void Add(int one)
        {
            if (one >= 0 && all.Add(one))
            {
                foreach (string asked in set.All[one].Definition.Segments)
                {
                    Add(set.IndexOf(SegmentOrder.SegmentOf(asked)));
                }
            }
        }
    }

    /// <summary>What is decided at a moment, and until when.</summary>
    private static (Memberships Memberships, DateTimeOffset? Until) Look(
        SegmentSet set,
        ImmutableArray<int> asked,
        SegmentSubject subject,
        Memberships memberships,
        DateTimeOffset at
    )
    {
        MembershipWalk walk = new(set, subject, memberships, at);
        bool[] askers = new bool[set.All.Length];
        DateTimeOffset? until = null;
        foreach (int place in asked)
        {
            if (
                set.IsReady(place, subject.Ledger.Insights)
                && set.IsAnswered(place, subject.Account)
            )
            {
                until = Course.Earlier(until, walk.Evaluate(place, MembershipCause.Time, askers));
            }
        }

        return (walk.End().Next, until);
    }
}

/// <summary>What criteria were told when somebody entered or left.</summary>
internal sealed class RetainedFacts(SegmentDefinition definition, MembershipChange change) : IFacts
{
    public DateTimeOffset Now => change.At;

    public FieldValue? Find(int slot) =>
        change.Values.FirstOrDefault(told => told.Asked == definition.Inputs[slot].Key)?.Value;

    /// <summary>That was not kept.</summary>
    public DateTimeOffset? ChangesAt(int slot) => null;
}

/// <summary>One of those who may be in a segment, explained.</summary>
/// <param name="Tier">The tier.</param>
/// <param name="Root">Its condition, part by part.</param>
public sealed record ExplainedTier(SegmentTier Tier, ExplainedPart Root)
{
    /// <summary>Since when the condition is seen to hold, where it has to for some time and does; null elsewhere.</summary>
    public DateTimeOffset? HoldsSince { get; init; }
}
