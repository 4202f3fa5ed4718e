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

        await WithdrawAsync();
        (await house.HoldersAsync()).ShouldBe([Home]);
        (await WaitingAsync()).ShouldBe(1);

        await house
            .GrainOf(Ada.Id)
            .DetachAsync([many[0]], "ind_taker", 1, Ada.Id, default, isSentByOwner: false);
        await house.GrainOf(Ada.Id).ReleaseAsync([new MovedLink(many[0], 2)], "ind_taker");
        await SweepAsync();
        await ShouldBeBackAsync();
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

    private Task SweepAsync() => silo.Get<ReturningLinks>().ReturnAsync(default);

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

    private Task<long> WaitingAsync() => database.NumberAsync("select count(*) from cdp.sent_home");
}
