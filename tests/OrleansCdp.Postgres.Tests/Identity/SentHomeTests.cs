using Microsoft.Extensions.Logging.Abstractions;
using OrleansCdp.Events;
using static OrleansCdp.Identity.VisitedHouse;

namespace OrleansCdp.Identity;

/// <summary>A link that a steward sent home goes back once that is withdrawn, and not before.</summary>
[Collection(PostgresCollection.Name)]
public sealed class SentHomeTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly StewardWord Why = new("tests", "because");
    private static readonly BaseIndividual Visited = new(
        Home,
        AnchorPolicy.Unanchored,
        ClaimKeys.Of(Visitor)
    );
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
        StewardAnswer unlinked = await UnmergeAsync(
            new()
            {
                Link = Visitor,
                Reason = "",
                Author = "",
            }
        );
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
        Claim claim = await ClaimAsync();
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

        await UnmergeAsync(
            new()
            {
                Decision = merged.Decision,
                Reason = "",
                Author = "",
            }
        );

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
        await UnmergeAsync(
            new()
            {
                Decision = other.Decision,
                Reason = "",
                Author = "",
            }
        );
        await SweepAsync();
        (await house.OwnerAsync()).ShouldBe(Ada.Id);
        (await WaitingAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task What_has_become_another_one_s_meanwhile_stays_there()
    {
        BaseIndividual bob = Named("bob");
        await silo.Get<IIdentityStore>()
            .RepointAsync(
                [new(ClaimKeys.Of(Visitor), Home, bob.Id, 0, new(ClaimCause.SameAs, "e3"))],
                default
            );

        await WithdrawAsync();

        (await house.OwnerAsync()).ShouldBe(bob.Id);
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

    /// <summary>Decided, and on its way home when the silo died or the steward changed his mind.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_link_that_is_still_leaving_when_that_is_withdrawn_comes_back(bool hasLeft)
    {
        await WithdrawAsync();
        StewardOutcome made = await KeepApartAsync();
        if (hasLeft)
        {
            await house
                .GrainOf(Ada.Id)
                .DetachAsync(
                    [Visitor],
                    Home,
                    AnchorPolicy.Unanchored,
                    Ada.Id,
                    ByHand,
                    isSentByOwner: false
                );
        }

        decision = made.Decision!.Value;
        await WithdrawAsync();
        await SendHomeAsync(silo.Grains); // Whoever sent it may have been slower.
        await SweepAsync();

        (await house.HoldersAsync()).ShouldBe([Ada.Id]);
        (await house.OwnerAsync()).ShouldBe(Ada.Id);
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
    public async Task Wherever_a_silo_dies_on_the_way_home_or_back_the_link_is_back_in_the_end()
    {
        await WithdrawAsync();
        for (int crashAt = 0; ; crashAt++)
        {
            await database.ExecuteAsync("delete from cdp.sent_home"); // Those before are back.
            CrashingCalls leaving = new(crashAt, isForGood: true);
            decision = (await KeepApartAsync()).Decision!.Value;
            await DieAsync(() => SendHomeAsync(leaving.Over(silo.Grains)));
            await WithdrawAsync();
            await SweepAsync();
            (await house.HoldersAsync()).ShouldBe([Ada.Id], $"it left until call {crashAt}");

            CrashingCalls returning = new(crashAt, isForGood: true);
            decision = (await KeepApartAsync()).Decision!.Value;
            await SendHomeAsync(silo.Grains);
            await Stewards.WithdrawAsync(decision, Why, default);
            await DieAsync(() => Over(returning).SweepAsync(default));
            await SweepAsync();
            (await house.HoldersAsync()).ShouldBe([Ada.Id], $"it returned until call {crashAt}");
            (await house.OwnerAsync()).ShouldBe(Ada.Id);
            if (!leaving.HasCrashed && !returning.HasCrashed)
            {
                crashAt.ShouldBeGreaterThan(5, "there are as many calls");
                return;
            }
        }
    }

    [Fact]
    public async Task One_that_cannot_be_brought_back_keeps_no_other_one_waiting()
    {
        await database.ExecuteAsync(
            """
            insert into cdp.sent_home
                (decision, claim, home, owner, anchored_by, withdrawn_at, tried_at)
            values (-1, 'no link', 'ind_x', 'ind_y', 0, now(), now())
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

    private static ClaimCause ByHand { get; } = new(ClaimCause.Steward, EventId: null);

    private async Task<StewardOutcome> KeepApartAsync()
    {
        Claim held = await ClaimAsync();
        ClaimMove back = new(ClaimKeys.Of(Visitor), Home, Ada.Id, held.Rank, held.Cause);
        return await Stewards.KeepApartAsync(Ada, Visited, back, Why, default);
    }

    private async Task SendHomeAsync(IGrainFactory grains)
    {
        MoveEnd end = await new LinkMover(grains).MoveAsync(
            new LinkMove(Ada.Id, Visitor, Home, AnchorPolicy.Unanchored, ByHand),
            Ada.Id
        );
        end.Place!.Value.Owner.ShouldBe(Home);
        await silo.Get<IIdentityStore>()
            .RepointAsync(
                [new(ClaimKeys.Of(Visitor), Ada.Id, Home, AnchorPolicy.Unanchored, ByHand)],
                default
            );
    }

    private ReturningLinks Over(CrashingCalls calls) =>
        new(
            calls.Over(silo.Get<ISentHomeStore>()),
            calls.Over(silo.Get<IIdentityStore>()),
            silo.Get<MatchReview>(),
            calls.Over(silo.Grains),
            NullLogger<ReturningLinks>.Instance
        );

    private static async Task DieAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (InvalidOperationException e)
            when (e.Message.Contains("died", StringComparison.Ordinal))
        {
            // That is what is tested.
        }
    }

    private Task<StewardAnswer> WithdrawAsync() =>
        UnmergeAsync(
            new()
            {
                Decision = decision,
                Reason = "it was her",
                Author = "ann",
            }
        );

    private async Task<StewardAnswer> UnmergeAsync(StewardUnmerge request)
    {
        StewardAnswer answer = await silo.Grains.GetGrain<IStewardGrain>(0).UnmergeAsync(request);
        answer.Refusal.ShouldBeNull();
        return answer;
    }

    private Task SweepAsync() => silo.Get<ReturningLinks>().SweepAsync(default);

    private async Task ShouldBeBackAsync()
    {
        (await house.HoldersAsync()).ShouldBe([Ada.Id]);
        (await house.OwnerAsync()).ShouldBe(Ada.Id);
        (await WaitingAsync()).ShouldBe(0);
    }

    private async Task<Claim> ClaimAsync()
    {
        string claim = ClaimKeys.Of(Visitor);
        return (await silo.Get<IIdentityStore>().ReadAsync([claim], default))[claim];
    }

    private Task<long> WaitingAsync() =>
        database.NumberAsync("select count(*) from cdp.sent_home where reason is not null");
}
