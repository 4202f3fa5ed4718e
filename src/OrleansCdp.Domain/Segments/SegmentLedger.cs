using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Expressions;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// What is known in memory of one individual's segments: until when the answer of each stays as it is. It is made from the state
/// alone, so it is never stored. Not safe for several threads.
/// </summary>
/// <param name="set">The segments.</param>
/// <param name="id">The individual: looks that only the time asks for are spread by it where a segment allows that.</param>
public sealed class SegmentLedger(SegmentSet set, string id = "")
{
    /// <summary>How often what changes all the time is looked at: what fades, and what is predicted.</summary>
    public static readonly TimeSpan Steadily = TimeSpan.FromHours(1);

    private const long Never = long.MaxValue;

    // UTC ticks.
    private readonly long[] until = Enumerable.Repeat(Never, set.All.Length).ToArray();
    private readonly long[] delays = [.. set.All.Select(one => DelayOf(one.Definition, id).Ticks)];
    private readonly Leeways?[] leeways = new Leeways?[set.All.Length];
    private SegmentSubject? followed;

    /// <summary>The segments it is about.</summary>
    public SegmentSet Set => set;

    /// <summary>How many times a segment was evaluated.</summary>
    public long Evaluations { get; private set; }

    /// <summary>The moment from which the answer of any segment may be another though nothing happens; null for never.</summary>
    public DateTimeOffset? DueAt
    {
        get
        {
            long first = Never;
            for (int i = 0; i < until.Length; i++)
            {
                // Where it is so late that there is no later, it is not.
                bool isLast = until[i] >= DateTimeOffset.MaxValue.UtcTicks - delays[i];
                first = Math.Min(first, isLast ? until[i] : until[i] + delays[i]);
            }

            return first == Never ? null : new DateTimeOffset(first, TimeSpan.Zero);
        }
    }

    /// <summary>
    /// Whether the state was evaluated with newer segments than these: with them it would go back to what was. Whoever has it
    /// reads the newest ones first.
    /// </summary>
    public bool IsBehind(Memberships before) => before.Catalogue > set.Newest;

    /// <summary>
    /// Evaluates what may have another answer: what is asked there has changed, or its time has come. A segment that asks for an
    /// insight which does not know of the past yet, or for what an account has not told yet, is not evaluated: whoever is in it
    /// stays.
    /// </summary>
    /// <param name="before">What is stored.</param>
    /// <param name="subject">The individual as it is.</param>
    /// <param name="now">The moment.</param>
    /// <param name="cause">Why it is another than before, if it is.</param>
    /// <param name="was">
    /// The links before, for whoever was just loaded: what they did not change only time did, or a version. Null where that is not
    /// known: then everything has the cause.
    /// </param>
    /// <param name="knew">What was known of the account then.</param>
    /// <returns>
    /// What is to be stored, and what changed, in the order of numbers; nothing where it <see cref="IsBehind"/>.
    /// </returns>
    public (Memberships Next, ImmutableArray<MembershipChange> Changes) Follow(
        Memberships before,
        SegmentSubject subject,
        DateTimeOffset now,
        MembershipCause cause,
        LinkSet? was = null,
        AccountFacts? knew = null
    )
    {
        if (IsBehind(before))
        {
            return (before, []);
        }

        InsightSet insights = subject.Ledger.Insights;
        bool isFirst = followed is null;
        bool isOfOthers = followed is not null && followed.Ledger.Insights != insights;
        bool isAll = isFirst || isOfOthers || followed!.Policy != subject.Policy;
        bool isBorn = was is null ? before.Catalogue == 0 : was.Links.IsEmpty;
        followed ??= was is null || isBorn ? null : FormerOf(subject, was, knew);
        MembershipWalk walk = new(set, subject, before, NotBefore(before.ChangedAt, now));
        var (changed, touched) = ChangedFor(subject, now);
        bool[] askers = new bool[set.All.Length];
        if (isFirst)
        {
            walk.LeaveGone(askers);
        }

        bool isAnyNew = !isBorn && (set.Newest > before.Catalogue || !before.Waiting.IsEmpty);
        bool[] ready = set.Readiness(insights);
        for (int i = 0; i < set.All.Length; i++)
        {
            // With many segments nothing is asked of most: the less is looked at of each of these, the better.
            bool isNew = isAnyNew && IsNew(set.All[i], before);
            if (!isAll && !isNew && !touched[i] && !askers[i] && now.UtcTicks < until[i])
            {
                continue;
            }

            ActiveSegment segment = set.All[i];
            if (!ready[i] || !set.IsAnswered(i, subject.Account))
            {
                (until[i], leeways[i]) = (Never, null);
                if (isNew)
                {
                    walk.Wait(segment.Definition.Name);
                }

                continue;
            }

            MembershipCause why =
                isNew || (isOfOthers && !changed[i]) ? MembershipCause.Version
                : changed[i] ? cause
                : askers[i] ? MembershipCause.Segment
                : isFirst && (was is null || isBorn) ? cause
                : MembershipCause.Time;
            // It is work to tell how far things may go, and of use only where they go on happening.
            bool isMoving = touched[i] || leeways[i] is not null;
            leeways[i] = isMoving ? new Leeways(segment.Definition.Inputs.Length) : null;
            until[i] = walk.Evaluate(i, why, askers, leeways[i])?.UtcTicks ?? Never;
            Evaluations++;
        }

        followed = subject;
        subject.Ledger.ForgetMoves(this);
        return walk.End();
    }

