using System.Collections.Immutable;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// Finds what segments ask that may have another answer because a state is another: an event that touches nothing of it has none
/// of them evaluated.
/// </summary>
internal static class ChangedInputs
{
    /// <summary>Notes the segments that ask anything that may have another answer.</summary>
    /// <param name="set">The segments.</param>
    /// <param name="insights">The insights by their revisions.</param>
    /// <param name="before">The links before.</param>
    /// <param name="after">The links after.</param>
    /// <param name="touched">Whether each of the segments is to be evaluated, by its place.</param>
    public static void Note(
        SegmentSet set,
        InsightSet insights,
        LinkSet before,
        LinkSet after,
        bool[] touched
    )
    {
        foreach (Link link in after.Links)
        {
            Link? known = before.Find(link.Key);
            if (!ReferenceEquals(known, link))
            {
                Note(set, insights, known, link, touched);
            }
        }

        foreach (Link link in before.Links)
        {
            if (after.Find(link.Key) is null)
            {
                Note(set, insights, link, null, touched);
            }
        }
    }

    /// <summary>Notes the segments that ask anything of the account that has another answer, or one at last.</summary>
    public static void Note(SegmentSet set, AccountFacts before, AccountFacts after, bool[] touched)
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
                Touch(set, set.OfAccount(key), touched);
            }
        }
    }

    /// <summary>Notes the segments that ask some inputs.</summary>
    public static void Touch(SegmentSet set, ImmutableArray<int> inputs, bool[] touched)
    {
        foreach (int input in inputs)
        {
            foreach (int segment in set.Users[input])
            {
                touched[segment] = true;
            }
        }
    }

    private static void Note(
        SegmentSet set,
        InsightSet insights,
        Link? before,
        Link? after,
        bool[] touched
    )
    {
        NoteTraits(set, before, after, touched);
        SortedArrays.Compare(
            before?.Insights ?? [],
            after?.Insights ?? [],
            static known => known.Revision,
            static (one, other) => one.CompareTo(other),
            (_, now) => TouchInsight(set, insights.Find(now.Revision), touched),
            gone => TouchInsight(set, insights.Find(gone.Revision), touched)
        );
        SortedArrays.Compare(
            before?.Records ?? [],
            after?.Records ?? [],
            static records => records.Object,
            string.CompareOrdinal,
            (_, now) => TouchRecords(set, insights, now.Object, touched),
            gone => TouchRecords(set, insights, gone.Object, touched)
        );
    }

    private static void TouchRecords(
        SegmentSet set,
        InsightSet insights,
        string recordObject,
        bool[] touched
    )
    {
        foreach (ActiveInsight insight in insights.OverRecords(recordObject))
        {
            TouchInsight(set, insight, touched);
        }
    }

    private static void TouchInsight(SegmentSet set, ActiveInsight? insight, bool[] touched)
    {
        if (insight is not null)
        {
            Touch(set, set.OfInsight(insight.Definition.Name), touched);
        }
    }

    private static void NoteTraits(SegmentSet set, Link? before, Link? after, bool[] touched)
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
                Touch(set, set.OfTrait(register.Name), touched);
            }
        }
    }
}
