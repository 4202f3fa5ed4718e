using CsCheck;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>
/// Law 1 at the bounds of a link: its two lanes arrive in any order of each other. What stays is the same, or what
/// could not be kept was refused and the rest is exact.
/// </summary>
public sealed class LaneLawTests
{
    private static readonly Gen<int> AnySeed = Gen.Int[0, int.MaxValue];

    [Fact]
    public void Identifiers_that_stay_are_the_same_in_whatever_order_lanes_arrive() =>
        Same(
            from stated in Gen.Int[0, Limits.IdentifiersMax + 5].Array[1, 6]
            from verified in Gen.Int[0, 5]
            from minute in Gen.Int[0, 50]
            from lane in Gen.Int[0, 1]
            select Some.Event(
                EventKind.Updated,
                "Individual",
                minute: minute,
                lane: (Lane)lane
            ) with
            {
                Identifiers =
                [
                    .. stated.Select(i => new Identifier("phone", $"p{i}", verified == 0)),
                ],
            },
            events: 150,
            link => link.IdentifiersLeftOut
        );

    [Fact]
    public void The_latest_accounts_are_the_same_in_whatever_order_lanes_arrive() =>
        Same(
            from account in Gen.Int[0, 12]
            from minute in Gen.Int[0, 20]
            from lane in Gen.Int[0, 1]
            select Some.Event(
                EventKind.Updated,
                "Individual",
                minute: minute,
                lane: (Lane)lane
            ) with
            {
                Account = new LinkKey("crm", "Account", $"{account}"),
            },
            events: 40,
            link => link.Account?.Left.Count() == AccountRegister.LeftMax
        );

    [Fact]
    public void Engagement_counts_are_the_same_in_whatever_order_lanes_arrive() =>
        Same(
            from name in Gen.Int[0, Limits.EngagementNamesMax + 50]
            from minute in Gen.Int[0, 100]
            from lane in Gen.Int[0, 1]
            select Some.Event(
                EventKind.Engagement,
                "Engagement",
                minute: minute,
                lane: (Lane)lane,
                fields: "name".Is($"did {name}")
            ),
            events: 900,
            link =>
                link.Engagement.Counters.Any(known => known.Name == EngagementState.OtherName)
                && link.Engagement.Counters.Sum(known => known.Count) == 900
        );

    [Fact]
    public void Closures_are_those_of_the_events_taken_in_whatever_order_lanes_arrive() =>
        Exact(
            from closed in Gen.Int[0, 1]
            from minute in Gen.Int[0, 200]
            from lane in Gen.Int[0, 1]
            select Some.Event(
                closed == 1 ? EventKind.Closed : EventKind.Updated,
                "Case",
                record: "500",
                minute: minute,
                lane: (Lane)lane
            ),
            events: Limits.StatusPointsMax * 2,
            (link, taken) =>
            {
                bool[] closed =
                [
                    .. taken.OrderBy(e => e.Stamp).Select(e => e.Event.Kind == EventKind.Closed),
                ];
                int runs = closed.Where((now, i) => now && (i == 0 || !closed[i - 1])).Count();
                link.RecordsOf("Case")!.Records.ShouldHaveSingleItem().Closures.ShouldBe(runs);
            }
        );

    [Fact]
    public void Orders_folded_away_still_sum_to_the_events_taken_in_whatever_order_lanes_arrive() =>
        Exact(
            from order in Gen.Int[0, Limits.RecordsMax + 200]
            from cents in Gen.Int[0, 10_000]
            from minute in Gen.Int[0, 10_000]
            from lane in Gen.Int[0, 1]
            select Some.Event(
                EventKind.Updated,
                "SalesOrder",
                record: $"o{order}",
                minute: minute,
                lane: (Lane)lane,
                fields: ["total".Is(cents / 100m), "currency".Is("EUR")]
            ),
            events: Limits.RecordsMax * 3,
            (link, taken) =>
            {
                SequencedEvent[] newest =
                [
                    .. taken
                        .GroupBy(e => e.Event.RecordId)
                        .Select(same => same.MaxBy(e => e.Stamp)),
                ];
                BaseInsights insights = BaseInsights.Of(LinkSet.Empty.With(link));
                link.RecordsOf("SalesOrder")!.Base.Count.ShouldBePositive();
                insights.OrderCount.ShouldBe(newest.Length);
                insights
                    .Revenue.ShouldHaveSingleItem()
                    .Amount.ShouldBe(newest.Sum(e => e.Event.Fields[0].Value.AsNumber()!.Value));
            }
        );

    /// <summary>Any two interleavings of the lanes give the same link.</summary>
    /// <param name="any">An event.</param>
    /// <param name="events">How many make a history.</param>
    /// <param name="isPastTheBound">Whether a link has more behind it than it may keep: the case that matters.</param>
    private static void Same(Gen<LinkEvent> any, int events, Func<Link, bool> isPastTheBound)
    {
        int past = 0;
        Gen.Select(any.Array[events], AnySeed)
            .Sample(
                (history, seed) =>
                {
                    SequencedEvent[] log = Number(history);
                    Link expected = Fold(log, out _);

                    Link actual = Fold(Interleave(log, new Random(seed)), out _);

                    Bytes.Of(actual).ShouldBe(Bytes.Of(expected));
                    Interlocked.Add(ref past, isPastTheBound(expected) ? 1 : 0);
                },
                iter: 20_000 / events * Laws.Thoroughness
            );
        past.ShouldBePositive();
    }

    /// <summary>Of any interleaving, the link is exact about what was not refused.</summary>
    private static void Exact(
        Gen<LinkEvent> any,
        int events,
        Action<Link, IReadOnlyList<SequencedEvent>> check
    )
    {
        int refusals = 0;
        Gen.Select(any.Array[events], AnySeed)
            .Sample(
                (history, seed) =>
                {
                    SequencedEvent[] arrived = Interleave(Number(history), new Random(seed));

                    Link link = Fold(arrived, out List<SequencedEvent> taken);

                    check(link, taken);
                    Interlocked.Add(ref refusals, arrived.Length - taken.Count);
                },
                iter: 20 * Laws.Thoroughness
            );
        refusals.ShouldBePositive();
    }

    private static Link Fold(SequencedEvent[] events, out List<SequencedEvent> taken)
    {
        Link link = new() { Key = Some.Customer };
        taken = [];
        foreach (SequencedEvent e in events)
        {
            link = link.Fold(e, out EventOutcome outcome);
            if (outcome.Kind != OutcomeKind.Refused)
            {
                taken.Add(e);
            }
        }

        return link;
    }

    private static SequencedEvent[] Number(LinkEvent[] events)
    {
        long[] next = [0, 0];
        return [.. events.Select((e, i) => (e with { EventId = $"e{i}" }).At(++next[(int)e.Lane]))];
    }

    private static SequencedEvent[] Interleave(SequencedEvent[] log, Random random)
    {
        Queue<SequencedEvent>[] lanes =
        [
            .. log.GroupBy(e => e.Event.Lane).Select(lane => new Queue<SequencedEvent>(lane)),
        ];
        List<SequencedEvent> arrived = [];
        while (arrived.Count < log.Length)
        {
            Queue<SequencedEvent> lane = lanes[random.Next(lanes.Length)];
            for (int burst = random.Next(1, 20); burst > 0 && lane.Count > 0; burst--)
            {
                arrived.Add(lane.Dequeue());
            }
        }

        return [.. arrived];
    }
}
