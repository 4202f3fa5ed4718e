using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>A merge, and a merge taken back, is finished by the next who needs it, whichever step failed.</summary>
public sealed class LinkPlacementTests(Cluster cluster) : IClassFixture<Cluster>
{
    private const int StepsMax = 12;
    private readonly Identifier contact = new("contactId", Some.Unique("003"), true);
    private readonly Identifier email = new("email", Some.Unique("m") + "@example.com", true);
    private readonly LinkKey first = new("shop", "customer", Some.Unique("c"));
    private readonly LinkKey second = new("web", "user", Some.Unique("u"));

    private string Root => SubjectIds.IndividualOf(contact);

    private string Merged => SubjectIds.IndividualOf(email);

    [Fact]
    public async Task A_merge_is_finished_after_a_failure_at_any_step()
    {
        int failed = await FailAtEachStepAsync(async placement =>
        {
            await placement.BringAsync();
            await placement.MergeAsync();
            await placement.ShouldBeMergedAsync();
        });

        failed.ShouldBeGreaterThan(5, "steps that are saved, each before and after its commit");
    }

    [Fact]
    public async Task A_merge_that_is_taken_back_is_finished_after_a_failure_at_any_step()
    {
        int failed = await FailAtEachStepAsync(async placement =>
        {
            await placement.BringAsync();
            await placement.MergeAsync();
            await placement.PartAsync();
            await placement.ShouldBeApartAsync();
        });

        failed.ShouldBeGreaterThan(10);
    }

    [Fact]
    public async Task Events_that_come_while_a_merge_is_not_finished_finish_it()
    {
        await BringAsync();
        ProveTogether();
        FailAt(3);
        await Should.ThrowAsync<Exception>(() => GrainOf(Merged).PlaceAsync());
        cluster.Database.OnSave = (_, _) => { };

        await cluster
            .NewDelivery()
            .DeliverAsync(Some.Chunk(2, Some.Event(first, "e2", email)), default);

        (await KeysOfAsync(Merged)).ShouldBeEmpty();
        (await KeysOfAsync(Root)).ShouldBe([LinkOfContact, first, second], ignoreOrder: true);
    }

    [Fact]
    public async Task Placing_again_what_is_in_its_place_saves_nothing()
    {
        await BringAsync();
        ProveTogether();
        (await GrainOf(Merged).PlaceAsync()).ShouldBeNull();
        int saves = 0;
        cluster.Database.OnSave = (_, _) => saves++;

        (await GrainOf(Merged).PlaceAsync()).ShouldBeNull();

        cluster.Database.OnSave = (_, _) => { };
        saves.ShouldBe(0);
    }

    [Fact]
    public async Task A_merge_for_which_there_is_no_room_is_not_begun_and_says_why()
    {
        await BringAsync();
        Link[] links =
        [
            .. Enumerable
                .Range(0, Limits.LinksMax - 2)
                .Select(i => new Link { Key = new LinkKey("s", "o", $"{i}"), Moves = 1 }),
        ];
        foreach (Link[] part in links.Chunk(Limits.TransferLinksMax))
        {
            (
                await GrainOf(Root)
                    .AttachAsync(
                        new(
                            new LinkTransfer
                            {
                                From = "ind_giver",
                                To = Root,
                                Owner = Root,
                                FormerOwner = "ind_giver",
                                Links = [.. part],
                            }
                        )
                    )
            ).ShouldBeNull();
        }

        ProveTogether();

        (await GrainOf(Merged).PlaceAsync()).ShouldBe(ReasonCodes.LinksMax);
        (await KeysOfAsync(Merged)).ShouldBe([first, second], ignoreOrder: true);
        cluster.Database.Identity.Merges.IsMoving(Merged).ShouldBeTrue("it is tried again later");
    }

    [Fact]
    public async Task A_link_promised_to_one_who_is_merged_into_the_giver_meanwhile_becomes_that_one_s()
    {
        LinkKey order = new("shop", "SalesOrder", Some.Unique("o"));
        await BringAsync();
        await cluster
            .NewDelivery()
            .DeliverAsync(Some.Chunk(1, Followed(order, "o1", minute: 0, contact)), default);
        await GrainOf(Root) // The first step of a move that was never finished.
            .DetachAsync(
                [order],
                Merged,
                1,
                Root,
                new ClaimCause(ClaimKeys.Of(email), "o2"),
                isSentByOwner: false
            );
        ProveTogether();
        (await GrainOf(Merged).PlaceAsync()).ShouldBeNull();

        await cluster
            .NewDelivery()
            .DeliverAsync(Some.Chunk(2, Followed(order, "o2", minute: 1, email)), default);

        cluster.Database.Identity.OwnerOf(ClaimKeys.Of(order)).ShouldBe(Merged);
        (await KeysOfAsync(Root)).ShouldContain(order);
        Divide();
        await GrainOf(Merged).PlaceAsync();
        (await KeysOfAsync(Merged)).ShouldBe([first, order, second], ignoreOrder: true);
    }

