using System.Collections.Immutable;
using OrleansCdp.Expressions;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// What is known in memory of one individual's segments: until when the answer of each stays as it is. It is made from the state
/// alone, so it is never stored. Not safe for several threads.
/// </summary>
/// <param name="set">The segments.</param>
public sealed class SegmentLedger(SegmentSet set)
{
    /// <summary>How often what changes all the time is looked at: what fades, and what is predicted.</summary>
    public static readonly TimeSpan Steadily = TimeSpan.FromHours(1);

    private readonly DateTimeOffset?[] until = new DateTimeOffset?[set.All.Length];
    private LinkSet? links;
    private AccountFacts account = AccountFacts.None;

    /// <summary>The segments it is about.</summary>
    public SegmentSet Set => set;

    /// <summary>The moment from which the answer of any segment may be another though nothing happens; null for never.</summary>
    public DateTimeOffset? DueAt
    {
        get
        {
            DateTimeOffset? first = null;
            foreach (DateTimeOffset? one in until)
            {
                first = Course.Earlier(first, one);
            }

            return first;
        }
    }

    /// <summary>Evaluates what may have another answer: what is asked there has changed, or its time has come.</summary>
    /// <param name="before">What is stored.</param>
    /// <param name="subject">The individual as it is.</param>
    /// <param name="now">The moment.</param>
    /// <param name="cause">Why it is another than before, if it is.</param>
    /// <returns>What is to be stored, and what changed, in the order of numbers.</returns>
    public (Memberships Next, ImmutableArray<MembershipChange> Changes) Follow(
        Memberships before,
        SegmentSubject subject,
        DateTimeOffset now,
        MembershipCause cause
    )
    {
        bool[] touched = TouchedBy(subject);
        MembershipWalk walk = new(set, subject, before, now);
        walk.LeaveGone();
        for (int i = 0; i < set.All.Length; i++)
        {
            bool isNew = set.All[i].Revision > before.Catalogue;
            bool isDue = until[i] <= now;
            if (touched[i] || isNew || isDue || links is null)
            {
                MembershipCause why =
                    isNew ? MembershipCause.Version
                    : touched[i] ? cause
                    : MembershipCause.Time;
                until[i] = walk.Evaluate(i, why, touched);
            }
        }

        (links, account) = (subject.Links, subject.Account);
        return walk.End();
    }

    private bool[] TouchedBy(SegmentSubject subject)
    {
        bool[] touched = new bool[set.All.Length];
        if (links is null)
        {
            return touched;
        }

        ChangedInputs.Note(set, subject.Ledger.Insights, links, subject.Links, touched);
        if (account != subject.Account)
        {
            foreach (Field field in account.Values.Concat(subject.Account.Values))
            {
                if (account.Find(field.Name) != subject.Account.Find(field.Name))
                {
                    ChangedInputs.Touch(set, set.OfAccount(field.Name), touched);
                }
            }
        }

        return touched;
    }
}
