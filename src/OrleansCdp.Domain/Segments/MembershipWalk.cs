using System.Collections.Immutable;
using OrleansCdp.Expressions;

namespace OrleansCdp.Segments;

/// <summary>Evaluates segments of one individual at one moment, one after the other.</summary>
internal sealed class MembershipWalk(
    SegmentSet set,
    SegmentSubject subject,
    Memberships before,
    DateTimeOffset now
)
{
    private readonly ImmutableArray<MembershipChange>.Builder changes =
        ImmutableArray.CreateBuilder<MembershipChange>();
    private readonly ImmutableArray<string>.Builder waiting =
        ImmutableArray.CreateBuilder<string>();
    private readonly SegmentAnswers answers = new(set, subject, now) { Memberships = before };

    /// <summary>Whether what has to hold for a time is waited for. Else it is decided as if it had held.</summary>
    public bool Waits { get; init; } = true;

    /// <summary>Where the individual is, as far as that was evaluated.</summary>
    public Memberships Decided => answers.Memberships;

    /// <summary>Has the individual leave segments that nobody evaluates any more.</summary>
    /// <param name="askers">Where those are noted that ask for them.</param>
    public void LeaveGone(bool[] askers)
    {
        foreach (Membership membership in before.Segments)
        {
            if (set.IndexOf(membership.Segment) < 0 && !set.Unread.Contains(membership.Segment))
            {
                if (membership.IsIn)
                {
                    Change(membership, false, membership.Version, MembershipCause.Version, []);
                }

                answers.Memberships = answers.Memberships.Without(membership.Segment);
                ChangedInputs.Touch(set, set.OfSegment(membership.Segment), askers);
            }
        }
    }

    /// <summary>Evaluates one segment.</summary>
    /// <param name="place">Its place in the set.</param>
    /// <param name="cause">Why its answer is another than before, if it is.</param>
    /// <param name="askers">Where those are noted that ask for it; they come later.</param>
    /// <param name="leeways">Where it is noted how far what it asks may go before its answer is another; null for nowhere.</param>
    /// <returns>The moment from which the answer may be another though nothing happens; null for never.</returns>
    public DateTimeOffset? Evaluate(
        int place,
        MembershipCause cause,
        bool[] askers,
        Leeways? leeways = null
    )
    {
        ActiveSegment segment = set.All[place];
        string name = segment.Definition.Name;
        Membership known = answers.Memberships.Find(name) ?? new Membership { Segment = name };
        var (tier, holdings, until) = Ask(segment.Definition, answers.Of(place), known, leeways);
        bool isIn = tier is not null;
        if (isIn == known.IsIn && tier?.Name == known.Tier)
        {
            // Since when conditions hold may be another.
            if (!known.Holdings.AsSpan().SequenceEqual(holdings.AsSpan()))
            {
                Store(known with { Holdings = holdings });
            }

            return until;
        }

        ImmutableArray<AskedValue> values = ValuesOf(place);
        if (known.IsIn)
        {
            Change(known, false, segment.Version, cause, values);
        }

        Membership next = known with { IsIn = isIn, Tier = tier?.Name, Holdings = holdings };
        if (isIn)
        {
            next = next with
            {
                Version = segment.Version,
                Since = now,
                Sequence = Change(next, true, segment.Version, cause, values),
            };
        }

        ChangedInputs.Touch(set, set.OfSegment(name), askers);
        Store(next);
        return until;
    }

    /// <summary>Notes a segment that cannot be evaluated yet.</summary>
    public void Wait(string segment) => waiting.Add(segment);

    /// <summary>What is to be stored, and what changed.</summary>
    public (Memberships Next, ImmutableArray<MembershipChange> Changes) End()
    {
        waiting.Sort(StringComparer.Ordinal);
        Memberships next = answers.Memberships with
        {
            Catalogue = set.Newest,
            Waiting = waiting.DrainToImmutable(),
        };
        return (next.IsLike(before) ? before : next, changes.DrainToImmutable());
    }

    /// <summary>The tier somebody is in; null for none. Also of later ones it is known since when they hold.</summary>
    private (SegmentTier? Tier, ImmutableArray<Holding> Holdings, DateTimeOffset? Until) Ask(
        SegmentDefinition definition,
        IFacts facts,
        Membership known,
        Leeways? leeways
    )
    {
        ImmutableArray<Holding> holdings = [];
        DateTimeOffset? until = null;
        SegmentTier? found = null;
        foreach (SegmentTier tier in definition.Tiers)
        {
            if (found is not null && tier.ForAtLeast is null)
            {
                continue;
            }

            until = Course.Earlier(until, tier.Root.CourseOf(facts).Until);
            if (leeways is not null)
            {
                tier.Root.NoteLeeway(facts, leeways);
            }

            if (!tier.Root.Holds(facts))
            {
                continue;
            }

            if (tier.ForAtLeast is { } span)
            {
                Holding holding =
                    known.Holdings.FirstOrDefault(one => one.Condition == tier.Hash)
                    ?? new Holding(tier.Hash, now);
                holdings = holdings.Add(holding);
                bool isInIt = known.IsIn && known.Tier == tier.Name;
                if (Waits && !isInIt && now - holding.Since < span)
                {
                    until = Course.Earlier(until, holding.Since + span);
                    continue;
                }
            }

            found ??= tier;
        }

        return (found, holdings, until);
    }

    private void Store(Membership next) =>
        answers.Memberships =
            next.IsIn || !next.Holdings.IsEmpty
                ? answers.Memberships.With(next)
                : answers.Memberships.Without(next.Segment);

    private long Change(
        Membership of,
        bool entered,
        int version,
        MembershipCause cause,
        ImmutableArray<AskedValue> values
    )
    {
        long sequence = answers.Memberships.Sequence + 1;
        answers.Memberships = answers.Memberships with { Sequence = sequence, ChangedAt = now };
        changes.Add(
            new MembershipChange(of.FullName, entered, version, sequence, now, cause, values)
        );
        return sequence;
    }

    /// <summary>What the criteria of a segment are told.</summary>
    /// <param name="place">Its place in the set.</param>
    public ImmutableArray<AskedValue> ValuesOf(int place) =>
        [
            .. set.Places[place]
                .Select(input => new AskedValue(
                    set.Inputs[input].Key,
                    answers.ValueOf(input) is { IsNull: false } value ? value : null
                )),
        ];
}
