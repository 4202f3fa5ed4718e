using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// A shared device: whose the visitor is, by each strategy, whatever the order in which the sign-ins arrive.
/// </summary>
public sealed class AnonymousLinkTests
{
    private static readonly Anchoring Anchors = new(new AnchorPolicy());
    private static readonly LinkKey Visitor = new("web", "anonymous", "a1");
    private static readonly Identifier Ada = new("userId", "ada", Verified: true);
    private static readonly Identifier Bob = new("userId", "bob", Verified: true);
    private static readonly Identifier Cleo = new("contactId", "cleo", Verified: true);
    private readonly Dictionary<string, Claim> held = [];

    public static TheoryData<AnonymousStrategy, string> Owners =>
        new()
        {
            { AnonymousStrategy.Conversion, "ada" }, // the first
            { AnonymousStrategy.Link, "bob" }, // the last
            { AnonymousStrategy.BestMatch, "cleo" }, // the one with the strongest anchor
        };

    [Theory]
    [MemberData(nameof(Owners))]
    public void Of_several_who_signed_in_one_has_the_visitor_in_any_order(
        AnonymousStrategy strategy,
        string owner
    )
    {
        LinkEvent[] events =
        [
            Visit(minute: 0),
            SignIn(Ada, strategy, minute: 1),
            SignIn(Cleo, strategy, minute: 2),
            SignIn(Ada, strategy, minute: 3),
            SignIn(Bob, strategy, minute: 4),
            Visit(minute: 5),
        ];
        Identifier expected = new[] { Ada, Bob, Cleo }.Single(who => who.Value == owner);

        foreach (LinkEvent[] order in Orders.Of(events))
        {
            held.Clear();
            foreach (LinkEvent e in order)
            {
                Take(e);
            }

            held[ClaimKeys.Of(Visitor)].Owner.ShouldBe(SubjectIds.IndividualOf(expected));
        }
    }

    [Fact]
    public void Of_two_best_ones_the_last_has_the_visitor()
    {
        Take(SignIn(Ada, AnonymousStrategy.BestMatch, minute: 1));
        Take(SignIn(Bob, AnonymousStrategy.BestMatch, minute: 2));

        held[ClaimKeys.Of(Visitor)].Owner.ShouldBe(SubjectIds.IndividualOf(Bob));
    }

