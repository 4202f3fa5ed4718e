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
        NoteDone(set, insights, before?.Insights ?? [], after?.Insights ?? [], touched);
        ImmutableArray<RecordSet> records = before?.Records ?? [];
        ImmutableArray<RecordSet> others = after?.Records ?? [];
        if (records == others)
        {
            return;
        }

        foreach (RecordSet one in records.Concat(others))
        {
            bool isSame =
                records.FirstOrDefault(set => set.Object == one.Object)
                == others.FirstOrDefault(set => set.Object == one.Object);
            if (isSame)
            {
                continue;
            }

            foreach (ActiveInsight insight in insights.OverRecords(one.Object))
            {
                Touch(set, set.OfInsight(insight.Definition.Name), touched);
            }
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

    private static void NoteDone(
        SegmentSet set,
        InsightSet insights,
        ImmutableArray<Accumulation> before,
        ImmutableArray<Accumulation> after,
        bool[] touched
    )
    {
        if (before == after)
        {
            return;
        }

        foreach (Accumulation one in before.Concat(after))
        {
            bool isSame = ReferenceEquals(
                before.FirstOrDefault(known => known.Revision == one.Revision),
                after.FirstOrDefault(known => known.Revision == one.Revision)
            );
            if (!isSame && insights.Find(one.Revision) is { } insight)
            {
                Touch(set, set.OfInsight(insight.Definition.Name), touched);
            }
        }
    }
}
