using System.Collections.Immutable;
using OrleansCdp.Expressions;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>What segments are told about somebody at one moment. Each thing is looked up once, when it is first asked.</summary>
internal sealed class SegmentAnswers(SegmentSet set, SegmentSubject subject, DateTimeOffset now)
{
    // Mostly nothing is asked.
    private Answer?[]? answers;

    /// <summary>The moment it is.</summary>
    public DateTimeOffset Now => now;

    /// <summary>Where the individual is a member by now; segments ask it.</summary>
    public required Memberships Memberships { get; set; }

    /// <summary>The value of an input; null for none.</summary>
    public FieldValue? ValueOf(int input) => Find(input).Value;

    /// <summary>What the criteria of one segment are told.</summary>
    /// <param name="segment">Its place in the set.</param>
    public IFacts Of(int segment) => new Facts(this, set.Places[segment]);

    private bool IsPast(int input) =>
        set.Inputs[input] is { Kind: SegmentInputKind.Insight or SegmentInputKind.Measured } asked
        && subject.Ledger.Insights.Shown(asked.Name) is { Definition.IsMoment: true };

    private Answer Find(int input)
    {
        SegmentInput asked = set.Inputs[input];
        // Who is in a segment may change while others are evaluated, and is at hand.
        return asked.Kind == SegmentInputKind.Segment
            ? Answer.Of(FieldValue.Of(Memberships.IsIn(asked.Name)))
            : (answers ??= new Answer?[set.Inputs.Length])[input] ??= Look(asked);
    }

    private Answer Look(SegmentInput asked) =>
        asked.Kind switch
        {
            SegmentInputKind.Trait => Answer.OfTrait(subject.Links, asked.Name, subject.Policy),
            SegmentInputKind.Insight or SegmentInputKind.Measured => Answer.OfInsight(
                subject.Ledger,
                asked.Name,
                isTopPart: false,
                now
            ),
            SegmentInputKind.TopPart => Answer.OfInsight(
                subject.Ledger,
                asked.Name,
                isTopPart: true,
                now
            ),
            SegmentInputKind.Sequence => Sequence(asked),
            _ => Answer.Of(subject.Account.Find(asked.Key)),
        };

    private Answer Sequence(SegmentInput asked)
    {
        var (holds, until) = asked.Sequence!.Look(
            [.. asked.Derived.Select(derived => InstantsOf(derived.Name))],
            now
        );
        return Answer.Of(FieldValue.Of(holds), until);
    }

    private ImmutableArray<long> InstantsOf(string insight) =>
        subject.Ledger.Insights.Shown(insight) is { } active
            ? subject.Ledger.InstantsOf(active, now)
            : [];

    private sealed class Facts(SegmentAnswers answers, ImmutableArray<int> places) : IFacts
    {
        public DateTimeOffset Now => answers.Now;

        public FieldValue? Find(int slot) => answers.ValueOf(places[slot]);

        public DateTimeOffset? ChangesAt(int slot) => answers.Find(places[slot]).ChangesAt;

        public bool IsPast(int slot) => answers.IsPast(places[slot]);

        public bool TryGet(int slot, out decimal value)
        {
            value = 0;
            return answers.Find(places[slot]).Plain is { } plain && plain.TryGet(out value);
        }

        public bool TryGet(int slot, out DateTimeOffset value)
        {
            value = default;
            return answers.Find(places[slot]).Plain is { } plain && plain.TryGet(out value);
        }
    }
}