    [Fact]
    public async Task A_link_that_changes_hands_between_two_of_one_root_is_claimed_with_the_same_save()
    {
        LinkKey order = new("shop", "SalesOrder", Some.Unique("o"));
        await BringAsync();
        ProveTogether();
        await GrainOf(Merged).PlaceAsync();
        await cluster
            .NewDelivery()
            .DeliverAsync(Some.Chunk(1, Followed(order, "o1", minute: 0, email)), default);
        cluster.Database.Identity.OwnerOf(ClaimKeys.Of(order)).ShouldBe(Merged);

        await GrainOf(Root)
            .DetachAsync(
                [order],
                Root,
                0,
                Merged,
                new ClaimCause(ClaimKeys.Of(contact), "o2"),
                isSentByOwner: false
            );

        cluster.Database.Identity.OwnerOf(ClaimKeys.Of(order)).ShouldBe(Root);
        LinkTransfer late = await GrainOf(Root) // Decided by who read the claim before.
            .DetachAsync([order], "ind_other", 0, Merged, default, isSentByOwner: false);
        (late.AskThere, late.To).ShouldBe((true, Root));
        (await KeysOfAsync(Root)).ShouldContain(order);
    }

    [Fact]
    public async Task A_merged_individual_that_lost_links_is_asked_about_those_that_are_not_at_its_root()
    {
        Identifier other = new("contactId", Some.Unique("003"), true);
        LinkKey before = new("shop", "SalesOrder", Some.Unique("o"));
        LinkKey there = new("shop", "SalesOrder", Some.Unique("o"));
        LinkKey late = new("web", "user", Some.Unique("u"));
        await BringAsync();
        await LoseAsync(before, other);
        await MergeAsync();
        await LoseAsync(there, other);

        await SayAsync(Some.Event(late, "l1", email));

        (await KeysOfAsync(Root)).ShouldBe([LinkOfContact, first, second, late], ignoreOrder: true);
        (await SendAsync(Root, before, Merged)).ShouldBe(EventOutcome.NotMine(Merged));
        string taker = SubjectIds.IndividualOf(other);
        (await SendAsync(Merged, before, Merged)).ShouldBe(EventOutcome.Moved(taker));

        await PartAsync();
        (await KeysOfAsync(Merged)).ShouldBe([first, second, late], ignoreOrder: true);
        (await SendAsync(Merged, there, Merged)).ShouldBe(EventOutcome.Moved(taker));
    }

    [Fact]
    public async Task A_link_that_never_began_moves_away_from_the_root_of_one_that_had_lost_another()
    {
        Identifier other = new("contactId", Some.Unique("003"), true);
        LinkKey lost = new("shop", "SalesOrder", Some.Unique("o"));
        LinkKey order = new("shop", "SalesOrder", Some.Unique("o"));
        await BringAsync();
        await LoseAsync(lost, other);
        await MergeAsync();
        await cluster.Database.Identity.ClaimAsync( // It was named, and nothing of it came yet.
            new Dictionary<string, Claim> { [ClaimKeys.Of(order)] = new(Merged, 1, default) },
            default
        );

        await SayAsync(Followed(order, "o2", minute: 2, other));

        string taker = SubjectIds.IndividualOf(other);
        cluster.Database.Identity.OwnerOf(ClaimKeys.Of(order)).ShouldBe(taker);
        (await KeysOfAsync(taker)).ShouldContain(order);
        (await SendAsync(Root, order, Merged)).ShouldBe(EventOutcome.Moved(taker));
    }

    [Fact]
    public async Task A_link_that_came_back_to_where_its_owner_is_merged_leaves_again()
    {
        Identifier other = new("contactId", Some.Unique("003"), true);
        Identifier third = new("contactId", Some.Unique("003"), true);
        LinkKey order = new("shop", "SalesOrder", Some.Unique("o"));
        await BringAsync();
        await LoseAsync(order, other); // Its owner remembers that it left,
        await MergeAsync();
        await SayAsync(Followed(order, "o3", minute: 2, email)); // and is not told that it is back.
        cluster.Database.Identity.OwnerOf(ClaimKeys.Of(order)).ShouldBe(Merged);
        (await KeysOfAsync(Root)).ShouldContain(order);

        await SayAsync(Followed(order, "o4", minute: 3, third));

        cluster
            .Database.Identity.OwnerOf(ClaimKeys.Of(order))
            .ShouldBe(SubjectIds.IndividualOf(third));
        (await KeysOfAsync(SubjectIds.IndividualOf(third))).ShouldContain(order);
        (await KeysOfAsync(Root)).ShouldNotContain(order);
    }

