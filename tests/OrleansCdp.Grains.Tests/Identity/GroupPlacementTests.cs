using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Serialization;
using OrleansCdp.Context;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Of a group that is merged into somebody, what is not taken is read and goes on where it stays.</summary>
public sealed class GroupPlacementTests(Cluster cluster) : IClassFixture<Cluster>
{
    private readonly Identifier contact = new("contactId", Some.Unique("003"), true);
    private readonly Identifier email = new("email", Some.Unique("m") + "@example.com", true);
    private readonly Identifier userId = new("userId", Some.Unique("u"), true);
    private readonly LinkKey customer = new("shop", "customer", Some.Unique("c"));
    private readonly LinkKey first = new("web", "user", Some.Unique("u"));
    private readonly LinkKey second = new("app", "user", Some.Unique("u"));

    private string Root => SubjectIds.IndividualOf(contact);

    private string Middle => SubjectIds.IndividualOf(email);

    private string Inner => SubjectIds.IndividualOf(userId);

    private LinkKey LinkOfContact => new("crm", "Contact", contact.Value);

    [Theory]
    [InlineData(Limits.MergedMax - 2, null)]
    [InlineData(Limits.MergedMax - 1, ReasonCodes.MergedMax)]
    [InlineData(Limits.MergedMax, ReasonCodes.MergedMax)]
    public async Task A_part_for_which_there_is_no_place_is_read_where_it_stays(
        int merged,
        string? reason
    )
    {
        await BringGroupAsync();
        await StoreRootAsync(links: 1, merged);

        (await PlaceGroupAsync()).ShouldBe(reason);

        await ShouldGoOnAsync();
        IsMoving.ShouldBe(reason is not null, "what stays is tried again");
    }

    [Theory]
    [InlineData(Limits.LinksMax - 3, null)]
    [InlineData(Limits.LinksMax - 2, ReasonCodes.LinksMax)]
    [InlineData(Limits.LinksMax - 1, ReasonCodes.LinksMax)]
    public async Task Links_that_live_with_another_one_are_counted_too(int links, string? reason)
    {
        await BringGroupAsync();
        await StoreRootAsync(links, merged: 0);

        (await PlaceGroupAsync()).ShouldBe(reason);

        await ShouldGoOnAsync();
        (await KeysOfAsync(Root)).Length.ShouldBeLessThanOrEqualTo(Limits.LinksMax);
    }

    [Fact]
    public async Task Whoever_holds_one_that_cannot_be_read_stays_and_is_read()
    {
        await BringGroupAsync();
        await StoreRootAsync(links: 1, merged: 0);
        ProveGroup();
        Damage(Inner);
        cluster.Database.OnSave = (write, _) =>
        {
            if (write.Id == Inner)
            {
                throw new InvalidOperationException("The connection is lost."); // It is read anew.
            }
        };
        await Should.ThrowAsync<Exception>(() => GrainOf(Inner).PlaceAsync());
        cluster.Database.OnSave = (_, _) => { };

        (await PlaceGroupAsync()).ShouldBe(ReasonCodes.StateCorrupt);

        await ShouldGoOnAsync();
        (await KeysOfAsync(Middle)).ShouldBe([customer, first, second], ignoreOrder: true);
    }

