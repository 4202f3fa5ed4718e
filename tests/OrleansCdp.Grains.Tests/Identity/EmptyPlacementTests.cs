using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Somebody who has nothing yet, as an email that a contact proves before anybody signs in with it, is merged without
/// anything changing hands; whichever save fails, what comes later is in one place.
/// </summary>
public sealed class EmptyPlacementTests(Cluster cluster) : IClassFixture<Cluster>
{
    private const int StepsMax = 12;
    private readonly Identifier contact = new("contactId", Some.Unique("003"), true);
    private readonly Identifier email = new("email", Some.Unique("m") + "@example.com", true);
    private readonly LinkKey visitor = new("web", "user", Some.Unique("u"));

    private string Root => SubjectIds.IndividualOf(contact);

    private string Merged => SubjectIds.IndividualOf(email);

    private LinkKey LinkOfContact => new("crm", "Contact", contact.Value);

    [Fact]
    public async Task Three_saves_are_all_it_takes()
    {
        await ProveTogetherAsync();
        List<SnapshotWrite> saves = [];
        cluster.Database.OnSave = (write, done) => saves.AddRange(done ? [write] : []);

        (await GrainOf(Merged).PlaceAsync()).ShouldBeNull();

        cluster.Database.OnSave = (_, _) => { };
        saves
            .Select(save => save.Id)
            .ShouldBe([Merged, Root, Merged], "it says that it goes, it is expected, it is there");
        saves[1].MovedWith.ShouldBe(Merged, "neither can be made anew from claims alone");
        await ShouldTakeWhatComesAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_comes_after_a_failure_at_any_step_is_in_one_place(bool isFinishedFirst)
    {
        int failures = 0;
        for (int step = 0; step < StepsMax; step++)
        {
            EmptyPlacementTests history = new(cluster);
            await history.ProveTogetherAsync();
            if (await history.FailsAtAsync(step))
            {
                failures++;
                if (isFinishedFirst)
                {
                    (await GrainOf(history.Merged).PlaceAsync()).ShouldBeNull();
                }
            }

            await history.ShouldTakeWhatComesAsync();
        }

        failures.ShouldBe(6, "three saves, each before and after its commit");
    }

    [Fact]
    public async Task Whoever_gives_up_the_last_links_of_another_while_it_is_announced_is_all_there_in_the_end()
    {
        await ProveTogetherAsync();
        MovedLink[] left = await HoldLinksOfAnotherAsync();
        bool isReleased = false;
        cluster.Database.OnSave = (write, done) =>
        {
            if (write.Id == Root && done && !isReleased)
            {
                isReleased = true; // The root expects it, and has not answered yet.
                using ManualResetEventSlim released = new();
                _ = GrainOf(Merged)
                    .ReleaseAsync([.. left], "ind_elsewhere")
                    .ContinueWith(_ => released.Set(), TaskScheduler.Default);
                released.Wait(TimeSpan.FromSeconds(30)).ShouldBeTrue();
            }
        };

        (await GrainOf(Merged).PlaceAsync()).ShouldBeNull();

        cluster.Database.OnSave = (_, _) => { };
        isReleased.ShouldBeTrue();
        await ShouldTakeWhatComesAsync();
    }

    /// <summary>It had somebody's link, and has given it up; whoever has it now has not said that it arrived.</summary>
    private async Task<MovedLink[]> HoldLinksOfAnotherAsync()
    {
        string another = "ind_" + Some.Unique("z");
        Link link = new() { Key = new LinkKey("web", "user", Some.Unique("z")), Moves = 1 };
        await GrainOf(Merged).ExpectAsync(another, links: 1, hasNothing: false);
        LinkTransfer transfer = new()
        {
            From = another,
            To = Merged,
            Owner = another,
            FormerOwner = another,
            Links = [link],
            IsLast = true,
        };
        (await GrainOf(Merged).ReceiveAsync(new(transfer))).ShouldBeNull();
        LinkTransfer given = await GrainOf(Merged).SeparateAsync(another, "ind_elsewhere");
        return [.. MovedLink.Of(given.Links)];
    }

    private async Task ProveTogetherAsync()
    {
        await SayAsync(Some.Event(LinkOfContact, "e1", contact));
        cluster.Database.Identity.Merges.Prove(
            [new AnchorProof(LinkOfContact, "proof", [RootBase, MergedBase])],
            []
        );
    }

    private BaseIndividual RootBase => new(Root, 0, ClaimKeys.Of(contact));

    private BaseIndividual MergedBase => new(Merged, 1, ClaimKeys.Of(email));

    /// <summary>Merges with one save failing: before it is committed, or after.</summary>
    private async Task<bool> FailsAtAsync(int step)
    {
        int saves = 0;
        cluster.Database.OnSave = (_, _) =>
        {
            if (saves++ == step)
            {
                throw new InvalidOperationException("The connection is lost.");
            }
        };
        Exception? failed = await Record.ExceptionAsync(() => GrainOf(Merged).PlaceAsync());
        cluster.Database.OnSave = (_, _) => { };
        return failed is not null;
    }

    /// <summary>Whoever comes is at the root, and goes home when the merge is taken back.</summary>
    private async Task ShouldTakeWhatComesAsync()
    {
        await SayAsync(Some.Event(visitor, "e1", email));
        (await GrainOf(Merged).PlaceAsync()).ShouldBeNull();
        (await KeysOfAsync(Merged)).ShouldBeEmpty();
        (await KeysOfAsync(Root)).ShouldBe([LinkOfContact, visitor], ignoreOrder: true);
        cluster.Database.Identity.Merges.PlaceOf(Merged).ShouldBe(Root);

        cluster.Database.Identity.Merges.Decide(RootBase, MergedBase, together: false);
        (await GrainOf(Merged).PlaceAsync()).ShouldBeNull();
        (await KeysOfAsync(Merged)).ShouldBe([visitor]);
        (await KeysOfAsync(Root)).ShouldBe([LinkOfContact]);
    }

    private IUnifiedIndividualGrain GrainOf(string id) =>
        cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);

    private Task<DeliveryCounts> SayAsync(LinkEvent e) =>
        cluster.NewDelivery().DeliverAsync(Some.Chunk(1, e), default);

    private async Task<LinkKey[]> KeysOfAsync(string id) =>
        [.. (await GrainOf(id).GetEvidenceAsync([])).Keys];
}
