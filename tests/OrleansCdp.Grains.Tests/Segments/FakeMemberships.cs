using System.Collections.Immutable;
using System.Globalization;

namespace OrleansCdp.Segments;

/// <summary>Entries and exits, and who is in which segment, without a database.</summary>
internal sealed class FakeMemberships : IMembershipStore
{
    private readonly Lock gate = new();
    private readonly List<(string Individual, MembershipChange Change)> rows = [];

    /// <summary>Entries and exits of an individual, in the order in which they were saved.</summary>
    public ImmutableArray<MembershipChange> this[string individual]
    {
        get
        {
            lock (gate)
            {
                return
                [
                    .. rows.Where(row => row.Individual == individual).Select(row => row.Change),
                ];
            }
        }
    }

    /// <summary>Takes what a save says.</summary>
    public void Take(SnapshotWrite write)
    {
        lock (gate)
        {
            rows.AddRange(write.MembershipChanges.Select(change => (write.Id, change)));
        }
    }

    public Task<ImmutableArray<MembershipChange>> HistoryAsync(
        string individual,
        long? before,
        int limit,
        CancellationToken cancel
    ) =>
        Task.FromResult<ImmutableArray<MembershipChange>>([
            .. this[individual]
                .Where(change => before is null || change.Sequence < before)
                .OrderByDescending(change => change.Sequence)
                .Take(limit),
        ]);

    public Task<Memberships> OfAsync(string individual, CancellationToken cancel)
    {
        ImmutableArray<MembershipChange> changes = this[individual];
        return Task.FromResult(
            Memberships.None with
            {
                Sequence = changes.IsEmpty ? 0 : changes[^1].Sequence,
                ChangedAt = changes.IsEmpty ? default : changes[^1].At,
                Segments =
                [
                    .. changes
                        .GroupBy(change => change.Segment, StringComparer.Ordinal)
                        .Select(all => all.Last())
                        .Where(last => last.Entered)
                        .OrderBy(last => last.Segment, StringComparer.Ordinal)
                        .Select(last => new Membership
                        {
                            Segment = last.Segment,
                            IsIn = true,
                            Version = last.Version,
                            Since = last.At,
                            Sequence = last.Sequence,
                        }),
                ],
            }
        );
    }

    public Task<ImmutableArray<FollowedChange>> FollowAsync(
        string? segment,
        string? after,
        int limit,
        CancellationToken cancel
    )
    {
        int first = after is null ? 0 : int.Parse(after, CultureInfo.InvariantCulture);
        lock (gate)
        {
            return Task.FromResult<ImmutableArray<FollowedChange>>([
                .. rows.Select(
                        (row, at) => new FollowedChange(row.Individual, row.Change, TextOf(at + 1))
                    )
                    .Skip(first)
                    .Where(row =>
                        segment is null || SegmentOrder.SegmentOf(row.Change.Segment) == segment
                    )
                    .Take(limit),
            ]);
        }
    }

    public Task<MembershipChange?> LastAsync(
        string individual,
        string segment,
        CancellationToken cancel
    ) =>
        Task.FromResult(
            this[individual]
                .LastOrDefault(change => SegmentOrder.SegmentOf(change.Segment) == segment)
        );

    public Task<(MembershipChange? Last, MembershipChange? Next)> AroundAsync(
        string individual,
        string segment,
        DateTimeOffset at,
        CancellationToken cancel
    )
    {
        MembershipChange[] all =
        [
            .. this[individual].Where(change => SegmentOrder.SegmentOf(change.Segment) == segment),
        ];
        return Task.FromResult(
            (
                all.LastOrDefault(change => change.At <= at),
                all.FirstOrDefault(change => change.At > at)
            )
        );
    }

    public Task<SegmentActivity> ActivityAsync(
        string segment,
        DateTimeOffset now,
        int flapsAbove,
        int most,
        CancellationToken cancel
    ) =>
        Task.FromResult(
            new SegmentActivity { LastHour = new FlowCount(0, 0), LastDay = new FlowCount(0, 0) }
        );

    public Task<string> EndAsync(CancellationToken cancel)
    {
        lock (gate)
        {
            return Task.FromResult(TextOf(rows.Count));
        }
    }

    public Task<ImmutableArray<Member>> MembersAsync(
        string segment,
        string? tier,
        string? after,
        int limit,
        CancellationToken cancel
    ) =>
        Task.FromResult<ImmutableArray<Member>>([
            .. MembersOf(segment)
                .Where(member => tier is null || member.Tier == tier)
                .Where(member => string.CompareOrdinal(member.Individual, after) > 0)
                .Take(limit),
        ]);

    public Task<ImmutableArray<TierCount>> CountAsync(string segment, CancellationToken cancel) =>
        Task.FromResult<ImmutableArray<TierCount>>([
            .. MembersOf(segment)
                .GroupBy(member => member.Tier, StringComparer.Ordinal)
                .OrderBy(tier => tier.Key, StringComparer.Ordinal)
                .Select(tier => new TierCount(tier.Key, tier.Count())),
        ]);

    public Task<bool> IsForgottenAsync(string? segment, string after, CancellationToken cancel) =>
        Task.FromResult(false);

    public Task<int> ForgetAsync(DateTimeOffset moment, int limit, CancellationToken cancel)
    {
        lock (gate)
        {
            return Task.FromResult(rows.RemoveAll(row => row.Change.At < moment));
        }
    }

    private static string TextOf(int position) => position.ToString(CultureInfo.InvariantCulture);

    private ImmutableArray<Member> MembersOf(string segment)
    {
        lock (gate)
        {
            return
            [
                .. rows.Where(row => SegmentOrder.SegmentOf(row.Change.Segment) == segment)
                    .GroupBy(row => row.Individual, StringComparer.Ordinal)
                    .Select(all => all.Last())
                    .Where(last => last.Change.Entered)
                    .OrderBy(last => last.Individual, StringComparer.Ordinal)
                    .Select(last => new Member(
                        last.Individual,
                        last.Change.Segment == segment
                            ? null
                            : last.Change.Segment[(segment.Length + 1)..],
                        last.Change.At,
                        last.Change.Version,
                        last.Change.Sequence
                    )),
            ];
        }
    }
}
