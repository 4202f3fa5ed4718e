using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>A walk over all stored individuals: who counts, how often, and how many walks at once.</summary>
public sealed class PredictionFitTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 9, 0, 0, TimeSpan.Zero);
    private static readonly FitRequest Request = new() { Until = Start.AddDays(200) };

    private readonly Cluster cluster = new();
    private readonly SortedSet<string> stored = new(StringComparer.Ordinal);

    public async Task InitializeAsync()
    {
        await cluster.InitializeAsync();
        await cluster.Services.GetRequiredService<DefinitionCatalogue>().Loaded;
        cluster.History.Ids = stored;
    }

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task Everybody_who_bought_is_counted_once_over_all_pages_and_nobody_else()
    {
        const int visitors = ILogHistory.IdsMax;
        for (int i = 0; i < 40; i++)
        {
            await BuyAsync(i, [.. Enumerable.Range(0, 1 + (i % 4)).Select(n => n * (3 + (i % 7)))]);
        }

        stored.UnionWith(Enumerable.Range(0, visitors).Select(i => $"ind_visitor{i}"));
        stored.UnionWith(["acc_1", "rec_1"]);

        FitAnswer answer = await FitAsync(Request);

        answer.Refusal.ShouldBeNull();
        (answer.Individuals, answer.Customers, answer.RepeatBuyers).ShouldBe(
            (visitors + 40, 40, 30)
        );
        (answer.IsSample, answer.Damaged, answer.Incomplete).ShouldBe((false, 0, 0));
        answer.Currency.ShouldBe("EUR");
    }

    [Fact]
    public async Task Who_lives_on_elsewhere_answers_nothing()
    {
        string survivor = await BuyAsync(1, [0, 9]);
        string other = await BuyAsync(2, [0, 4, 8]);
        var gone = Individual(other);
        LinkTransfer transfer = await gone.DetachAsync(
            [],
            survivor,
            rank: 0,
            other,
            new ClaimCause(ClaimCause.OwnLink, "e"),
            isSentByOwner: true
        );
        await Individual(survivor).AttachAsync(new(transfer));
        await gone.ReleaseAsync(MovedLink.Of(transfer.Links), survivor);

        FitAnswer answer = await FitAsync(Request);

        (answer.Individuals, answer.Customers, answer.RepeatBuyers).ShouldBe((2, 1, 1));
    }

    [Fact]
    public async Task Of_too_many_the_first_by_their_ids_are_taken_and_that_is_said()
    {
        for (int i = 0; i < 5; i++)
        {
            await BuyAsync(i, [0, 2 + i]);
        }

        FitAnswer all = await FitAsync(Request with { CustomersMax = 5 });
        FitAnswer some = await FitAsync(Request with { CustomersMax = 4 });

        (all.Customers, all.IsSample).ShouldBe((5, false));
        (some.Customers, some.IsSample).ShouldBe((4, true));
    }

    [Fact]
    public async Task A_second_fit_is_refused_while_one_is_under_way_and_may_follow_it()
    {
        TaskCompletionSource gate = new();
        TaskCompletionSource begun = new();
        cluster.History.OnIds = () =>
        {
            begun.TrySetResult();
            return gate.Task;
        };
        Task<FitAnswer> first = FitAsync(Request);
        await begun.Task;

        FitAnswer second = await FitAsync(Request);
        gate.SetResult();

        second.Refusal!.Code.ShouldBe(FitRefusals.UnderWay);
        (await first).Gap!.Obstacle.ShouldBe(FitObstacle.NoRepeatPurchases);
        (await FitAsync(Request)).Refusal.ShouldBeNull();
    }

    [Fact]
    public async Task A_fit_that_fails_does_not_stand_in_the_way_of_the_next()
    {
        cluster.History.OnIds = () => throw new TimeoutException("The database is away.");
        await Should.ThrowAsync<TimeoutException>(() => FitAsync(Request));
        cluster.History.OnIds = () => Task.CompletedTask;

        (await FitAsync(Request)).Refusal.ShouldBeNull();
    }

    [Fact]
    public async Task Whoever_stops_asking_stops_it()
    {
        TaskCompletionSource begun = new();
        TaskCompletionSource gate = new();
        cluster.History.OnIds = () =>
        {
            begun.TrySetResult();
            return gate.Task;
        };
        await BuyAsync(1, [0, 9]);
        using CancellationTokenSource stop = new();
        Task<FitAnswer> fit = FitAsync(Request, stop.Token);
        await begun.Task;

        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => fit);
        gate.SetResult();

        cluster.History.OnIds = () => Task.CompletedTask;
        await Eventually.BeAsync(
            async () => (await FitAsync(Request)).Refusal is null,
            "the fit that was stopped has ended"
        );
    }

    [Fact]
    public async Task Whom_nobody_else_asks_for_leaves_the_memory_again()
    {
        string individual = await BuyAsync(1, [0, 9]);
        await Individual(individual).AsReference<IGrainManagementExtension>().DeactivateOnIdle();

        await FitAsync(Request);

        await Eventually.BeAsync(
            async () =>
                !(await cluster.ActivationsAsync()).Contains(Individual(individual).GetGrainId()),
            "the individual is in memory no more"
        );
    }

    [Fact]
    public async Task What_is_wrong_with_a_request_is_told_before_anybody_is_asked()
    {
        cluster.History.OnIds = () => throw new InvalidOperationException("Nobody is to be asked.");

        (await CodeAsync(new() { Insight = "nothing" })).ShouldBe("unknown_insight");
        (await CodeAsync(new() { Insight = "order_count" })).ShouldBe("no_prediction");
        (await CodeAsync(new() { Model = "" })).ShouldBe("bad_model");

        async Task<string?> CodeAsync(FitRequest request) =>
            (await FitAsync(request)).Refusal?.Code;
    }

    private Task<FitAnswer> FitAsync(FitRequest request, CancellationToken cancel = default) =>
        cluster.Grains.GetGrain<IPredictionFitGrain>(0).FitAsync(request, cancel);

    private IUnifiedIndividualGrain Individual(string id) =>
        cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);

    /// <summary>Somebody who buys on some days.</summary>
    private async Task<string> BuyAsync(int who, int[] days)
    {
        LinkKey link = new("shop", "customer", $"{who}");
        string id = SubjectIds.IndividualOf(link);
        SequencedEvent[] orders =
        [
            .. days.Select(
                (day, i) =>
                    (
                        Some.Event(link, $"order-{who}-{i}") with
                        {
                            Kind = EventKind.Created,
                            Object = RecordObjects.SalesOrder,
                            RecordId = $"{who}-{i}",
                            Traits = [],
                            OccurredAt = Start.AddDays(day),
                            Fields =
                            [
                                new Field("currency", FieldValue.Of("EUR")),
                                new Field("total", FieldValue.Of(10m + i)),
                            ],
                        }
                    ).At(i + 1)
            ),
        ];
        ImmutableArray<EventOutcome> outcomes = await Individual(id).ApplyAsync(new(orders), id);
        outcomes.ShouldAllBe(outcome => outcome.Kind == OutcomeKind.Applied);
        stored.Add(id);
        return id;
    }
}