    [Theory]
    [InlineData(AnonymousStrategy.Conversion)]
    [InlineData(AnonymousStrategy.Link)]
    [InlineData(AnonymousStrategy.BestMatch)]
    public void Of_two_at_the_same_instant_one_has_the_visitor_in_any_order(
        AnonymousStrategy strategy
    )
    {
        LinkEvent[] events = [SignIn(Ada, strategy, minute: 1), SignIn(Bob, strategy, minute: 1)];
        string[] owners =
        [
            .. Orders
                .Of(events)
                .Select(order =>
                {
                    held.Clear();
                    foreach (LinkEvent e in order)
                    {
                        Take(e);
                    }

                    return held[ClaimKeys.Of(Visitor)].Owner;
                }),
        ];

        owners.Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public void The_visitor_alone_becomes_the_first_who_signs_in_and_leaves_for_nobody_as_a_whole()
    {
        Take(Visit(minute: 0));

        AnchorDecision first = Take(SignIn(Ada, AnonymousStrategy.Link, minute: 1));
        AnchorDecision second = Take(SignIn(Bob, AnonymousStrategy.Link, minute: 2));

        LinkMove converted = first.Moves.ShouldHaveSingleItem();
        converted.From.ShouldBe(SubjectIds.IndividualOf(Visitor));
        converted.Whole.ShouldBeTrue();
        LinkMove moved = second.Moves.ShouldHaveSingleItem();
        (moved.From, moved.Link, moved.To, moved.Whole).ShouldBe(
            (SubjectIds.IndividualOf(Ada), Visitor, SubjectIds.IndividualOf(Bob), false)
        );
    }

    [Fact]
    public void People_whom_no_anchor_names_are_not_glued_by_the_device_they_share()
    {
        Take(Visit(minute: 0));
        Take(SignIn("ada", AnonymousStrategy.Link, minute: 1));

        AnchorDecision second = Take(SignIn("bob", AnonymousStrategy.Link, minute: 2));

        second.Moves.ShouldHaveSingleItem().Whole.ShouldBeFalse();
        held[ClaimKeys.Of(User("ada"))].Owner.ShouldBe(SubjectIds.IndividualOf(User("ada")));
        held[ClaimKeys.Of(Visitor)].Owner.ShouldBe(SubjectIds.IndividualOf(User("bob")));
    }

    [Fact]
    public void A_sign_in_that_comes_again_moves_nothing()
    {
        LinkEvent last = SignIn(Bob, AnonymousStrategy.Link, minute: 2);
        Take(SignIn(Ada, AnonymousStrategy.Link, minute: 1));
        Take(last);

        Decide(last).Moves.ShouldBeEmpty();
        Decide(SignIn(Ada, AnonymousStrategy.Link, minute: 1)).Moves.ShouldBeEmpty();
    }

    [Fact]
    public void A_move_that_was_not_finished_is_wanted_again()
    {
        LinkEvent last = SignIn(Bob, AnonymousStrategy.Link, minute: 2);
        Take(SignIn(Ada, AnonymousStrategy.Link, minute: 1));
        AnchorDecision decision = Decide(last);
        string link = ClaimKeys.Of(Visitor);
        held[link] = held[link] with { AnchoredAt = decision.Raised!.Value.Value };

        Decide(last).Moves.ShouldHaveSingleItem().To.ShouldBe(SubjectIds.IndividualOf(Bob));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_link_that_states_an_anchor_of_its_own_is_its_bearer_s_whoever_signs_in(
        bool statesFirst
    )
    {
        Identifier email = new("email", "dan@example.com", Verified: true);
        LinkEvent[] events =
        [
            Visit(minute: 0).With(email),
            SignIn(Ada, AnonymousStrategy.Link, minute: 1),
            SignIn(Cleo, AnonymousStrategy.BestMatch, minute: 2),
        ];
        foreach (LinkEvent e in statesFirst ? events : events.Reverse())
        {
            Take(e);
        }

        held[ClaimKeys.Of(Visitor)].Owner.ShouldBe(SubjectIds.IndividualOf(email));
    }

    [Fact]
    public void Whom_a_steward_merged_no_sign_in_takes_but_what_it_says_is_kept()
    {
        held[ClaimKeys.Of(Visitor)] = Home with { IsFixed = true, IsTied = true };

        AnchorDecision decision = Decide(SignIn(Cleo, AnonymousStrategy.BestMatch, minute: 2));

        decision.Moves.ShouldBeEmpty();
        decision.Proofs.ShouldBeEmpty("who shares a device with the visitor is another person");
        ShouldBeOverruled(decision);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Taken_from_one_by_a_steward_a_visitor_goes_to_another_and_not_back(bool isHome)
    {
        Claim holder = isHome
            ? Home with
            {
                Cause = new ClaimCause(ClaimCause.Steward, null),
            }
            : new Claim(SubjectIds.IndividualOf(Bob), 2, default)
            {
                Cause = new ClaimCause(ClaimCause.SameAs, "e1"),
            };
        held[ClaimKeys.Of(Visitor)] = holder with
        {
            IsFixed = isHome,
            KeptFrom = [SubjectIds.IndividualOf(Ada)],
        };

        AnchorDecision back = Decide(SignIn(Ada, AnonymousStrategy.Link, minute: 2));
        AnchorDecision on = Decide(SignIn(Cleo, AnonymousStrategy.Link, minute: 2));

        back.Moves.ShouldBeEmpty();
        ShouldBeOverruled(back);
        LinkMove move = on.Moves.ShouldHaveSingleItem();
        (move.To, move.Whole).ShouldBe((SubjectIds.IndividualOf(Cleo), false));
        on.Overruled.ShouldBeEmpty();
    }

    [Fact]
    public void Once_a_steward_s_word_is_taken_back_a_sign_in_takes_the_visitor()
    {
        held[ClaimKeys.Of(Visitor)] = Home with
        {
            Cause = new ClaimCause(ClaimCause.Steward, null),
        };

        Decide(SignIn(Ada, AnonymousStrategy.Link, minute: 2))
            .Moves.ShouldHaveSingleItem()
            .To.ShouldBe(SubjectIds.IndividualOf(Ada));
    }

    [Fact]
    public void What_a_visitor_stated_itself_counts_although_a_steward_kept_it_where_it_was()
    {
        held[ClaimKeys.Of(Visitor)] = Home with { IsFixed = true, IsProven = true };

        AnchorDecision decision = Decide(SignIn(Ada, AnonymousStrategy.Link, minute: 2));

        decision.Moves.ShouldBeEmpty("as of a link that states an anchor of its own");
        decision.Overruled.ShouldBeEmpty();
    }

    [Fact]
    public void Whom_a_program_of_before_gave_a_visitor_keeps_it()
    {
        held[ClaimKeys.Of(Visitor)] = new Claim(SubjectIds.IndividualOf(Ada), 2, default);

        Decide(SignIn(Bob, AnonymousStrategy.Link, minute: 2)).Moves.ShouldBeEmpty();
    }

    private static Claim Home =>
        new(SubjectIds.IndividualOf(Visitor), AnchorPolicy.Unanchored, default);

    private static void ShouldBeOverruled(AnchorDecision decision) =>
        decision.Overruled.ShouldHaveSingleItem().Key.ShouldBe(ClaimKeys.Of(Visitor));

    private static LinkKey User(string name) => new("web", "user", name);

    private static LinkEvent Visit(int minute) =>
        Some.Event(EventKind.Updated, "Individual", Visitor) with
        {
            OccurredAt = Some.Noon.AddMinutes(minute),
        };

    private static LinkEvent SignIn(string name, AnonymousStrategy strategy, int minute) =>
        Some.Event(EventKind.Updated, "Individual", User(name)) with
        {
            OccurredAt = Some.Noon.AddMinutes(minute),
            SameAs = Visitor,
            Anonymous = strategy,
        };

    private static LinkEvent SignIn(Identifier who, AnonymousStrategy strategy, int minute) =>
        SignIn(who.Value, strategy, minute).With(who);

    private AnchorDecision Decide(LinkEvent e) =>
        Anchors.Decide(e, e.At(1).Stamp, held.GetValueOrDefault);

    /// <summary>Decides and does what the decision says, as the resolver of a partition does.</summary>
    private AnchorDecision Take(LinkEvent e)
    {
        AnchorDecision decision = Decide(e);
        foreach (var claim in decision.Claims)
        {
            held[claim.Key] = claim.Value;
        }

        foreach (LinkMove move in decision.Moves)
        {
            string[] claims = move.Whole
                ? [.. held.Keys.Where(key => held[key].Owner == move.From)]
                : [ClaimKeys.Of(move.Link)];
            foreach (string claim in claims)
            {
                held[claim] = new Claim(move.To, move.ToRank, held[claim].AnchoredAt)
                {
                    Cause = move.Cause,
                };
            }
        }

        if (decision.Raised is { } raised && held[raised.Key].AnchoredAt < raised.Value)
        {
            held[raised.Key] = held[raised.Key] with { AnchoredAt = raised.Value };
        }

        held[ClaimKeys.Of(e.Link)] = decision.Target;
        return decision;
    }
}
