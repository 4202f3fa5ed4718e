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
        int saves = 0;
        cluster.Database.OnSave = (_, done) => saves += done ? 1 : 0;

        (await GrainOf(Merged).PlaceAsync()).ShouldBeNull();

        cluster.Database.OnSave = (_, _) => { };
        saves.ShouldBe(3, "it says that it goes, it is expected, and it is there");
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
    public async Task Somebody_who_got_something_meanwhile_brings_it()
    {
        await ProveTogetherAsync();
        await FailsAtAsync(step: 1); // It has said that it goes.

        await SayAsync(Some.Event(visitor, "e1", email));

        (await KeysOfAsync(Merged)).ShouldBeEmpty();
        (await KeysOfAsync(Root)).ShouldBe([LinkOfContact, visitor], ignoreOrder: true);
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