    /// <summary>Has somebody leave every segment: one who lives elsewhere, or of whom nothing is known any more.</summary>
    /// <param name="before">What is stored.</param>
    /// <param name="now">The moment.</param>
    /// <param name="cause">Why.</param>
    public static (Memberships Next, ImmutableArray<MembershipChange> Changes) Leave(
        Memberships before,
        DateTimeOffset now,
        MembershipCause cause
    )
    {
        if (!before.Segments.Any(membership => membership.IsIn))
        {
            return (before, []);
        }

        DateTimeOffset at = NotBefore(before.ChangedAt, now);
        ImmutableArray<MembershipChange> changes =
        [
            .. before
                .Segments.Where(membership => membership.IsIn)
                .Select(
                    (membership, i) =>
                        new MembershipChange(
                            membership.FullName,
                            Entered: false,
                            membership.Version,
                            before.Sequence + i + 1,
                            at,
                            cause,
                            []
                        )
                ),
        ];
        return (
            before with
            {
                // Since when conditions hold stays known: who is separated again goes on waiting.
                Segments =
                [
                    .. before
                        .Segments.Where(membership => !membership.Holdings.IsEmpty)
                        .Select(membership => membership with { IsIn = false, Tier = null }),
                ],
                Sequence = before.Sequence + changes.Length,
                ChangedAt = at,
            },
            changes
        );
    }

    // Clocks of silos are not the same.
    private static DateTimeOffset NotBefore(DateTimeOffset changed, DateTimeOffset now) =>
        now > changed ? now : changed;

    private static bool IsNew(ActiveSegment segment, Memberships before) =>
        segment.Activation > before.Catalogue || before.Waiting.Contains(segment.Definition.Name);

    private static SegmentSubject FormerOf(
        SegmentSubject subject,
        LinkSet was,
        AccountFacts? knew
    ) => subject with { Links = was, Account = knew ?? subject.Account };

    /// <summary>How much later somebody is looked at: between nothing and the segment's jitter.</summary>
    private static TimeSpan DelayOf(SegmentDefinition segment, string id) =>
        segment.Jitter == TimeSpan.Zero
            ? TimeSpan.Zero
            : segment.Jitter * ((Partitions.HashOf(segment.Name + id) >> 11) / (double)(1UL << 53));

    /// <summary>The segments that ask what changed, and those whose answer may be another because of that.</summary>
    private (bool[] Changed, bool[] Touched) ChangedFor(SegmentSubject subject, DateTimeOffset now)
    {
        bool[] changed = new bool[set.All.Length];
        bool[] touched = new bool[set.All.Length];
        if (followed is null)
        {
            return (changed, touched);
        }

        ChangedInputs inputs = new(set, leeways, changed, touched);
        inputs.Note(
            followed.Links,
            subject.Links,
            subject.Ledger.Insights,
            subject.Ledger.MovesFor(this),
            now
        );
        inputs.Note(followed.Account, subject.Account);
        return (changed, touched);
    }
}
