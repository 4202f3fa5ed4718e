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
    private readonly SegmentAnswers answers = new(set, subject, now) { Memberships = before };

    private Memberships Memberships
    {
        get => answers.Memberships;
        set => answers.Memberships = value;
    }

    /// <summary>Has the individual leave segments that nobody evaluates any more.</summary>
    public void LeaveGone()
    {
        foreach (Membership membership in before.Segments)
        {
            if (set.IndexOf(membership.Segment) < 0 && before.Catalogue <= set.Newest)
            {
                Leave(membership, membership.Version, MembershipCause.Version, []);
                Memberships = Memberships.Without(membership.Segment);
            }
        }
    }

    /// <summary>Evaluates one segment.</summary>
    /// <param name="place">Its place in the set.</param>
    /// <param name="cause">Why its answer is another than before, if it is.</param>
    /// <param name="touched">The segments that have to be evaluated; those that ask this one come later.</param>
    /// <returns>The moment from which the answer may be another though nothing happens; null for never.</returns>
    public DateTimeOffset? Evaluate(int place, MembershipCause cause, bool[] touched)
    {
        ActiveSegment segment = set.All[place];
        string name = segment.Definition.Name;
        IFacts facts = answers.Of(place);
        Membership known =
            Memberships.Find(name) ?? new Membership { Segment = name, Version = segment.Version };
        var (tier, holdings, until) = TierOf(segment, facts, known);
        string? tierName = tier < 0 ? null : segment.Definition.Tiers[tier].Name;
        bool isSame = known.IsIn == tier >= 0 && known.Tier == tierName;
        if (!isSame)
        {
            ImmutableArray<AskedValue> values = ValuesOf(place);
            if (known.IsIn)
            {
                Leave(known, segment.Version, cause, values);
            }

            known = known with { IsIn = tier >= 0, Tier = tierName };
            if (tier >= 0)
            {
                known = known with
                {
                    Version = segment.Version,
                    Since = now,
                    Sequence = Change(known.FullName, true, segment.Version, cause, values),
                };
            }

            ChangedInputs.Touch(set, set.OfSegment(name), touched);
        }

        known = known.Holdings.SequenceEqual(holdings) ? known : known with { Holdings = holdings };
        bool isKept = known.IsIn || !holdings.IsEmpty;
        Memberships next = isKept ? Memberships.With(known) : Memberships.Without(name);
        Memberships = next;
        return until;
    }

    /// <summary>What is to be stored, and what changed.</summary>
    public (Memberships Next, ImmutableArray<MembershipChange> Changes) End()
    {
        Memberships next = Memberships with { Catalogue = Math.Max(before.Catalogue, set.Newest) };
        return (next.IsLike(before) ? before : next, changes.DrainToImmutable());
    }

    /// <summary>The tier somebody is in; -1 for none.</summary>
    private (int Tier, ImmutableArray<Holding> Holdings, DateTimeOffset? Until) TierOf(
        ActiveSegment segment,
        IFacts facts,
        Membership known
    )
    {
        ImmutableArray<SegmentTier> tiers = segment.Definition.Tiers;
        var holdings = ImmutableArray.CreateBuilder<Holding>();
        DateTimeOffset? until = null;
        int found = -1;
        for (int i = 0; i < tiers.Length; i++)
        {
            bool holds = tiers[i].Root.Holds(facts);
            until = Course.Earlier(until, tiers[i].Root.CourseOf(facts).Until);
            if (!holds)
            {
                continue;
            }

            bool isInIt = known.IsIn && known.Tier == tiers[i].Name;
            if (tiers[i].ForAtLeast is { } span && !isInIt)
            {
                Holding holding =
                    known.Holdings.FirstOrDefault(one =>
                        one.Tier == i && one.Revision == segment.Revision
                    ) ?? new Holding(i, segment.Revision, now);
                if (now - holding.Since < span)
                {
                    holdings.Add(holding);
                    until = Course.Earlier(until, holding.Since + span);
                    continue;
                }
            }

            found = i;
            break;
        }

        return (found, holdings.DrainToImmutable(), until);
    }

    private void Leave(
        Membership membership,
        int version,
        MembershipCause cause,
        ImmutableArray<AskedValue> values
    )
    {
        if (membership.IsIn)
        {
            Change(membership.FullName, entered: false, version, cause, values);
        }
    }

    private long Change(
        string name,
        bool entered,
        int version,
        MembershipCause cause,
        ImmutableArray<AskedValue> values
    )
    {
        long sequence = Memberships.Sequence + 1;
        Memberships = Memberships with { Sequence = sequence };
        changes.Add(new MembershipChange(name, entered, version, sequence, now, cause, values));
        return sequence;
    }

    private ImmutableArray<AskedValue> ValuesOf(int place) =>
        [
            .. set.Places[place]
                .Select(input => new AskedValue(
                    set.Inputs[input].Key,
                    answers.ValueOf(input) is { IsNull: false } value ? value : null
                )),
        ];
}
