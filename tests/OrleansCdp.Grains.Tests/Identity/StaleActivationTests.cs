using System.Collections.Immutable;
using Orleans.Storage;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Of two activations one knows less. Whatever changes nothing is saved nowhere, and would not show it: what sends others
/// elsewhere is checked, so that nothing goes in circles for ever.
/// </summary>
public sealed class StaleActivationTests(Cluster cluster) : IClassFixture<Cluster>
{
    private readonly LinkKey link = new("shop", "customer", Some.Unique("c"));
    private readonly string holder = "ind_" + Some.Unique("h");
    private readonly string former = "ind_" + Some.Unique("f");
    private readonly string heir = "ind_" + Some.Unique("d");

    private LinkMover Mover => new(cluster.Grains);

    [Fact]
    public async Task Events_are_sent_elsewhere_by_the_activation_that_saved_last_only()
    {
        await SendAsync(holder, new LinkKey("shop", "customer", Some.Unique("o")), holder);
        EventOutcome asked = EventOutcome.NotMine(former);
        (await SendAsync(holder, link, former)).ShouldBe([asked]);
        SaveElsewhere(holder);

        await Should.ThrowAsync<InconsistentStateException>(() => SendAsync(holder, link, former));

        (await SendAsync(holder, link, former)).ShouldBe([asked], "it has read what was saved");
    }

    [Fact]
    public async Task Links_that_are_asked_for_elsewhere_are_so_by_the_activation_that_saved_last_only()
    {
        await SendAsync(holder, new LinkKey("shop", "customer", Some.Unique("o")), holder);
        (await DetachAsync(holder, [link], heir, former)).AskThere.ShouldBeTrue();
        SaveElsewhere(holder);

        await Should.ThrowAsync<InconsistentStateException>(() =>
            DetachAsync(holder, [link], heir, former)
        );

        (await DetachAsync(holder, [link], heir, former)).To.ShouldBe(former);
    }

    [Fact]
    public async Task A_link_is_followed_to_whom_it_was_given_and_not_past_where_it_left_that_one()
    {
        await SendAsync(former, link, former);
        await MoveAsync(former, [link], holder);
        await MoveAsync(holder, [link], "ind_" + Some.Unique("x"));
        await SendAsync(holder, new LinkKey("web", "anonymous", Some.Unique("v")), holder);
        await MoveAsync(holder, [], heir); // All but that link.

        MoveEnd end = await Mover.FollowAsync(link, new Destination(former, former), holder);

        end.Place.ShouldBe(new Destination(holder, holder), "it knows where the link went");
    }

    [Fact]
    public async Task A_move_whose_claims_were_not_changed_ends_where_the_link_went_on_to()
    {
        await SendAsync(former, link, former);
        await MoveAsync(former, [link], holder);
        await MoveAsync(holder, [link], heir);

        MoveEnd end = await Mover.MoveAsync(new LinkMove(former, link, heir, 1), former);

        end.Place.ShouldBe(new Destination(heir, heir));
    }

    [Fact]
    public async Task A_link_that_came_back_to_where_its_owner_lives_changes_hands_there()
    {
        MergeBook merges = cluster.Database.Identity.Merges;
        await SendAsync(former, new LinkKey("shop", "customer", Some.Unique("o")), former);
        await SendAsync(former, link, former);
        await MoveAsync(former, [link], holder);
        long merged = merges
            .Decide(new(holder, 0, ""), new(former, 1, ""), together: true)
            .Decision!.Value;
        (await GrainOf(former).PlaceAsync()).ShouldBeNull();
        await Mover.MoveAsync(new LinkMove(holder, link, former, 1), holder);

        await Mover.MoveAsync(new LinkMove(former, link, holder, 1), holder);

        merges.Withdraw(merged);
        (await GrainOf(former).PlaceAsync()).ShouldBeNull();
        (await GrainOf(former).GetEvidenceAsync([])).Keys.ShouldNotContain(link);
        (await GrainOf(holder).GetEvidenceAsync([])).Keys.ShouldContain(link);
    }

    [Fact]
    public async Task A_merge_is_not_begun_again_by_an_activation_that_did_not_hear_of_its_end()
    {
        await SendAsync(former, link, former);
        cluster.Database.Identity.Merges.Prove(
            [
                new AnchorProof(
                    link,
                    "proof",
                    [new BaseIndividual(former, 1, ""), new BaseIndividual(holder, 0, "")]
                ),
            ],
            []
        );
        int saves = 0;
        cluster.Database.OnSave = (write, done) =>
        {
            if (write.Id == holder && !done && ++saves == 2)
            {
                throw new InvalidOperationException("What is handed over does not arrive.");
            }
        };
        await Should.ThrowAsync<Exception>(() => GrainOf(former).PlaceAsync());
        cluster.Database.OnSave = (_, _) => { };
        SaveElsewhere(former); // Another activation has it, and everything that follows, done.

        await Should.ThrowAsync<InconsistentStateException>(() => GrainOf(former).PlaceAsync());

        (await GrainOf(holder).GetEvidenceAsync([])).Keys.ShouldBeEmpty("that was an old copy");
    }

    [Fact]
    public async Task That_others_live_with_it_is_said_by_the_activation_that_saved_last_only()
    {
        MergeBook merges = cluster.Database.Identity.Merges;
        await SendAsync(former, link, former);
        await SendAsync(holder, new LinkKey("shop", "customer", Some.Unique("o")), holder);
        merges.Decide(new(holder, 0, ""), new(former, 1, ""), together: true);
        (await GrainOf(former).PlaceAsync()).ShouldBeNull();
        merges.Decide(new(heir, 0, ""), new(holder, 1, ""), together: true);
        (await GrainOf(holder).PlaceAsync()).ShouldBe(ReasonCodes.HoldsOthers);
        SaveElsewhere(holder);

        await Should.ThrowAsync<InconsistentStateException>(() => GrainOf(holder).PlaceAsync());
    }

    private async Task MoveAsync(string from, ImmutableArray<LinkKey> links, string to)
    {
        LinkTransfer transfer = await DetachAsync(from, links, to, from);
        (await GrainOf(to).AttachAsync(new(transfer))).ShouldBeNull();
        await GrainOf(from).ReleaseAsync(MovedLink.Of(transfer.Links), to);
    }

    private Task<LinkTransfer> DetachAsync(
        string from,
        ImmutableArray<LinkKey> links,
        string to,
        string owner
    ) => GrainOf(from).DetachAsync(links, to, 1, owner, default, isSentByOwner: false);

    /// <summary>Lets another activation have saved.</summary>
    private void SaveElsewhere(string id)
    {
        Snapshot stored = cluster.Database.Snapshots[id];
        cluster.Database.Snapshots[id] = stored with { Version = stored.Version + 5 };
    }

    private async Task<EventOutcome[]> SendAsync(string at, LinkKey of, string owner) =>
        [
            .. await GrainOf(at)
                .ApplyAsync(new([new SequencedEvent(9, Some.Event(of, "e1"))]), owner),
        ];

    private IUnifiedIndividualGrain GrainOf(string id) =>
        cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);
}
