using CsCheck;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Law 1: the state is the pure fold of the links' events, however they arrive.</summary>
public sealed class FoldLawTests
{
    private static readonly Gen<LinkEvent> AnyEvent =
        from link in Gen.Int[0, 3]
        from kind in Gen.Int[0, 4]
        from minute in Gen.Int[-50, 50]
        from version in Gen.Int[0, 2]
        from record in Gen.Int[0, 4]
        from amount in Gen.Int[0, 100_000]
        from lane in Gen.Int[0, 1]
        select EventOf(link, kind, minute, version, record, amount, lane);

    [Fact]
    public void Order_across_links_batching_and_redelivery_change_nothing() =>
        Gen.Select(AnyEvent.Array[1, 60], Gen.Int[0, int.MaxValue])
            .Sample(
                (events, seed) =>
                {
                    SequencedEvent[] log = Number(events);
                    UnifiedIndividual expected = Apply(Nobody, log);

                    UnifiedIndividual actual = Deliver(log, new Random(seed));

                    Bytes.Of(actual).ShouldBe(Bytes.Of(expected));
                    JsonOf(actual).ShouldBe(JsonOf(expected));
                },
                iter: 2_000 * Laws.Thoroughness
            );

    [Fact]
    public void A_state_that_was_stored_and_loaded_goes_on_as_if_it_never_left_memory() =>
        AnyEvent
            .Array[2, 40]
            .Sample(
                events =>
                {
                    SequencedEvent[] log = Number(events);
                    int half = log.Length / 2;

                    UnifiedIndividual stored = Bytes.Copy(Apply(Nobody, log[..half]));
                    UnifiedIndividual actual = Apply(stored, log[half..]);

                    Bytes.Of(actual).ShouldBe(Bytes.Of(Apply(Nobody, log)));
                },
                iter: 500 * Laws.Thoroughness
            );

    [Fact]
    public void Moving_a_link_there_and_back_leaves_both_as_they_were() =>
        AnyEvent
            .Array[1, 40]
            .Sample(
                events =>
                {
                    UnifiedIndividual original = Apply(Nobody, Number(events));
                    LinkKey link = original.Links.Links[0].Key;
                    UnifiedIndividual other = new() { Id = "ind_other" };

                    UnifiedIndividual rest = original
                        .Detach([link], other.Id, 0, out var moving)
                        .Next.Release(MovedLink.Of(moving.Links), other.Id)
                        .Next;
                    other = other.Attach(moving.Links, out bool refused).Next;
                    refused.ShouldBeFalse();
                    other = other.Detach([link], original.Id, 0, out var back).Next;
                    UnifiedIndividual restored = rest.Attach(back.Links, out _).Next;
                    other = other.Release(MovedLink.Of(back.Links), original.Id).Next;

                    other.Links.Links.ShouldBeEmpty();
                    restored.Departed.ShouldBeEmpty();
                    Link moved = restored.Links.Find(link)!;
                    LinkSet same = restored.Links.With(moved with { Moves = 0 });
                    Bytes.Of(same).ShouldBe(Bytes.Of(original.Links));
                },
                iter: 500 * Laws.Thoroughness
            );

    private static UnifiedIndividual Nobody => new() { Id = "ind_test" };

    private static LinkEvent EventOf(
        int link,
        int kind,
        int minute,
        int version,
        int record,
        int amount,
        int lane
    )
    {
        EventKind said = (EventKind)kind;
        LinkKey key = new("source" + (link % 2), "thing", link.ToString(provider: null));
        string name =
            said == EventKind.Engagement ? "Engagement"
            : record == 0 ? "Individual"
            : record % 2 == 0 ? "Case"
            : "SalesOrder";
        LinkEvent e = Some.Event(
            said,
            name,
            key,
            record == 0 || said == EventKind.Engagement ? null : "r" + record,
            minute,
            version,
            (Lane)lane,
            fields: ["name".Is("did " + (amount % 5)), "total".Is(amount / 100m)]
        );
        return e with
        {
            Traits = amount % 3 == 0 ? ["city".Is("c" + (amount % 4)), "x".Is(amount)] : [],
            Identifiers =
                amount % 7 == 0
                    ? [new Identifier("phone", "p" + (amount % 9), amount % 2 == 0)]
                    : [],
            Account = amount % 5 == 0 ? new LinkKey("crm", "Account", "a" + (amount % 3)) : null,
            Lines =
                name == "SalesOrder"
                    ? [new OrderLine { Id = "l" + (amount % 4), Amount = amount / 100m }]
                    : [],
            LinesComplete = amount % 4 == 0,
        };
    }

    /// <summary>Every link in a partition of its own: sequences are dense per link and lane.</summary>
    private static SequencedEvent[] Number(LinkEvent[] events)
    {
        Dictionary<(LinkKey, Lane), long> next = [];
        return
        [
            .. events.Select(e =>
                e.At(next[(e.Link, e.Lane)] = next.GetValueOrDefault((e.Link, e.Lane)) + 1)
            ),
        ];
    }

    private static UnifiedIndividual Apply(UnifiedIndividual to, SequencedEvent[] events) =>
        to.Apply(events).Next;

    /// <summary>Delivers per link and lane in order, but links interleaved, in batches, some of them again.</summary>
    private static UnifiedIndividual Deliver(SequencedEvent[] log, Random random)
    {
        Queue<SequencedEvent>[] queues =
        [
            .. log.GroupBy(e => (e.Event.Link, e.Event.Lane))
                .Select(group => new Queue<SequencedEvent>(group)),
        ];
        UnifiedIndividual individual = Nobody;
        List<SequencedEvent[]> delivered = [];
        while (queues.Any(queue => queue.Count > 0))
        {
            Queue<SequencedEvent>[] left = [.. queues.Where(queue => queue.Count > 0)];
            Queue<SequencedEvent> queue = left[random.Next(left.Length)];
            SequencedEvent[] batch =
            [
                .. Enumerable
                    .Range(0, random.Next(1, queue.Count + 1))
                    .Select(_ => queue.Dequeue()),
            ];
            individual = Apply(individual, batch);
            delivered.Add(batch);
            if (random.Next(3) == 0)
            {
                individual = Apply(individual, delivered[random.Next(delivered.Count)]);
            }
        }

        return individual;
    }

    private static string JsonOf(UnifiedIndividual individual) =>
        System.Text.Encoding.UTF8.GetString(
            ServiceGraph.Individual(individual, ReconciliationPolicy.Default)
        );
}