    [Fact]
    public async Task Whoever_is_to_go_where_nobody_can_read_stays_and_takes_events()
    {
        await BringGroupAsync();
        await StoreRootAsync(links: 1, merged: 0);
        Damage(Root);

        (await PlaceGroupAsync()).ShouldBe(ReasonCodes.StateCorrupt);

        await ShouldGoOnAsync();
        (await KeysOfAsync(Middle)).ShouldBe([customer, first, second], ignoreOrder: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_individual_that_announced_itself_and_went_elsewhere_holds_nobody_up(
        bool hasNothing
    )
    {
        await BringGroupAsync();
        await StoreRootAsync(links: 1, merged: 0);
        await GrainOf(Middle).ExpectAsync("ind_gone", links: hasNothing ? 0 : 3, hasNothing);

        (await PlaceGroupAsync()).ShouldBeNull();

        (await KeysOfAsync(Root)).Length.ShouldBe(4);
        (await KeysOfAsync(Middle)).ShouldBeEmpty();
    }

    [Fact]
    public async Task More_than_are_placed_at_once_are_all_placed()
    {
        await StoreRootAsync(links: 1, merged: 0);
        BaseIndividual[] emails =
        [
            .. Enumerable
                .Range(0, Merges.PlacedAtOnceMax + 1)
                .Select(_ => new Identifier("email", Some.Unique("m") + "@example.com", true))
                .Select(one => new BaseIndividual(
                    SubjectIds.IndividualOf(one),
                    1,
                    ClaimKeys.Of(one)
                )),
        ];
        cluster.Database.Identity.Merges.Prove(
            [
                .. emails.Select(one => new AnchorProof(
                    new LinkKey("crm", "Contact", one.Name),
                    "proof",
                    [new BaseIndividual(Root, 0, ClaimKeys.Of(contact)), one]
                )),
            ],
            []
        );
        Merges merges = new(cluster.Database.Identity, cluster.Grains, NullLogger<Merges>.Instance);

        (await merges.PlaceAsync(emails.Select(one => one.Id))).ShouldBeEmpty();

        emails.ShouldAllBe(one => cluster.Database.Identity.Merges.PlaceOf(one.Id) == Root);
    }

    [Fact]
    public async Task Who_is_merged_into_a_visitor_that_has_become_somebody_meanwhile_follows()
    {
        LinkKey visitor = new("web", "anonymous", Some.Unique("a"));
        await DeliverAsync(Some.Event(visitor, "v1"));
        await DeliverAsync(Some.Event(customer, "c1"));
        await DeliverAsync(2, Some.Event(visitor, "v2", email)); // Signed in, and went as a whole.
        string other = SubjectIds.IndividualOf(customer);
        cluster.Database.Identity.Merges.Decide(
            new(SubjectIds.IndividualOf(visitor), AnchorPolicy.Unanchored, ClaimKeys.Of(visitor)),
            new(other, AnchorPolicy.Unanchored, ClaimKeys.Of(customer)),
            together: true
        );

        await DeliverAsync(2, Some.Event(customer, "c2"));

        (await KeysOfAsync(Middle)).ShouldBe([customer, visitor], ignoreOrder: true);
        cluster.Database.Identity.Merges.IsMoving(other).ShouldBeFalse();
        await ShouldBeReadAsync(customer);
        await ShouldBeReadAsync(visitor);
    }

    private bool IsMoving =>
        cluster.Database.Identity.Merges.IsMoving(Inner)
        || cluster.Database.Identity.Merges.IsMoving(Middle);

    /// <summary>One individual of two links, merged into another one of one link.</summary>
    private async Task BringGroupAsync()
    {
        await DeliverAsync(Some.Event(first, "e1", userId));
        await DeliverAsync(Some.Event(second, "e1", userId));
        await DeliverAsync(Some.Event(customer, "e1", email));
        Prove(customer, MiddleBase, InnerBase);
        (await GrainOf(Inner).PlaceAsync()).ShouldBeNull();
        (await KeysOfAsync(Middle)).ShouldBe([customer, first, second], ignoreOrder: true);
    }

    private async Task<string?> PlaceGroupAsync()
    {
        ProveGroup();
        Merges merges = new(cluster.Database.Identity, cluster.Grains, NullLogger<Merges>.Instance);
        var staying = await merges.PlaceAsync([Middle, Inner]);
        return staying.IsEmpty ? null : staying[0].Reason;
    }

    private void ProveGroup() =>
        Prove(LinkOfContact, new(Root, 0, ClaimKeys.Of(contact)), MiddleBase);

    private BaseIndividual MiddleBase => new(Middle, 1, ClaimKeys.Of(email));

    private BaseIndividual InnerBase => new(Inner, 2, ClaimKeys.Of(userId));

    private void Prove(LinkKey link, params BaseIndividual[] bases) =>
        cluster.Database.Identity.Merges.Prove([new AnchorProof(link, "proof", [.. bases])], []);

    /// <summary>Everything is found where its claim says, and its next event is taken.</summary>
    private async Task ShouldGoOnAsync()
    {
        int quarantined = cluster.Database.Quarantined.Count;
        foreach ((LinkKey link, Identifier anchor) in Links)
        {
            await ShouldBeReadAsync(link);
            await DeliverAsync(2, Some.Event(link, "e2", anchor));
            await ShouldBeReadAsync(link, "e2");
        }

        cluster.Database.Quarantined.Count.ShouldBe(quarantined);
    }

    private (LinkKey, Identifier)[] Links => [(first, userId), (second, userId), (customer, email)];

    private async Task ShouldBeReadAsync(LinkKey link, string? said = null)
    {
        IUnifiedIndividualGrain holder = GrainOf(
            cluster.Database.Identity.HolderOf(ClaimKeys.Of(link))!
        );
        ContextAnswer? context = await holder.GetContextAsync(DataGraphs.Default);
        context.ShouldNotBeNull().MovedTo.ShouldBeNull();
        IndividualEvidence evidence = await holder.GetEvidenceAsync([link]);
        Link held = evidence.Links.ShouldHaveSingleItem();
        if (said is not null)
        {
            held.AppliedNormal.ShouldBe(2);
        }
    }

    private async Task StoreRootAsync(int links, int merged)
    {
        UnifiedIndividual root = new UnifiedIndividual { Id = Root }
            .Apply([Some.Event(LinkOfContact, "e1", contact).At(1)])
            .Next;
        root = root with
        {
            Links = new LinkSet
            {
                Links =
                [
                    .. root.Links.Links,
                    .. Enumerable
                        .Range(0, links - 1)
                        .Select(i => new Link { Key = new LinkKey("s", "o", $"{i:D5}") }),
                ],
            },
            Merged =
            [
                .. Enumerable
                    .Range(0, merged)
                    .Select(i => new MergedIndividual($"ind_{i:D4}", []) { IsHere = true }),
            ],
        };
        SnapshotCell<UnifiedIndividual> cell = new(
            Root,
            cluster.Database,
            cluster.Services.GetRequiredService<Serializer>(),
            IndividualShape.Instance
        );
        await cell.SaveAsync(cell.Prepare(root));
    }

    private void Damage(string id)
    {
        Snapshot stored = cluster.Database.Snapshots[id];
        byte[] bytes = [.. stored.Data];
        bytes[^1] ^= 1;
        cluster.Database.Snapshots[id] = stored with { Data = bytes };
    }

    private Task DeliverAsync(LinkEvent e) => DeliverAsync(1, e);

    private async Task DeliverAsync(long sequence, LinkEvent e) =>
        await cluster.NewDelivery().DeliverAsync(Some.Chunk(sequence, e), default);

    private IUnifiedIndividualGrain GrainOf(string id) =>
        cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);

    private async Task<LinkKey[]> KeysOfAsync(string id) =>
        [.. (await GrainOf(id).GetEvidenceAsync([])).Keys];
}
