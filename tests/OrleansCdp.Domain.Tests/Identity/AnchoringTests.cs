using OrleansCdp.Events;

namespace OrleansCdp.Identity;

public sealed class AnchoringTests
{
    private static readonly Anchoring Anchors = new(new AnchorPolicy());
    private static readonly LinkKey Contact = new("crm", "Contact", "003");
    private static readonly LinkKey Visitor = new("web", "anonymous", "a1");
    private static readonly Identifier ContactId = new("contactId", "003", Verified: true);
    private static readonly Identifier Email = new("email", "ada@example.com", Verified: true);
    private readonly Dictionary<string, Claim> held = [];

    [Fact]
    public void A_contact_is_named_by_its_contact_id_and_proves_its_email()
    {
        AnchorDecision decision = Decide(Of(Contact, ContactId, Email));

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(ContactId));
        decision.Target.Rank.ShouldBe(0);
        decision
            .Claims.Select(claim => (claim.Key, claim.Value.Owner))
            .ShouldBe([
                ("contactId:003", SubjectIds.IndividualOf(ContactId)),
                ("email:ada@example.com", SubjectIds.IndividualOf(Email)),
                ("link:crm/Contact/003", SubjectIds.IndividualOf(ContactId)),
            ]);
        decision.Moves.ShouldBeEmpty();
        ShouldProve(decision, ContactId, Email);
    }

    [Fact]
    public void An_unverified_email_names_nobody()
    {
        AnchorDecision decision = Decide(Of(Visitor, Email with { Verified = false }));

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(Visitor));
        decision.Target.Rank.ShouldBe(AnchorPolicy.Unanchored);
    }

    [Fact]
    public void A_link_with_a_known_email_joins_whom_the_email_itself_names()
    {
        Take(Of(Contact, ContactId, Email));

        AnchorDecision decision = Decide(Of(Some.Customer, Email));

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(Email));
        decision.Proofs.ShouldBeEmpty("the contact's link has said who that is");
    }

    [Fact]
    public void A_visitor_who_becomes_known_moves_to_the_individual_of_the_anchor()
    {
        Take(Of(Visitor));

        AnchorDecision decision = Decide(Of(Visitor, Email));

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(Email));
        decision.Moves.ShouldBe([
            WholeMove(decision.Target.Owner, rank: 1, "email:ada@example.com"),
        ]);
    }

    [Fact]
    public void A_contact_proves_to_be_whom_its_verified_email_named_before()
    {
        Take(Of(Some.Customer, Email));

        AnchorDecision decision = Decide(Of(Contact, ContactId, Email));

        decision.Moves.ShouldBeEmpty("which base individual a link has is no matter of merging");
        ShouldProve(decision, ContactId, Email);
    }

    [Fact]
    public void Two_contacts_with_one_email_each_prove_it_and_take_nothing_from_each_other()
    {
        Identifier other = new("contactId", "004", Verified: true);
        Take(Of(Contact, ContactId, Email));

        AnchorDecision decision = Decide(Of(new LinkKey("crm", "Contact", "004"), other, Email));

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(other));
        decision.Moves.ShouldBeEmpty();
        ShouldProve(decision, other, Email);
    }

    [Fact]
    public void A_contact_whose_email_changes_stays_who_it_is()
    {
        Take(Of(Contact, ContactId, Email));

        AnchorDecision decision = Decide(
            Of(Contact, ContactId, new Identifier("email", "new@example.com", Verified: true))
        );

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(ContactId));
        decision.Moves.ShouldBeEmpty();
        decision.Claims.ShouldHaveSingleItem().Key.ShouldBe("email:new@example.com");
        ShouldProve(decision, ContactId, new Identifier("email", "new@example.com", true));
    }

    [Fact]
    public void A_link_that_states_another_email_stays_and_proves_that_both_are_one()
    {
        Identifier second = new("email", "bob@example.com", Verified: true);
        Take(Of(Some.Customer, Email));
        Take(Of(Visitor, second));

        AnchorDecision decision = Decide(Of(Some.Customer, second));

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(Email));
        decision.Moves.ShouldBeEmpty();
        ShouldProve(decision, Email, second);
    }

    [Fact]
    public void A_link_known_by_its_email_becomes_the_contact_s_own_once_it_states_the_contact()
    {
        Take(Of(Some.Customer, Email));

        AnchorDecision decision = Decide(Of(Some.Customer, ContactId));

        LinkMove move = decision.Moves.ShouldHaveSingleItem();
        move.Link.ShouldBe(Some.Customer);
        move.Whole.ShouldBeFalse("others may be known by that email too");
        (move.From, move.To).ShouldBe(
            (SubjectIds.IndividualOf(Email), SubjectIds.IndividualOf(ContactId))
        );
        ShouldProve(decision, ContactId, Email);
    }

    [Fact]
    public void What_a_link_follows_proves_nothing_about_its_bearer()
    {
        LinkKey link = new("desk", "Case", "500");

        AnchorDecision decision = Decide(Of(link, ContactId, Email) with { FollowsAnchor = true });

        decision.Proofs.ShouldBeEmpty();
        decision.Claims.Select(claim => claim.Key).ShouldBe(["contactId:003", ClaimKeys.Of(link)]);
    }

    [Fact]
    public void A_device_that_another_link_named_proves_nothing_by_what_it_states_itself()
    {
        LinkKey user = new("web", "user", "u1");
        Take(Of(user, new Identifier("userId", "u1", Verified: true)) with { SameAs = Visitor });

        AnchorDecision decision = Decide(Of(Visitor, Email));

        decision.Proofs.ShouldBeEmpty();
    }

    [Fact]
    public void A_case_follows_its_contact_and_takes_nothing_else_along()
    {
        LinkKey link = new("desk", "Case", "500");
        Identifier other = new("contactId", "004", Verified: true);
        Take(Of(Contact, ContactId, Email));
        Take(Of(link, ContactId) with { FollowsAnchor = true }, minute: 1);

        AnchorDecision decision = Decide(Of(link, other) with { FollowsAnchor = true }, minute: 2);

        decision.Moves.ShouldBe([
            new LinkMove(
                SubjectIds.IndividualOf(ContactId),
                link,
                SubjectIds.IndividualOf(other),
                0,
                new ClaimCause("contactId:004", "e2")
            ),
        ]);
    }

    [Fact]
    public void A_late_event_does_not_take_a_case_back_to_its_former_contact()
    {
        LinkKey link = new("desk", "Case", "500");
        Identifier other = new("contactId", "004", Verified: true);
        Take(Of(link, other) with { FollowsAnchor = true }, minute: 2);

        AnchorDecision decision = Decide(
            Of(link, ContactId) with
            {
                FollowsAnchor = true,
            },
            minute: 1
        );

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(other));
        decision.Moves.ShouldBeEmpty();
    }

    [Fact]
    public void A_late_event_does_not_give_its_contact_to_whom_the_case_went()
    {
        LinkKey link = new("desk", "Case", "500");
        Identifier other = new("contactId", "004", Verified: true);
        Take(Of(link, other) with { FollowsAnchor = true }, minute: 2);
        Take(Of(link, ContactId) with { FollowsAnchor = true }, minute: 1);

        AnchorDecision decision = Decide(Of(Contact, ContactId));

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(ContactId));
    }

    [Fact]
    public void A_late_event_does_not_give_its_visitor_to_whom_the_case_went()
    {
        LinkKey link = new("desk", "Case", "500");
        Identifier other = new("contactId", "004", Verified: true);
        Take(Of(Visitor));
        Take(Of(link, other) with { FollowsAnchor = true }, minute: 2);

        AnchorDecision late = Decide(
            Of(link, ContactId) with
            {
                FollowsAnchor = true,
                SameAs = Visitor,
            },
            minute: 1
        );

        late.Moves.ShouldHaveSingleItem().To.ShouldBe(SubjectIds.IndividualOf(ContactId));
        late.Other!.Owner.ShouldBe(SubjectIds.IndividualOf(ContactId));
    }

    [Fact]
    public void Cases_that_change_hands_belong_to_the_same_people_in_any_order_of_their_events()
    {
        LinkKey first = new("desk", "Case", "500");
        LinkKey second = new("desk", "Case", "501");
        Identifier other = new("contactId", "004", Verified: true);
        (LinkEvent Event, int Minute)[] events =
        [
            (Of(first, ContactId) with { FollowsAnchor = true }, 1),
            (Of(first, other) with { FollowsAnchor = true }, 2),
            (Of(second) with { FollowsAnchor = true }, 3),
            (Of(second, other) with { FollowsAnchor = true }, 4),
            (Of(second, ContactId) with { FollowsAnchor = true }, 5),
        ];
        Dictionary<string, string> expected = new()
        {
            ["contactId:003"] = SubjectIds.IndividualOf(ContactId),
            ["contactId:004"] = SubjectIds.IndividualOf(other),
            [ClaimKeys.Of(first)] = SubjectIds.IndividualOf(other),
            [ClaimKeys.Of(second)] = SubjectIds.IndividualOf(ContactId),
        };

        foreach (var order in OrdersOf(events))
        {
            held.Clear();
            foreach (var (e, minute) in order)
            {
                Take(e, minute);
            }

            held.ToDictionary(claim => claim.Key, claim => claim.Value.Owner)
                .ShouldBe(expected, ignoreOrder: true);
        }
    }

    [Fact]
    public void A_case_without_a_contact_ends_at_the_contact_it_is_closed_with()
    {
        LinkKey link = new("desk", "Case", "500");
        Take(Of(link) with { FollowsAnchor = true }, minute: 1);

        AnchorDecision decision = Decide(
            Of(link, ContactId) with
            {
                FollowsAnchor = true,
            },
            minute: 2
        );

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(ContactId));
        decision.Moves.ShouldHaveSingleItem().From.ShouldBe(SubjectIds.IndividualOf(link));
    }

    [Fact]
    public void Signing_in_takes_the_visitor_along_once()
    {
        LinkKey user = new("web", "user", "u1");
        LinkKey second = new("web", "user", "u2");
        Identifier userId = new("userId", "u1", Verified: true);
        Identifier secondId = new("userId", "u2", Verified: true);
        Take(Of(Visitor));

        AnchorDecision first = Take(Of(user, userId) with { SameAs = Visitor });
        AnchorDecision shared = Decide(Of(second, secondId) with { SameAs = Visitor }, minute: 1);

        first
            .Moves.ShouldHaveSingleItem()
            .ShouldBe(WholeMove(SubjectIds.IndividualOf(userId), rank: 2, ClaimCause.SameAs));
        shared.Moves.ShouldBeEmpty();
        shared.Target.Owner.ShouldBe(SubjectIds.IndividualOf(secondId));
    }

    [Fact]
    public void The_same_anchor_gives_the_same_id_on_every_machine() =>
        SubjectIds.IndividualOf(ContactId).ShouldBe("ind_7c1ed2c75f3f60f07197c16bf99a6dfe");

    private static LinkEvent Of(LinkKey link, params Identifier[] identifiers) =>
        Some.Event(EventKind.Updated, "Individual", link).With(identifiers);

    private static LinkMove WholeMove(string to, int rank, string rule) =>
        new(SubjectIds.IndividualOf(Visitor), Visitor, to, rank, new ClaimCause(rule, "e0"))
        {
            Whole = true,
        };

    private static void ShouldProve(AnchorDecision decision, params Identifier[] anchors) =>
        decision
            .Proofs.ShouldHaveSingleItem()
            .Bases.Select(one => (one.Id, one.Name))
            .ShouldBe(anchors.Select(one => (SubjectIds.IndividualOf(one), ClaimKeys.Of(one))));

    private AnchorDecision Decide(LinkEvent e, int minute = 0)
    {
        LinkEvent timed = e with
        {
            OccurredAt = Some.Noon.AddMinutes(minute),
            EventId = $"e{minute}",
        };
        return Anchors.Decide(timed, timed.At(1).Stamp, held.GetValueOrDefault);
    }

    private AnchorDecision Take(LinkEvent e, int minute = 0)
    {
        AnchorDecision decision = Decide(e, minute);
        foreach (var claim in decision.Claims)
        {
            held[claim.Key] = claim.Value;
        }

        foreach (LinkMove move in decision.Moves.Where(move => move.Whole))
        {
            foreach (string claim in held.Keys.Where(key => held[key].Owner == move.From).ToArray())
            {
                held[claim] = new Claim(move.To, move.ToRank, default) { Cause = move.Cause };
            }
        }

        if (decision.Raised is { } raised && held[raised.Key].AnchoredAt < raised.Value)
        {
            held[raised.Key] = held[raised.Key] with { AnchoredAt = raised.Value };
        }

        held[ClaimKeys.Of(e.Link)] = decision.Target;
        return decision;
    }

    private static IEnumerable<T[]> OrdersOf<T>(T[] items) =>
        items.Length == 0
            ?
            [
                [],
            ]
            : items.SelectMany(
                (first, at) =>
                    OrdersOf<T>([.. items[..at], .. items[(at + 1)..]])
                        .Select(rest => (T[])[first, .. rest])
            );
}