    private LinkKey LinkOfContact => new("crm", "Contact", contact.Value);

    private async Task<int> FailAtEachStepAsync(Func<LinkPlacementTests, Task> history)
    {
        int failures = 0;
        for (int step = 0; step < StepsMax * 2; step++)
        {
            LinkPlacementTests placement = new(cluster);
            bool failed = false;
            placement.FailAt(step, () => failed = true);
            await history(placement);
            cluster.Database.OnSave = (_, _) => { };
            failures += failed ? 1 : 0;
        }

        return failures;
    }

    /// <summary>Fails one save of the two individuals, counted from now on: before it is committed, or after.</summary>
    private void FailAt(int step, Action? onFailure = null)
    {
        int saves = 0;
        cluster.Database.OnSave = (write, _) =>
        {
            bool isOurs = write.PreviousVersion > 0 && (write.Id == Root || write.Id == Merged);
            if (isOurs && saves++ == step)
            {
                onFailure?.Invoke();
                throw new InvalidOperationException("The connection is lost.");
            }
        };
    }

    private async Task BringAsync()
    {
        await cluster
            .NewDelivery()
            .DeliverAsync(Some.Chunk(1, Some.Event(first, "e1", email)), default);
        await cluster
            .NewDelivery()
            .DeliverAsync(Some.Chunk(1, Some.Event(second, "e1", email)), default);
        await cluster
            .NewDelivery()
            .DeliverAsync(Some.Chunk(1, Some.Event(LinkOfContact, "e1", contact)), default);
    }

    private BaseIndividual RootBase => new(Root, 0, ClaimKeys.Of(contact));

    private BaseIndividual MergedBase => new(Merged, 1, ClaimKeys.Of(email));

    private void ProveTogether() =>
        cluster.Database.Identity.Merges.Prove(
            [new AnchorProof(LinkOfContact, "proof", [RootBase, MergedBase])],
            []
        );

    private void Divide() =>
        cluster.Database.Identity.Merges.Decide(RootBase, MergedBase, together: false);

    private Task MergeAsync()
    {
        ProveTogether();
        return PlaceUntilItStandsAsync();
    }

    private Task PartAsync()
    {
        Divide();
        return PlaceUntilItStandsAsync();
    }

    private async Task PlaceUntilItStandsAsync()
    {
        for (int attempt = 0; attempt < 2; attempt++)
        {
            try
            {
                (await GrainOf(Merged).PlaceAsync()).ShouldBeNull();
                return;
            }
            catch (Exception e) when (attempt == 0 && e is not ShouldAssertException)
            {
                continue; // Once, at the step that is tried.
            }
        }
    }

    private async Task ShouldBeMergedAsync()
    {
        (await KeysOfAsync(Merged)).ShouldBeEmpty();
        (await KeysOfAsync(Root)).ShouldBe([LinkOfContact, first, second], ignoreOrder: true);
        cluster.Database.Identity.Merges.PlaceOf(Merged).ShouldBe(Root);
    }

    private async Task ShouldBeApartAsync()
    {
        (await KeysOfAsync(Merged)).ShouldBe([first, second], ignoreOrder: true);
        (await KeysOfAsync(Root)).ShouldBe([LinkOfContact]);
        cluster.Database.Identity.Merges.PlaceOf(Merged).ShouldBe(Merged);
    }

    private static LinkEvent Followed(LinkKey link, string id, int minute, Identifier anchor) =>
        Some.Event(link, id, anchor) with
        {
            FollowsAnchor = true,
            OccurredAt = Some.Noon.AddMinutes(minute),
        };

    private IUnifiedIndividualGrain GrainOf(string id) =>
        cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);

    /// <summary>The merged individual gets a link, and another one takes it.</summary>
    private async Task LoseAsync(LinkKey order, Identifier other)
    {
        await SayAsync(Followed(order, "o1", minute: 0, email));
        await SayAsync(Followed(order, "o2", minute: 1, other));
    }

    private Task<DeliveryCounts> SayAsync(LinkEvent e) =>
        cluster.NewDelivery().DeliverAsync(Some.Chunk(1, e), default);

    /// <summary>Sends an event as whoever knows no better does.</summary>
    private async Task<EventOutcome> SendAsync(string at, LinkKey link, string owner) =>
        (
            await GrainOf(at)
                .ApplyAsync(new([new SequencedEvent(9, Some.Event(link, "late"))]), owner)
        ).Single();

    private async Task<LinkKey[]> KeysOfAsync(string id) =>
        [.. (await GrainOf(id).GetEvidenceAsync([])).Keys];
}
