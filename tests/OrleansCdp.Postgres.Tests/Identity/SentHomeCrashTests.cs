using Microsoft.Extensions.Logging.Abstractions;
using static OrleansCdp.Identity.VisitedHouse;

namespace OrleansCdp.Identity;

/// <summary>A link that a steward sent home goes back once that is withdrawn, wherever a silo dies.</summary>
[Collection(PostgresCollection.Name)]
public sealed class SentHomeCrashTests(PostgresServer server) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private TestSilo silo = null!;
    private VisitedHouse house = null!;

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await TestSilo.StartProductAsync(database);
        house = new VisitedHouse(silo);
        await house.VisitAsync();
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    /// <summary>Decided, and on its way home when the silo died or the steward changed his mind.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_link_that_is_still_leaving_when_that_is_withdrawn_comes_back(bool hasLeft)
    {
        long decision = await KeepApartAsync();
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

        await house.WithdrawAsync(decision);
        await SendHomeAsync(silo.Grains); // Whoever sent it may have been slower.
        await SweepAsync();

        (await house.HoldersAsync()).ShouldBe([Ada.Id]);
        (await house.OwnerAsync()).ShouldBe(Ada.Id);
    }

    [Fact]
    public async Task Wherever_a_silo_dies_on_the_way_home_or_back_the_link_is_back_in_the_end()
    {
        for (int crashAt = 0; ; crashAt++)
        {
            await database.ExecuteAsync("delete from cdp.sent_home"); // Those before are back.
            CrashingCalls leaving = new(crashAt, isForGood: true);
            long decision = await KeepApartAsync();
            await DieAsync(() => SendHomeAsync(leaving.Over(silo.Grains)));
            await house.WithdrawAsync(decision);
            await SweepAsync();
            (await house.HoldersAsync()).ShouldBe([Ada.Id], $"it left until call {crashAt}");

            CrashingCalls returning = new(crashAt, isForGood: true);
            decision = await KeepApartAsync();
            await SendHomeAsync(silo.Grains);
            await silo.Get<IStewardStore>().WithdrawAsync(decision, Why, default);
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

    private static StewardWord Why { get; } = new("tests", "because");

    private static ClaimCause ByHand { get; } = new(ClaimCause.Steward, EventId: null);

    private Task SweepAsync() => silo.Get<ReturningLinks>().SweepAsync(default);

    private async Task<long> KeepApartAsync()
    {
        Claim held = await house.ClaimAsync();
        ClaimMove back = new(ClaimKeys.Of(Visitor), Home, Ada.Id, held.Rank, held.Cause);
        StewardOutcome made = await silo.Get<IStewardStore>()
            .KeepApartAsync(Ada, Visited, new WayBack(back, held.AnchoredAt), Why, default);
        return made.Decision!.Value;
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
}
