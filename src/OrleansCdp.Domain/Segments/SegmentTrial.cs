using System.Collections.Immutable;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// A version of a segment that is tried on everybody beside those that are active: of each it is decided who would be where with
/// the one and with the other, and nobody enters or leaves. So it tells what the version changes, also while people are still
/// looked at for an earlier one. What has to hold for a time counts as if it had. Not safe for several threads.
/// </summary>
public sealed class SegmentTrial
{
    private readonly SegmentSet before;
    private readonly SegmentSet after;
    private readonly string segment;
    private readonly SortedDictionary<string, (long Entering, long Leaving)> bySegment = new(
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
        Askers = AskersOf(whole);
        HashSet<string> decided = new(Askers, StringComparer.Ordinal) { segment };
        // Each comes after those it asks for, so from the last one on all are found.
        foreach (
            ActiveSegment one in whole
                .All.Concat(active.All.Where(one => one.Definition.Name == segment))
                .Reverse()
                .Where(one => decided.Contains(one.Definition.Name))
        )
        {
            decided.UnionWith(one.Definition.Segments.Select(SegmentOrder.SegmentOf));
        }

        before = Among(active, decided);
        after = Among(whole, decided);
        Insights = new InsightSet(
            [.. before.AskedOf(insights).Union(after.AskedOf(insights))],
            insights.Newest
        );
        NotReady = [.. after.UnreadyOf(after.IndexOf(segment), insights)];
        Beside = [.. after.All.Where(one => one.Definition.Name != segment)];
    }

    /// <summary>The version, and all that is decided with it.</summary>
    public SegmentSet Segments => after;

    /// <summary>What is active of these.</summary>
    public SegmentSet Active => before;

    /// <summary>The insights that have to be computed of whoever is looked at.</summary>
    public InsightSet Insights { get; }

    /// <summary>Names of insights that the version asks for and that do not know of the past yet: it cannot be tried.</summary>
    public ImmutableArray<string> NotReady { get; }

    /// <summary>The active segments that are decided with it: those it asks for, those that ask for it, also by others.</summary>
    public ImmutableArray<ActiveSegment> Beside { get; }

    /// <summary>The segments that ask for it, also by others, each after those it asks for.</summary>
    public ImmutableArray<string> Askers { get; }

    /// <summary>What was found so far.</summary>
    public PreviewCounts Counts =>
        counts with
        {
            BySegment =
            [
                .. bySegment.Select(one => new SegmentMoves(
                    one.Key,
                    one.Value.Entering,
                    one.Value.Leaving
                )),
            ],
        };

    /// <summary>Looks at somebody who lives here.</summary>
    /// <param name="id">Who.</param>
    /// <param name="subject">As it is, with what its account would tell; its ledger is of <see cref="Insights"/>.</param>
    /// <param name="told">What its account has told for what is <see cref="Active"/>.</param>
    /// <param name="stored">Where it is a member.</param>
    /// <param name="now">The moment.</param>
    public void Look(
        string id,
        SegmentSubject subject,
        AccountFacts told,
        Memberships stored,
        DateTimeOffset now
    )
    {
        now = now > stored.ChangedAt ? now : stored.ChangedAt;
        Memberships with = Decide(before, subject with { Account = told }, stored, now).Decided;
        MembershipWalk tried = Decide(after, subject, stored, now);
        counts = counts with
        {
            Individuals = counts.Individuals + 1,
            Members = counts.Members + (with.IsIn(segment) ? 1 : 0),
            AwaitingAccount =
                counts.AwaitingAccount
                + (after.IsAnswered(after.IndexOf(segment), subject.Account) ? 0 : 1),
        };
        foreach (string asker in Askers)
        {
            Move(PlaceOf(with, asker), PlaceOf(tried.Decided, asker));
        }

        string? from = PlaceOf(with, segment);
        string? to = PlaceOf(tried.Decided, segment);
        if (Move(from, to))
        {
            Count(
                from is null,
                to is null,
                new PreviewedChange(
                    id,
                    TierOf(from),
                    TierOf(to),
                    tried.ValuesOf(after.IndexOf(segment))
                )
            );
        }
    }

    private static MembershipWalk Decide(
        SegmentSet set,
        SegmentSubject subject,
        Memberships stored,
        DateTimeOffset now
    )
    {
        MembershipWalk walk = new(set, subject, stored, now) { Waits = false };
        bool[] askers = new bool[set.All.Length];
        for (int i = 0; i < askers.Length; i++)
        {
            if (set.IsReady(i, subject.Ledger.Insights) && set.IsAnswered(i, subject.Account))
            {
                walk.Evaluate(i, MembershipCause.Version, askers);
            }
        }

        return walk;
    }

    private ImmutableArray<string> AskersOf(SegmentSet whole)
    {
        List<string> moved = [segment];
        foreach (ActiveSegment one in whole.All) // Each comes after those it asks for.
        {
            if (one.Definition.Segments.Any(asked => moved.Contains(SegmentOrder.SegmentOf(asked))))
            {
                moved.Add(one.Definition.Name);
            }
        }

        return [.. moved.Skip(1)];
    }

    private static SegmentSet Among(SegmentSet set, HashSet<string> names) =>
        new([.. set.All.Where(one => names.Contains(one.Definition.Name))], set.Newest);

    /// <summary>Notes who goes from where to where.</summary>
    /// <returns>Whether that is another place.</returns>
    private bool Move(string? from, string? to)
    {
        if (from == to)
        {
            return false;
        }

        if (from is not null)
        {
            var (entering, leaving) = bySegment.GetValueOrDefault(from);
            bySegment[from] = (entering, leaving + 1);
        }

        if (to is not null)
        {
            var (entering, leaving) = bySegment.GetValueOrDefault(to);
            bySegment[to] = (entering + 1, leaving);
        }

        return true;
    }

    private void Count(bool enters, bool leaves, PreviewedChange moved) =>
        counts =
            enters
                ? counts with
                {
                    Entering = counts.Entering + 1,
                    EnteringSample = With(counts.EnteringSample, moved),
                }
            : leaves
                ? counts with
                {
                    Leaving = counts.Leaving + 1,
                    LeavingSample = With(counts.LeavingSample, moved),
                }
            : counts with
            {
                ChangingTier = counts.ChangingTier + 1,
                ChangingTierSample = With(counts.ChangingTierSample, moved),
            };

    private static string? PlaceOf(Memberships memberships, string name) =>
        memberships.Find(name) is { IsIn: true } membership ? membership.FullName : null;

    private static string? TierOf(string? place) =>
        place is null ? null : SegmentOrder.TierOf(place);

    private static ImmutableArray<PreviewedChange> With(
        ImmutableArray<PreviewedChange> sample,
        PreviewedChange one
    ) => sample.Length < PreviewCounts.SamplesMax ? sample.Add(one) : sample;
}
