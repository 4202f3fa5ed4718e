using System.Collections.Immutable;
using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Merged and separated again, two individuals are as if they had never been merged.</summary>
public sealed class MergingLawTests
{
    private static readonly Gen<LinkEvent> AnyEvent =
        from own in Gen.Int[0, 1]
        from link in Gen.Int[0, 3]
        from minute in Gen.Int[-20, 20]
        from value in Gen.Int[0, 5]
        select Some.Event(
            EventKind.Updated,
            "Individual",
            new LinkKey(own == 0 ? "of-a" : "of-root", "thing", $"{link}"),
            minute: minute
        ) with
        {
            Traits = ["city".Is($"c{value}")],
            Identifiers = [new Identifier("phone", $"p{value}", value % 2 == 0)],
        };

    [Fact]
    public void Merged_and_separated_again_both_are_as_they_would_be_without() =>
        Gen.Select(AnyEvent.Array[1, 40], Gen.Int)
            .Sample(
                (events, seed) =>
                {
                    Couple couple = new(events, new Random(seed));

                    couple.Merge();
                    couple.ShouldBeMerged();
                    couple.Separate();

                    couple.SendTheRest();
                    couple.ShouldBeApart();
                },
                iter: 3_000 * Laws.Thoroughness
            );

    [Fact]
    public void Whatever_was_merged_and_separated_before_a_merge_gives_one_person() =>
        Gen.Select(AnyEvent.Array[1, 40], Gen.Int)
            .Sample(
                (events, seed) =>
                {
                    Couple couple = new(events, new Random(seed));

                    couple.Merge();
                    couple.Separate();
                    couple.Merge();

                    couple.SendTheRest();
                    couple.ShouldBeMerged();
                },
                iter: 1_000 * Laws.Thoroughness
            );

    /// <summary>
    /// Two individuals and the steps between them, each of which is taken once or twice, with events for both and old
    /// transfers in between. Who needs an individual whose links are on their way has that finished first.
    /// </summary>
    private sealed class Couple(LinkEvent[] events, Random random)
    {
        private const string A = "ind_a";
        private const string Root = "ind_root";
        private readonly Dictionary<LinkKey, long> sequences = [];
        private readonly Dictionary<string, UnifiedIndividual> alone = new()
        {
            [A] = new UnifiedIndividual { Id = A },
            [Root] = new UnifiedIndividual { Id = Root },
        };

        private readonly Dictionary<string, UnifiedIndividual> states = new()
        {
            [A] = new UnifiedIndividual { Id = A },
            [Root] = new UnifiedIndividual { Id = Root },
        };

        private readonly List<(string To, ImmutableArray<Link> Links)> transfers = [];
        private readonly Queue<Action> steps = new();
        private int sent;

        public void Merge() =>
            Take(
                () => Set(states[Root].Expect(A, states[A].Links.Links.Length, out _)),
                () => Set(states[A].PlacedAt is null ? states[A].MergeInto(Root) : null),
                () => Give(Root, states[A].WaitingFor(Root)),
                () => Set(states[A].Release(MovedLink.Of(states[A].WaitingFor(Root).Links), Root)),
                () => Set(states[A].End())
            );

        public void Separate() =>
            Take(
                () => Set(states[A].Begin(new Placing(Root, A))),
                () => Waiting(),
                () => Set(states[A].Redirect([])),
                () => Give(A, Waiting()),
                () => Set(states[Root].Release(MovedLink.Of(Waiting().Links), A)),
                () => Set(states[A].End())
            );

        public void SendTheRest()
        {
            while (sent < events.Length)
            {
                Send();
            }
        }

        public void ShouldBeMerged()
        {
            states[A].Links.Links.ShouldBeEmpty();
            states[A].Departed.ShouldBeEmpty();
            states[A].PlacedAt.ShouldBe(Root);
            TextOf(states[Root].Links.Links)
                .ShouldBe(TextOf([.. alone[A].Links.Links, .. alone[Root].Links.Links]));
            TextOf(states[Root].OwnLinks).ShouldBe(TextOf(alone[Root].Links.Links));
        }

        public void ShouldBeApart()
        {
            foreach ((string id, UnifiedIndividual expected) in alone)
            {
                UnifiedIndividual actual = states[id];
                TextOf(actual.Links.Links).ShouldBe(TextOf(expected.Links.Links));
                Bytes.Of(actual with { Links = expected.Links }).ShouldBe(Bytes.Of(expected));
            }
        }

        private void Take(params Action[] saga)
        {
            transfers.Clear(); // A request does not outlive the next one to the same individual.
            Trouble();
            foreach (Action step in saga)
            {
                steps.Enqueue(step);
            }

            while (steps.TryDequeue(out Action? step))
            {
                step();
                if (random.Next(3) == 0)
                {
                    step(); // A crash before the next one.
                }

                Trouble();
            }
        }

        private void Trouble()
        {
            for (int n = random.Next(4); n > 0 && sent < events.Length; n--)
            {
                Send();
            }

            if (transfers.Count > 0 && random.Next(3) == 0)
            {
                var (to, links) = transfers[random.Next(transfers.Count)];
                Set(
                    states[to].Attach(links, A, byMerge: true, isLast: false, isWhole: true, out _)
                );
            }
        }

        private void Send()
        {
            LinkEvent e = events[sent++];
            SequencedEvent next = e.At(sequences[e.Link] = sequences.GetValueOrDefault(e.Link) + 1);
            string owner = e.Link.Source == "of-a" ? A : Root;
            alone[owner] = alone[owner].Apply([next]).Next;
            string at = owner == Root || random.Next(2) == 0 ? owner : Root;
            for (int hops = 0; hops < 5; hops++)
            {
                if (at == A && states[A].IsPlacing)
                {
                    Finish();
                }

                var transition = states[at].Apply([next], owner);
                Set(transition);
                EventOutcome outcome = transition.Outcomes.FirstOrDefault();
                if (outcome.Kind is not (OutcomeKind.Moved or OutcomeKind.NotMine))
                {
                    outcome.Kind.ShouldBeOneOf(OutcomeKind.Applied, OutcomeKind.Suppressed);
                    return;
                }

                at = outcome.Code!;
            }

            Assert.Fail("An event is sent in a circle.");
        }

        private void Finish()
        {
            while (steps.TryDequeue(out Action? step))
            {
                step();
            }
        }

        private Departure Waiting()
        {
            Set(states[Root].Separate(A, A, out Departure departure));
            return departure;
        }

        private void Give(string to, Departure departure)
        {
            transfers.Add((to, departure.Links));
            Set(
                states[to]
                    .Attach(
                        departure.Links,
                        A,
                        byMerge: true,
                        isLast: true,
                        isWhole: true,
                        out string? elsewhere
                    )
            );
            elsewhere.ShouldBeNull();
        }

        private void Set(Transition<UnifiedIndividual>? transition)
        {
            if (transition is { Changed: true } made)
            {
                states[made.Next.Id] = made.Next;
            }
        }

        private static string TextOf(IEnumerable<Link> links) =>
            Bytes.Of(
                links
                    .Select(link => link with { Moves = 0 })
                    .OrderBy(link => link.Key, Comparer<LinkKey>.Create(LinkSet.Order))
                    .ToArray()
            );
    }
}
