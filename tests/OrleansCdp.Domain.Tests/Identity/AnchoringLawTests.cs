using System.Collections.Immutable;
using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Who is one person does not depend on the order in which links say so.</summary>
public sealed class AnchoringLawTests
{
    private const int Users = 5;
    private const int Contacts = 4;
    private const int Orders = 2;
    private static readonly Anchoring Anchors = new(new AnchorPolicy());

    private static readonly Gen<Identifier> Email = Gen.Int[0, 3]
        .Select(i => new Identifier(IdentifierTypes.Email, $"{i}@example.com", Verified: true));

    private static readonly Gen<Identifier> UserId = Gen.Int[0, 2]
        .Select(i => new Identifier(IdentifierTypes.UserId, $"u{i}", Verified: true));

    // Left out, for there the first counts: a link of two contacts, a device of two users, and a visitor of a user who
    // turns out to be a contact whose email is another's.
    private static readonly Gen<LinkEvent> OfContact =
        from contact in Gen.Int[0, Contacts - 1]
        from emails in Email.Array[0, 2]
        select Of("crm/Contact", contact).With([ContactId(contact), .. emails]);

    private static readonly Gen<LinkEvent> OfUser =
        from user in Gen.Int[0, Users - 1]
        from emails in Email.Array[0, 2]
        from ids in UserId.Array[0, 1]
        from signsIn in Gen.Int[0, 3]
        from visits in Gen.Bool
        select Of("web/user", user)
            .With([
                .. emails,
                .. ids,
                .. signsIn == 0 && user < 2 ? [ContactId(user)] : Array.Empty<Identifier>(),
            ]) with
        {
            SameAs = visits && user >= 2 ? Of("web/anonymous", user).Link : null,
        };

    private static readonly Gen<LinkEvent> OfVisitor = Gen.Int[0, Users - 1]
        .Select(visitor => Of("web/anonymous", visitor));

    private static readonly Gen<LinkEvent> OfOrder =
        from order in Gen.Int[0, Orders - 1]
        from contact in Gen.Int[0, Contacts - 1]
        from email in Email
        from byEmail in Gen.Bool
        select Of("shop/SalesOrder", order).With(byEmail ? email : ContactId(contact)) with
        {
            FollowsAnchor = true,
        };

    private static readonly Gen<LinkEvent[]> Events = Gen.OneOf(
        OfContact,
        OfUser,
        OfVisitor,
        OfOrder
    ).Array[1, 14];

    [Fact]
    public void Any_order_of_events_gives_the_same_people_and_the_same_conflicts() =>
        Gen.Select(Events, Gen.Int)
            .Sample(
                (events, seed) =>
                {
                    LinkEvent[] numbered = [.. events.Select(Timed)];
                    Outcome expected = Outcome.Of(numbered);
                    new Random(seed).Shuffle(numbered);

                    Outcome actual = Outcome.Of(numbered);

                    actual.People.ShouldBe(expected.People);
                    actual.Conflicts.ShouldBe(expected.Conflicts, ignoreOrder: true);
                },
                iter: 3_000 * Laws.Thoroughness
            );

    [Fact]
    public void Events_decided_about_again_change_nothing() =>
        Events.Sample(
            events =>
            {
                LinkEvent[] numbered = [.. events.Select(Timed)];
                Outcome expected = Outcome.Of(numbered);

                Outcome actual = Outcome.Of([.. numbered, .. numbered]);

                actual.People.ShouldBe(expected.People);
                actual.Conflicts.ShouldBe(expected.Conflicts, ignoreOrder: true);
            },
            iter: 1_000 * Laws.Thoroughness
        );

    private static LinkEvent Of(string type, int id) =>
        Some.Event(
            EventKind.Updated,
            "Individual",
            new LinkKey(type.Split('/')[0], type.Split('/')[1], $"{id}")
        );

    private static Identifier ContactId(int id) =>
        new(IdentifierTypes.ContactId, $"{id}", Verified: true);

    private static LinkEvent Timed(LinkEvent e, int at) =>
        e with
        {
            EventId = $"e{at}",
            OccurredAt = Some.Noon.AddMinutes(at),
        };

    /// <summary>What events lead to, decided about one by one as a partition does it.</summary>
    private sealed class Outcome
    {
        private readonly Dictionary<string, Claim> held = new(StringComparer.Ordinal);
        private readonly Dictionary<LinkKey, ImmutableArray<string>> statements = [];
        private readonly Dictionary<string, BaseIndividual> bases = new(StringComparer.Ordinal);

        public ImmutableArray<MergeConflict> Conflicts { get; private set; }

        /// <summary>The links of each person, and the person's id where an anchor names it.</summary>
        public string[] People { get; private set; } = [];

        public static Outcome Of(LinkEvent[] events)
        {
            Outcome outcome = new();
            foreach (LinkEvent e in events)
            {
                outcome.Take(e);
            }

            outcome.Group(events);
            return outcome;
        }

        private void Take(LinkEvent e)
        {
            AnchorDecision decision = Anchors.Decide(e, e.At(1).Stamp, held.GetValueOrDefault);
            foreach (var claim in decision.Claims)
            {
                held[claim.Key] = claim.Value;
            }

            foreach (LinkMove move in decision.Moves)
            {
                string[] claims =
                [
                    .. held.Keys.Where(key =>
                        move.Whole ? held[key].Owner == move.From : key == ClaimKeys.Of(move.Link)
                    ),
                ];
                foreach (string claim in claims)
                {
                    held[claim] = held[claim] with
                    {
                        Owner = move.To,
                        Rank = move.ToRank,
                        Cause = move.Cause,
                    };
                }
            }

            if (decision.Raised is { } raised && held[raised.Key].AnchoredAt < raised.Value)
            {
                held[raised.Key] = held[raised.Key] with { AnchoredAt = raised.Value };
            }

            held[ClaimKeys.Of(e.Link)] = decision.Target;
            foreach (AnchorProof proof in decision.Proofs)
            {
                foreach (BaseIndividual one in proof.Bases)
                {
                    bases[one.Id] = one;
                }

                statements[proof.Link] =
                [
                    .. statements
                        .GetValueOrDefault(proof.Link, [])
                        .Union(proof.Bases.Select(one => one.Id)),
                ];
            }
        }

        private void Group(LinkEvent[] events)
        {
            MergeGroups groups = MergeGraph.Of(
                bases.Values,
                statements,
                [],
                Limits.ContactsPerAnchorMax
            );
            Conflicts = groups.Conflicts;
            People =
            [
                .. events
                    .Select(e => e.Link)
                    .Distinct()
                    .Select(link => (Link: link, held[ClaimKeys.Of(link)].Owner))
                    .Select(one =>
                        (one.Link, Person: groups.Roots.GetValueOrDefault(one.Owner, one.Owner))
                    )
                    .GroupBy(one => one.Person, one => $"{one.Link}", StringComparer.Ordinal)
                    .Select(of => $"{of.Key}: {string.Join(' ', of.Order(StringComparer.Ordinal))}")
                    .Order(StringComparer.Ordinal),
            ];
        }
    }
}
