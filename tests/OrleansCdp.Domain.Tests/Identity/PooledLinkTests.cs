using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>A link of a fuzzy ruleset: nobody's until an anchor, or what it says, tells whose it is.</summary>
public sealed class PooledLinkTests
{
    private static readonly Anchoring Anchors = new(new AnchorPolicy());
    private static readonly LinkKey Case = new("crm", "Case", "500");
    private static readonly LinkKey Other = new("crm", "Case", "501");
    private static readonly Identifier ContactId = new("contactId", "003", Verified: true);
    private static readonly string Record = SubjectIds.RecordOf(Case);
    private static readonly string Ada = SubjectIds.IndividualOf(ContactId);
    private readonly Dictionary<string, Claim> held = [];

    [Fact]
    public void Without_an_anchor_it_waits_as_a_record_and_makes_no_individual()
    {
        AnchorDecision decision = Decide(Of(Case));

        decision.Target.Owner.ShouldBe(Record);
        decision.Target.Rank.ShouldBe(AnchorPolicy.Unanchored);
        decision.Claims.ShouldHaveSingleItem().Key.ShouldBe(ClaimKeys.Of(Case));
    }

    [Fact]
    public void An_anchor_takes_it_from_its_record_which_stays_its_place_to_come_back_to()
    {
        held[ClaimKeys.Of(Case)] = new(Record, AnchorPolicy.Unanchored, default);

        AnchorDecision decision = Decide(Of(Case, ContactId));

        decision.Target.Owner.ShouldBe(Ada);
        LinkMove move = decision.Moves.ShouldHaveSingleItem();
        (move.From, move.Link, move.To, move.Whole).ShouldBe((Record, Case, Ada, false));
    }

    [Fact]
    public void Any_anchor_takes_it_from_whom_it_only_matched_and_takes_nothing_else()
    {
        held[ClaimKeys.Of(Case)] = new("ind_bob", AnchorPolicy.Matched, default);
        Identifier userId = new("userId", "u1", Verified: true);

        AnchorDecision decision = Decide(Of(Case, userId));

        decision.Target.Owner.ShouldBe(SubjectIds.IndividualOf(userId));
        LinkMove move = decision.Moves.ShouldHaveSingleItem();
        (move.From, move.Link, move.Whole).ShouldBe(("ind_bob", Case, false));
    }

    [Fact]
    public void Whom_it_merely_matches_is_not_proven_to_be_who_another_link_says_it_is()
    {
        held[ClaimKeys.Of(Case)] = new("ind_bob", AnchorPolicy.Matched, default) { IsFixed = true };

        AnchorDecision other = Decide(
            Of(Other, ContactId) with
            {
                FollowsAnchor = false,
                SameAs = Case,
            }
        );
        other.Proofs.ShouldBeEmpty();
        other.Moves.ShouldHaveSingleItem().Link.ShouldBe(Case);
    }

    [Fact]
    public void Taken_from_one_contact_by_a_steward_it_goes_to_another_and_not_back()
    {
        Claim home = new(Record, AnchorPolicy.Unanchored, default)
        {
            IsFixed = true,
            KeptFrom = ["ind_bob", SubjectIds.IndividualOf(ContactId with { Value = "004" })],
        };
        held[ClaimKeys.Of(Case)] = home;

        AnchorDecision back = Decide(Of(Case, ContactId with { Value = "004" }));
        back.Moves.ShouldBeEmpty();
        back.Overruled.ShouldHaveSingleItem().Key.ShouldBe(ClaimKeys.Of(Case));
        LinkMove move = Decide(Of(Case, ContactId)).Moves.ShouldHaveSingleItem();
        (move.From, move.To, move.Whole).ShouldBe((Record, Ada, false));

        held[ClaimKeys.Of(Case)] = home with { Owner = Ada, Rank = 0 };
        Decide(Of(Case, ContactId with { Value = "004" })).Moves.ShouldBeEmpty();
    }

    [Fact]
    public void What_a_steward_merged_no_anchor_moves()
    {
        held[ClaimKeys.Of(Case)] = new(Record, AnchorPolicy.Unanchored, default)
        {
            IsFixed = true,
            IsTied = true,
        };

        AnchorDecision decision = Decide(Of(Case, ContactId));

        decision.Target.Owner.ShouldBe(Record);
        decision.Moves.ShouldBeEmpty();
        decision.Overruled.ShouldHaveSingleItem().Key.ShouldBe(ClaimKeys.Of(Case));
    }

    [Fact]
    public void It_stays_where_it_matches_when_an_event_says_nothing_of_anchors()
    {
        held[ClaimKeys.Of(Case)] = new("ind_bob", AnchorPolicy.Matched, default);

        AnchorDecision decision = Decide(Of(Case));

        (decision.Target.Owner, decision.Target.Rank).ShouldBe(("ind_bob", AnchorPolicy.Matched));
        decision.Moves.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(AnchorPolicy.Matched, "ind_bob")]
    [InlineData(AnchorPolicy.Unanchored, null)]
    public void What_is_nobodys_or_merely_matches_proves_nothing_of_another_link(
        int rank,
        string? owner
    )
    {
        held[ClaimKeys.Of(Case)] = new(owner ?? Record, rank, default);
        held[ClaimKeys.Of(Other)] = new("ind_other", AnchorPolicy.Unanchored, default);

        AnchorDecision decision = Decide(Of(Case) with { SameAs = Other });

        decision.Moves.ShouldBeEmpty();
        decision.Claims.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_proof_that_another_link_is_the_same_moves_that_one_alone(bool isRecord)
    {
        string owner = isRecord ? SubjectIds.RecordOf(Other) : "ind_bob";
        int rank = isRecord ? AnchorPolicy.Unanchored : AnchorPolicy.Matched;
        held[ClaimKeys.Of(Other)] = new(owner, rank, default);

        AnchorDecision decision = Decide(Of(Case, ContactId) with { SameAs = Other });

        LinkMove move = decision.Moves.ShouldHaveSingleItem();
        (move.From, move.Link, move.To, move.Whole).ShouldBe((owner, Other, Ada, false));
    }

    private static LinkEvent Of(LinkKey link, params Identifier[] identifiers) =>
        new()
        {
            Link = link,
            Stream = "cases",
            EventId = "e1",
            OccurredAt = DateTimeOffset.UnixEpoch,
            ReceivedAt = DateTimeOffset.UnixEpoch,
            Kind = EventKind.Created,
            Object = "Case",
            Identifiers = [.. identifiers],
            FollowsAnchor = true,
        };

    private AnchorDecision Decide(LinkEvent e) =>
        Anchors.Decide(e, new Stamp(1, 0, 1), held.GetValueOrDefault, isPooled: true);
}
