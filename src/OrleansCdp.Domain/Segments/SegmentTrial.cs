using System.Collections.Immutable;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// A version of a segment that is tried on everybody: what would change if it were active, without anybody entering or leaving.
/// Segments that ask for it are tried with it; all others are as they are stored. Not safe for several threads.
/// </summary>
public sealed class SegmentTrial
{
    private readonly SegmentSet set;
    private readonly string segment;
    private readonly SortedDictionary<string, (long Entering, long Leaving)> flows = new(
        StringComparer.Ordinal
    );
    private PreviewCounts counts = PreviewCounts.None;

    /// <summary>A trial.</summary>
    /// <param name="active">The segments that are active.</param>
    /// <param name="tried">The version; it takes the place of the active one of its name.</param>
    /// <param name="insights">The insights, also those that its measures would be.</param>
    /// <exception cref="ArgumentException">Some would ask for each other in a circle, or too many one after the other.</exception>
    public SegmentTrial(SegmentSet active, ActiveSegment tried, InsightSet insights)
    {
        segment = tried.Definition.Name;
        SegmentSet whole = active.With(tried);
        HashSet<string> moved = new(StringComparer.Ordinal) { segment };
        foreach (ActiveSegment one in whole.All) // Each comes after those it asks for.
        {
            if (one.Definition.Segments.Any(asked => moved.Contains(SegmentOrder.SegmentOf(asked))))
            {
                moved.Add(one.Definition.Name);
            }
        }

        set = new([.. whole.All.Where(one => moved.Contains(one.Definition.Name))], active.Newest);
        Insights = new InsightSet(set.AskedOf(insights), insights.Newest);
        NotReady = [.. set.UnreadyOf(set.IndexOf(segment), insights)];
        Beside =
        [
            .. tried
                .Definition.Segments.Select(SegmentOrder.SegmentOf)
                .Distinct()
                .Select(name => active.All.FirstOrDefault(one => one.Definition.Name == name))
                .OfType<ActiveSegment>(),
        ];
        Askers = [.. set.All.Select(one => one.Definition.Name).Where(name => name != segment)];
    }

    /// <summary>The insights that have to be computed of whoever is looked at.</summary>
    public InsightSet Insights { get; }

    /// <summary>Names of insights that the version asks for and that do not know of the past yet: it cannot be tried.</summary>
    public ImmutableArray<string> NotReady { get; }

    /// <summary>The active segments that the version asks for.</summary>
    public ImmutableArray<ActiveSegment> Beside { get; }

    /// <summary>The segments that ask for it, also by others, each after those it asks for.</summary>
    public ImmutableArray<string> Askers { get; }

    /// <summary>What was found so far.</summary>
    public PreviewCounts Counts =>
        counts with
        {
            Flows =
            [
                .. flows.Select(one => new PreviewedFlow(
                    one.Key,
                    one.Value.Entering,
                    one.Value.Leaving
                )),
            ],
        };

    /// <summary>Looks at somebody who lives here.</summary>
    /// <param name="id">Who.</param>
    /// <param name="subject">As it is; its ledger is of <see cref="Insights"/>.</param>
    /// <param name="stored">Where it is a member.</param>
    /// <param name="now">The moment.</param>
    public void Look(string id, SegmentSubject subject, Memberships stored, DateTimeOffset now)
    {
        MembershipWalk walk = new(
            set,
            subject,
            stored,
            now > stored.ChangedAt ? now : stored.ChangedAt
        );
        bool[] askers = new bool[set.All.Length];
        askers[set.IndexOf(segment)] = true;
        for (int i = 0; i < askers.Length; i++)
        {
            if (askers[i] && set.IsReady(i, Insights))
            {
                walk.Evaluate(i, MembershipCause.Version, askers);
            }
        }

        counts = counts with
        {
            Individuals = counts.Individuals + 1,
            Members = counts.Members + (stored.IsIn(segment) ? 1 : 0),
        };
        ImmutableArray<MembershipChange> changes = walk.End().Changes;
        foreach (MembershipChange change in changes)
        {
            var (entering, leaving) = flows.GetValueOrDefault(change.Segment);
            flows[change.Segment] = change.Entered
                ? (entering + 1, leaving)
                : (entering, leaving + 1);
        }

        Count(id, [.. changes.Where(one => SegmentOrder.SegmentOf(one.Segment) == segment)]);
    }

    private void Count(string id, ImmutableArray<MembershipChange> own)
    {
        MembershipChange? left = own.FirstOrDefault(change => !change.Entered);
        MembershipChange? entered = own.FirstOrDefault(change => change.Entered);
        if ((left ?? entered) is not { } any)
        {
            return;
        }

        PreviewedChange moved = new(id, TierOf(left), TierOf(entered), any.Values);
        counts = (left, entered) switch
        {
            (null, _) => counts with
            {
                Entering = counts.Entering + 1,
                EnteringSample = With(counts.EnteringSample, moved),
            },
            (_, null) => counts with
            {
                Leaving = counts.Leaving + 1,
                LeavingSample = With(counts.LeavingSample, moved),
            },
            _ => counts with
            {
                ChangingTier = counts.ChangingTier + 1,
                ChangingTierSample = With(counts.ChangingTierSample, moved),
            },
        };
    }

    private static string? TierOf(MembershipChange? change) =>
        change is null ? null : SegmentOrder.TierOf(change.Segment);

    private static ImmutableArray<PreviewedChange> With(
        ImmutableArray<PreviewedChange> sample,
        PreviewedChange one
    ) => sample.Length < PreviewCounts.SamplesMax ? sample.Add(one) : sample;
}
