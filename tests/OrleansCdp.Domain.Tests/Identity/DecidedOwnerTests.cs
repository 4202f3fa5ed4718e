using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What anchors do to a link whose individual a steward once decided about, or something else was proven of.</summary>
public sealed class DecidedOwnerTests
{
    private static readonly Anchoring Anchors = new(new AnchorPolicy());
    private static readonly LinkKey Case = new("desk", "Case", "500");
    private static readonly Identifier ContactId = new("contactId", "003", Verified: true);
    private static readonly Identifier Email = new("email", "ada@example.com", Verified: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_case_that_only_matches_somebody_goes_to_the_contact_it_names(bool isFixed)
    {
        AnchorDecision decision = Decide(
            Held("ind_matched", AnchorPolicy.Matched, isFixed),
            followsAnchor: true,
            ContactId
        );

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(ContactId));
        LinkMove move = decision.Moves.ShouldHaveSingleItem();
        move.From.ShouldBe("ind_matched");
        move.Whole.ShouldBeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_record_that_only_matches_somebody_does_not_prove_that_he_bears_its_email(
        bool isFixed
    )
    {
        AnchorDecision decision = Decide(
            Held("ind_matched", AnchorPolicy.Matched, isFixed),
            followsAnchor: false,
            Email
        );

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(Email));
        decision.Proofs.ShouldBeEmpty();
    }

    [Fact]
    public void A_case_whose_record_a_steward_decided_about_goes_to_the_contact_it_names()
    {
        string record = SubjectIds.RecordOf(Case);

        AnchorDecision decision = Decide(
            Held(record, AnchorPolicy.Unanchored, isFixed: true),
            followsAnchor: true,
            ContactId
        );

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(ContactId));
        decision.Moves.ShouldHaveSingleItem().Whole.ShouldBeFalse();
        decision.Proofs.ShouldBeEmpty("what it follows proves nothing");
    }

    [Fact]
    public void A_case_that_a_steward_merged_with_others_stays_whoever_of_them_has_the_links()
    {
        Claim record = Held(SubjectIds.RecordOf(Case), AnchorPolicy.Unanchored, isFixed: true);

        AnchorDecision decision = Decide(
            record with
            {
                IsTied = true,
            },
            followsAnchor: true,
            ContactId
        );

        decision.Moves.ShouldBeEmpty();
        decision.Overruled.ShouldHaveSingleItem().Key.ShouldBe(ClaimKeys.Of(Case));
    }

    [Fact]
    public void A_case_that_was_an_individual_which_a_steward_decided_about_leaves_that_one_alone()
    {
        string individual = SubjectIds.IndividualOf(Case);

        AnchorDecision decision = Decide(
            Held(individual, AnchorPolicy.Unanchored, isFixed: true),
            followsAnchor: true,
            ContactId
        );

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(ContactId));
        decision.Moves.ShouldHaveSingleItem().Whole.ShouldBeFalse();
    }

    [Fact]
    public void Whoever_only_its_link_names_is_merged_and_not_moved_once_a_steward_decided()
    {
        string individual = SubjectIds.IndividualOf(Case);

        AnchorDecision decision = Decide(
            Held(individual, AnchorPolicy.Unanchored, isFixed: true),
            followsAnchor: false,
            Email
        );

        decision.Target.Owner.ShouldBe(individual);
        decision.Moves.ShouldBeEmpty();
        decision
            .Proofs.ShouldHaveSingleItem()
            .Bases.Select(one => one.Id)
            .ShouldBe([SubjectIds.IndividualOf(Email), individual]);
    }

    private static Claim Held(string owner, int rank, bool isFixed) =>
        new(owner, rank, default) { IsFixed = isFixed };

    private static AnchorDecision Decide(
        Claim owner,
        bool followsAnchor,
        params Identifier[] identifiers
    )
    {
        LinkEvent e = Some.Event(EventKind.Updated, "Case", Case).With(identifiers) with
        {
            FollowsAnchor = followsAnchor,
        };
        return Anchors.Decide(
            e,
            e.At(1).Stamp,
            claim => claim == ClaimKeys.Of(Case) ? owner : null
        );
    }
}
