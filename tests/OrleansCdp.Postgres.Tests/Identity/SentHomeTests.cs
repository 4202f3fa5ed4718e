using OrleansCdp.Events;
using static OrleansCdp.Identity.VisitedHouse;

namespace OrleansCdp.Identity;

/// <summary>A link that a steward sent home goes back once that is withdrawn, and not before.</summary>
[Collection(PostgresCollection.Name)]
public sealed class SentHomeTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly StewardWord Why = new("tests", "because");
    private TestDatabase database = null!;
    private TestSilo silo = null!;
    private VisitedHouse house = null!;
    private long decision;

    private IStewardStore Stewards => silo.Get<IStewardStore>();

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await TestSilo.StartProductAsync(database);
        house = new VisitedHouse(silo);
        await house.VisitAsync();
        StewardAnswer unlinked = await house.UnlinkAsync();
        decision = unlinked.Decision!.Value;
        (await house.HoldersAsync()).ShouldBe([Home]);
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task It_goes_back_by_the_rule_and_event_that_had_brought_it()
    {
        await WithdrawAsync();

        await ShouldBeBackAsync();
        Claim claim = await house.ClaimAsync();
        claim.Rank.ShouldBe(0);
        claim.Cause.ShouldBe(new ClaimCause(ClaimCause.SameAs, "e1"));
    }

    [Fact]
    public async Task It_goes_back_later_where_that_was_interrupted()
    {
        await Stewards.WithdrawAsync(decision, Why, default);
        (await house.HoldersAsync()).ShouldBe([Home]);

        await SweepAsync();

        await ShouldBeBackAsync();
    }

    [Fact]
    public async Task It_stays_as_long_as_the_decision_holds()
    {
        await SweepAsync();

        (await house.HoldersAsync()).ShouldBe([Home]);
        (await house.OwnerAsync()).ShouldBe(Home);
    }

    [Fact]
    public async Task It_stays_where_a_merge_that_is_taken_back_had_only_overruled_the_decision()
    {
        StewardOutcome merged = await Stewards.JoinAsync(Ada, Visited, Why, default);
        merged.Withdrawn.ShouldBe([decision]);
        await SweepAsync();
        (await house.OwnerAsync()).ShouldBe(Home, "it is the merged one's own");

        await house.WithdrawAsync(merged.Decision!.Value);

        (await house.OwnerAsync()).ShouldBe(Home);
        await WithdrawAsync();
        await ShouldBeBackAsync();
    }

    [Fact]
    public async Task It_waits_as_long_as_another_decision_keeps_it_apart()
    {
        BaseIndividual bob = Named("bob");
        await house.GiveAsync(bob.Id, OwnLink("bob"));
        StewardOutcome other = await Stewards.KeepApartAsync(bob, Visited, null, Why, default);
        await silo.Get<IMergeStore>()
            .ProveAsync([new AnchorProof(OwnLink("bob"), "e2", [Ada, bob])], [Ada, bob], default);

        await WithdrawAsync();

        (await house.OwnerAsync()).ShouldBe(Home);
        await house.WithdrawAsync(other.Decision!.Value);
        await SweepAsync();
        (await house.OwnerAsync()).ShouldBe(Ada.Id);
        (await WaitingAsync()).ShouldBe(0);
    }

    /// <summary>A late import may tell of an older sign-in, which takes what nobody holds.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task A_sign_in_that_came_meanwhile_keeps_it_if_it_weighs_more(
        long weight,
        bool goesBack
    )
    {
        await SignInAsync(weight);

        await WithdrawAsync();

        (await house.OwnerAsync()).ShouldBe(goesBack ? Ada.Id : Bob.Id);
        (await WaitingAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Of_two_decisions_about_it_the_later_one_counts()
    {
        await SignInAsync(weight: 1);
        StewardAnswer later = await house.UnlinkAsync();

        await WithdrawAsync();
        await SweepAsync();
        (await house.OwnerAsync()).ShouldBe(Home, "the later one holds");

        decision = later.Decision!.Value;
        await WithdrawAsync();
        await SweepAsync();
        (await house.OwnerAsync()).ShouldBe(Bob.Id, "that is where it was taken from");
    }

    [Fact]
    public async Task Whom_a_steward_made_one_with_its_home_keeps_it()
    {
        await house.GiveAsync(Bob.Id, OwnLink("bob"));
        StewardOutcome joined = await Stewards.JoinAsync(Bob, Visited, Why, default);

        StewardAnswer answer = await WithdrawAsync();

        answer.Staying.ShouldBe([new StayingLinks(Home, ReasonCodes.Overruled)]);
        (await house.OwnerAsync()).ShouldBe(Home);
        await house.WithdrawAsync(joined.Decision!.Value);
        await SweepAsync();
        await ShouldBeBackAsync();
    }

    [Fact]
    public async Task Whose_anchor_it_has_stated_meanwhile_keeps_it()
    {
        await silo.Get<IMergeStore>()
            .ProveAsync([new AnchorProof(Visitor, "e2", [Bob, Visited])], [Bob, Visited], default);

        await WithdrawAsync();

        (await house.OwnerAsync()).ShouldBe(Home, "its home is part of that one");
        (await WaitingAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task It_waits_where_there_is_no_room()
    {
        LinkKey[] many =
        [
            .. Enumerable.Range(0, Limits.LinksMax - 1).Select(i => new LinkKey("s", "o", $"{i}")),
        ];
        await house.GiveAsync(Ada.Id, many);

        StewardAnswer answer = await WithdrawAsync();
        answer.Staying.ShouldBe([new StayingLinks(Home, ReasonCodes.LinksMax)]);
        (await house.HoldersAsync()).ShouldBe([Home]);
        (await WaitingAsync()).ShouldBe(1);
        OpenDecisionListing listed = (
            await silo.Get<IStewardLists>().OpenAsync(null, 10, default)
        ).ShouldHaveSingleItem();
        (listed.Key.Link, listed.Reason, listed.EventId, listed.Individual).ShouldBe(
            (Visitor, ReasonCodes.LinksMax, "e1", Home)
        );
        (await silo.Get<IStewardLists>().OpenAsync(listed.Key, 10, default)).ShouldBeEmpty();

        await house
            .GrainOf(Ada.Id)
            .DetachAsync([many[0]], "ind_taker", 1, Ada.Id, default, isSentByOwner: false);
        await house.GrainOf(Ada.Id).ReleaseAsync([new MovedLink(many[0], 2)], "ind_taker");
        await SweepAsync();
        await ShouldBeBackAsync();
    }

    [Theory]
    [InlineData("59 minutes", 1)]
    [InlineData("61 minutes", 0)]
    public async Task One_is_looked_at_for_an_hour_after_it_was_sent_home(string ago, long looked)
    {
        await database.ExecuteAsync($"update cdp.sent_home set sent_at = now() - interval '{ago}'");

        await WithdrawAsync();

        await ShouldBeBackAsync();
        (
            await database.NumberAsync(
                "select count(*) from cdp.sent_home where withdrawn_at is not null"
            )
        ).ShouldBe(looked);
    }

    [Fact]
    public async Task One_that_cannot_be_brought_back_keeps_no_other_one_waiting()
    {
        await database.ExecuteAsync(
            """
            insert into cdp.sent_home
                (decision, claim, home, owner, anchored_by, stamp_at, stamp_version,
                 stamp_arrival, withdrawn_at, tried_at)
            values (-1, 'no link', 'ind_x', 'ind_y', 0, 0, 0, 0, now(), now())
            """
        );
        await Stewards.WithdrawAsync(decision, Why, default);

        await SweepAsync();

        (await house.HoldersAsync()).ShouldBe([Ada.Id]);
        (await WaitingAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Matching_is_to_look_again_at_whoever_is_concerned()
    {
        await Stewards.WithdrawAsync(decision, Why, default);
        await database.ExecuteAsync("delete from cdp.match_due");
        ISentHomeStore store = silo.Get<ISentHomeStore>();
        SentHome one = (await store.ReadAsync([decision], default)).ShouldHaveSingleItem();

        var due = await store.NoteDueAsync(one, default);

        string[] concerned = [$"{Visitor}", Home, Ada.Id];
        due.ShouldBe(concerned, ignoreOrder: true);
        (await database.RowsAsync("select subject from cdp.match_due")).ShouldBe(
            concerned,
            ignoreOrder: true
        );
    }

    [Fact]
    public async Task The_history_says_who_sent_it_back_and_why()
    {
        await WithdrawAsync();

        var entries = await silo.Get<IStewardLists>()
            .HistoryAsync(Ada.Id, long.MaxValue, 10, default);
        HistoryEntry back = entries.First(one => one.Link == $"{Visitor}");
        (back.Individual, back.Other).ShouldBe((Ada.Id, Home));
        (back.Decision, back.Author, back.Reason).ShouldBe((decision, "ann", "it was her"));
    }

    private static BaseIndividual Bob { get; } = Named("bob");

    /// <summary>Has the link go from its home to Bob.</summary>
    private async Task SignInAsync(long weight)
    {
        IIdentityStore identity = silo.Get<IIdentityStore>();
        ClaimCause cause = new(ClaimCause.SameAs, "e5");
        await house.GiveAsync(Bob.Id, OwnLink("bob"));
        await new LinkMover(silo.Grains).MoveAsync(new(Home, Visitor, Bob.Id, 0, cause), Home);
        await identity.RepointAsync([new(ClaimKeys.Of(Visitor), Home, Bob.Id, 0, cause)], default);
        Claim held = await house.ClaimAsync();
        await identity.RestampAsync(
            new Dictionary<string, Claim>(StringComparer.Ordinal)
            {
                [ClaimKeys.Of(Visitor)] = held with { AnchoredAt = new Stamp(weight, 0, 0) },
            },
            default
        );
    }

    private Task<StewardAnswer> WithdrawAsync() => house.WithdrawAsync(decision);

    private Task SweepAsync() => silo.Get<ReturningLinks>().SweepAsync(default);

    private async Task ShouldBeBackAsync()
    {
        (await house.HoldersAsync()).ShouldBe([Ada.Id]);
        (await house.OwnerAsync()).ShouldBe(Ada.Id);
        (await WaitingAsync()).ShouldBe(0);
    }

    private Task<long> WaitingAsync() =>
        database.NumberAsync("select count(*) from cdp.sent_home where reason is not null");
}
