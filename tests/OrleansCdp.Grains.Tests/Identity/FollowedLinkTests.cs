using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>A link that follows its anchor is where its newest event says, whoever decides and when.</summary>
public sealed class FollowedLinkTests(Cluster cluster) : IClassFixture<Cluster>
{
    private readonly LinkKey order = new("shop", "SalesOrder", Some.Unique("o"));
    private readonly Identifier first = new("contactId", Some.Unique("003"), true);
    private readonly Identifier second = new("contactId", Some.Unique("003"), true);

    [Fact]
    public async Task Of_two_that_claim_it_for_the_same_at_once_the_newer_event_counts()
    {
        bool raced = false;
        cluster.Database.Identity.OnClaim = async () =>
        {
            if (!raced)
            {
                raced = true;
                await DeliverAsync(1, Event("older", minute: 0, first));
            }
        };
        await DeliverAsync(3, Event("newer", minute: 2, first));
        cluster.Database.Identity.OnClaim = () => Task.CompletedTask;

        await DeliverAsync(2, Event("between", minute: 1, second));

        raced.ShouldBeTrue();
        cluster
            .Database.Identity.OwnerOf(ClaimKeys.Of(order))
            .ShouldBe(SubjectIds.IndividualOf(first), "the newest event of the order names it");
    }

    [Fact]
    public async Task Whom_it_matches_and_an_anchor_names_has_it_although_it_was_just_leaving()
    {
        string home = SubjectIds.IndividualOf(first);
        string link = ClaimKeys.Of(order);
        Claim matched = new(home, AnchorPolicy.Matched, default);
        await cluster.Database.Identity.ClaimAsync([new(link, matched)], default);
        await DeliverAsync(1, Some.Event(order, "before"));
        bool raced = false;
        cluster.Database.Identity.OnRepoint = async () =>
        {
            if (!raced)
            {
                raced = true;
                LinkMove leaving = new(
                    home,
                    order,
                    SubjectIds.IndividualOf(second),
                    AnchorPolicy.Matched,
                    new ClaimCause("service@1", null)
                );
                await new LinkMover(cluster.Grains).MoveAsync(leaving, home);
            }
        };

        await DeliverAsync(2, Event("named", minute: 1, first));
        cluster.Database.Identity.OnRepoint = () => Task.CompletedTask;

        raced.ShouldBeTrue();
        cluster.Database.Identity.OwnerOf(link).ShouldBe(home);
        var evidence = await cluster
            .Grains.GetGrain<IUnifiedIndividualGrain>(home)
            .GetEvidenceAsync([order]);
        evidence.Links.ShouldHaveSingleItem().Key.ShouldBe(order);
    }

    [Fact]
    public async Task An_anchor_that_finishes_a_mere_match_holds_the_link_as_an_anchor()
    {
        string home = SubjectIds.IndividualOf(order);
        string named = SubjectIds.IndividualOf(first);
        string link = ClaimKeys.Of(order);
        Claim matched = new(home, AnchorPolicy.Matched, default);
        await cluster.Database.Identity.ClaimAsync([new(link, matched)], default);
        await DeliverAsync(1, Some.Event(order, "before"));
        // It is on its way there already, by a match that was not finished.
        await cluster
            .Grains.GetGrain<IUnifiedIndividualGrain>(home)
            .DetachAsync(
                [order],
                named,
                AnchorPolicy.Matched,
                home,
                new ClaimCause("service@1", null),
                isSentByOwner: false
            );

        await DeliverAsync(2, Event("named", minute: 1, first));

        Claim held = (await cluster.Database.Identity.ReadAsync([link], default))[link];
        (held.Owner, held.Rank, held.Cause).ShouldBe(
            (named, 0, new ClaimCause(ClaimKeys.Of(first), "named"))
        );
    }

    private LinkEvent Event(string id, int minute, Identifier contact) =>
        Some.Event(order, id, contact) with
        {
            FollowsAnchor = true,
            OccurredAt = Some.Noon.AddMinutes(minute),
        };

    /// <summary>Delivers with nothing remembered, as by another lane.</summary>
    private async Task DeliverAsync(long sequence, LinkEvent e) =>
        await cluster.NewDelivery().DeliverAsync(Some.Chunk(sequence, e), default);
}
