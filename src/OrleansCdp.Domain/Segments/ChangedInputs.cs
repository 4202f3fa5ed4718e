using System.Collections.Immutable;
using OrleansCdp.Expressions;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// Finds the segments that may have another answer because a state is another: an event that touches nothing of it, or does not
/// take it far enough, has none of them evaluated.
/// </summary>
/// <param name="set">The segments.</param>
/// <param name="leeways">
/// Of each, by its place, how far what it asks may go before its answer is another; null where that is not known.
/// </param>
/// <param name="changed">Whether each of the segments asks anything that may have another value, by its place.</param>
/// <param name="touched">Whether it is to be evaluated for that.</param>
internal sealed class ChangedInputs(
    SegmentSet set,
    Leeways?[] leeways,
    bool[] changed,
    bool[] touched
)
{
    private readonly MovedItems moved = new();

    /// <summary>Notes the segments that ask anything that may have another answer because links are others.</summary>
    /// <param name="before">The links before.</param>
    /// <param name="after">The links after.</param>
    /// <param name="insights">The insights by their revisions.</param>
    /// <param name="moves">
    /// How far insights went because of items of records; null where that is not known: then all may be another that are over an
    /// object of which any record is.
    /// </param>
    /// <param name="now">The moment.</param>
    public void Note(
        LinkSet before,
        LinkSet after,
        InsightSet insights,
        IEnumerable<(ActiveInsight Insight, Movement Movement)>? moves,
        DateTimeOffset now
    )
    {
        foreach (Link link in after.Links)
        {
            Link? known = before.Find(link.Key);
            if (!ReferenceEquals(known, link))
            {
                Note(insights, known, link, moves is null, now.UtcTicks);
            }
        }

        foreach (Link link in before.Links)
        {
            if (after.Find(link.Key) is null)
            {
                Note(insights, link, null, moves is null, now.UtcTicks);
            }
        }

        foreach (var (insight, movement) in moves ?? [])
        {
            Move(insight, movement);
        }
    }

    /// <summary>Notes the segments that ask anything of the account that has another answer, or one at last.</summary>
    public void Note(AccountFacts before, AccountFacts after)
    {
        if (ReferenceEquals(before, after))
        {
            return;
        }

        foreach (SegmentInput asked in set.OfAccounts)
        {
            string key = asked.Key;
            if (before.Answers(key) != after.Answers(key) || before.Find(key) != after.Find(key))
            {
                Move(set.OfAccount(key), Movement.Any);
            }
        }
    }

    /// <summary>Notes the segments that ask some inputs.</summary>
    public static void Touch(SegmentSet set, ImmutableArray<int> inputs, bool[] touched)
    {
        foreach (int input in inputs)
        {
            foreach (SegmentSet.InputUser user in set.Users[input])
            {
                touched[user.Segment] = true;
            }
        }
    }

    private void Note(InsightSet insights, Link? before, Link? after, bool allRecords, long now)
    {
        NoteTraits(before, after);
        Compare(insights, before?.Insights ?? [], after?.Insights ?? [], now);
        SortedArrays.Compare(
            before?.Records ?? [],
            after?.Records ?? [],
            static records => records.Object,
            string.CompareOrdinal,
            (known, records) => NoteRecords(insights, known, records, allRecords, now),
            gone => NoteRecords(insights, gone, null, allRecords, now)
        );
    }

    private void NoteRecords(
        InsightSet insights,
        RecordSet? before,
        RecordSet? after,
        bool all,
        long now
    )
    {
        if (!all)
        {
            Compare(insights, before?.Base.Insights ?? [], after?.Base.Insights ?? [], now);
            return;
        }

        foreach (ActiveInsight insight in insights.OverRecords((after ?? before)!.Object))
        {
            Move(insight, Movement.Any);
        }
    }

    private void Compare(
        InsightSet insights,
        ImmutableArray<Accumulation> before,
        ImmutableArray<Accumulation> after,
        long now
    ) =>
        SortedArrays.Compare(
            before,
            after,
            static known => known.Revision,
            static (one, other) => one.CompareTo(other),
            (known, accumulated) => Compare(insights, known, accumulated, now),
            gone => Compare(insights, gone, null, now)
        );

    private void Compare(InsightSet insights, Accumulation? before, Accumulation? after, long now)
    {
        if (insights.Find((after ?? before)!.Revision) is { } insight)
        {
            moved.Clear();
            moved.Compare(before, after, now);
            Move(insight, moved.Of(insight.Definition));
        }
    }

    private void Move(ActiveInsight insight, Movement movement) =>
        Move(set.OfInsight(insight.Definition.Name), movement);

    private void Move(ImmutableArray<int> inputs, Movement movement)
    {
        if (movement == Movement.None)
        {
            return;
        }

        foreach (int input in inputs)
        {
            // Of what is told otherwise than as the insight's own value it is not known how far it goes with that.
            bool isValue =
                set.Inputs[input].Kind is SegmentInputKind.Insight or SegmentInputKind.Measured;
            var (up, down) = isValue ? movement : Movement.Any;
            foreach (SegmentSet.InputUser user in set.Users[input])
            {
                changed[user.Segment] = true;
                touched[user.Segment] |= leeways[user.Segment]?.Spend(user.Slot, up, down) ?? true;
            }
        }
    }

    private void NoteTraits(Link? before, Link? after)
    {
        ImmutableArray<Register> known = before?.Traits ?? [];
        ImmutableArray<Register> stated = after?.Traits ?? [];
        // A value that is a verified identifier comes before others: each may be another now.
        bool isVerified = before?.Identifiers != after?.Identifiers;
        if (known == stated && !isVerified)
        {
            return;
        }

        foreach (Register register in known.Concat(stated))
        {
            if (
                isVerified
                || !ReferenceEquals(
                    Registers.Get(known, register.Name),
                    Registers.Get(stated, register.Name)
                )
            )
            {
                Move(set.OfTrait(register.Name), Movement.Any);
            }
        }
    }
}
