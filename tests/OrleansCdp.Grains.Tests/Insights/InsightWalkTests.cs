using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>Everybody is looked at once when insights that are written change, whatever comes between.</summary>
public sealed class InsightWalkTests : IAsyncLifetime
{
    private static readonly InsightSet First = WrittenInsights.SetOf(("window: 10 minutes", 1));
    private static readonly InsightSet Second = WrittenInsights.SetOf(("window: 20 minutes", 2));
    private static readonly DeclaredField[] ShippedFields =
    [
        new("SalesOrder", "total", FieldType.Number),
    ];
    private readonly FakeInsights insights = new(InsightSet.None);
    private readonly SortedSet<string> stored = new(StringComparer.Ordinal);
    private readonly Cluster cluster;

    public InsightWalkTests() =>
        cluster = new Cluster { Clock = new SettableClock(), Insights = insights };

    private FakeHistory History => cluster.History;

    private IInsightWalkGrain Walk =>
        cluster.Grains.GetGrain<IInsightWalkGrain>(IInsightWalkGrain.Key);

    public Task InitializeAsync()
    {
        History.Ids = stored;
        return cluster.InitializeAsync();
    }

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task Individuals_and_accounts_get_the_values_of_a_new_version_without_an_event()
    {
        string individual = await OrderAsync("a", SubjectKind.Individual);
        string account = await OrderAsync("b", SubjectKind.Account);
        stored.Add("rec_1");
        (await Walk.GetProgressAsync()).ShouldBeNull("nothing is written yet");

        insights.Current = First;
        WalkProgress first = await EndAsync();

        (first.Individuals, first.Accounts, first.PutOff, first.Trouble).ShouldBe((1, 1, 0, null));
        foreach (string id in new[] { individual, account })
        {
            WrittenInsights.WrittenOf(cluster.Database, id).ShouldBe("1");
            cluster.Database.Due[id].ShouldNotBeNull();
        }

        ((SettableClock)cluster.Clock).Advance(TimeSpan.FromMinutes(11));
        await Eventually.BeAsync(() =>
            WrittenInsights.WrittenOf(cluster.Database, individual) == "0"
            && WrittenInsights.WrittenOf(cluster.Database, account) == "0"
        );

        insights.Current = Second;
        await Eventually.BeAsync(async () => (await EndAsync()).StartedAt > first.StartedAt);

        WrittenInsights.WrittenOf(cluster.Database, individual).ShouldBe("1");
        WrittenInsights.WrittenOf(cluster.Database, account).ShouldBe("1");
    }

    [Fact]
    public async Task It_goes_on_after_a_restart_where_it_was()
    {
        StoreMany(2 * ILogHistory.IdsMax + 1);
        bool fails = true;
        History.OnIds = () =>
            History.IdsAfter.Count > 2 && fails
                ? throw new TimeoutException("The database is away.")
                : Task.CompletedTask;
        insights.Current = First;
        await Eventually.BeAsync(async () =>
            (await Walk.GetProgressAsync())?.Trouble == "The database is away."
        );

        await Walk.AsReference<Orleans.Core.Internal.IGrainManagementExtension>()
            .DeactivateOnIdle();
        await Eventually.BeAsync(async () => (await Walk.GetProgressAsync())?.Trouble is null);
        fails = false;
        WalkProgress ended = await EndAsync();

        ended.Individuals.ShouldBe((2 * ILogHistory.IdsMax) + 1);
        History.IdsAfter.Count(after => after.Length == 0).ShouldBe(1);
    }

    [Fact]
    public async Task It_begins_anew_when_insights_change_meanwhile()
    {
        StoreMany(ILogHistory.IdsMax + 1);
        string individual = await OrderAsync("a", SubjectKind.Individual);
        TaskCompletionSource gate = new();
        History.OnIds = () => History.IdsAfter.Count == 2 ? gate.Task : Task.CompletedTask;
        insights.Current = First;
        await Eventually.BeAsync(() => History.IdsAfter.Count == 2);

        insights.Current = Second;
        gate.SetResult();
        await Eventually.BeAsync(() => History.IdsAfter.Count(after => after.Length == 0) == 2);
        WalkProgress ended = await EndAsync();

        ended.Individuals.ShouldBe(stored.Count);
        WrittenInsights.WrittenOf(cluster.Database, individual).ShouldBe("1");
        await Eventually.BeAsync(async () => await Walk.GoOnAsync() == InsightSignature.Of(Second));
    }

    [Fact]
    public async Task For_another_reason_accounts_come_first_and_then_individuals_from_where_it_was()
    {
        StoreMany((2 * ILogHistory.IdsMax) + 1);
        string account = await OrderAsync("b", SubjectKind.Account);
        string[] ids = [.. stored];
        TaskCompletionSource gate = new();
        History.OnIds = () => History.IdsAfter.Count == 2 ? gate.Task : Task.CompletedTask;
        insights.Current = First;
        await Eventually.BeAsync(() => History.IdsAfter.Count == 2);

        insights.Current = Second;
        gate.SetResult();
        await Eventually.BeAsync(async () => await Walk.GoOnAsync() == InsightSignature.Of(Second));

        string turn = ids[(2 * ILogHistory.IdsMax) - 1];
        History.IdsAfter.ShouldBe([
            "",
            ids[ILogHistory.IdsMax - 1],
            "",
            turn,
            SubjectIds.IndividualPrefix,
            ids[ILogHistory.IdsMax], // The account is not there.
        ]);
        WalkProgress ended = await EndAsync();
        (ended.Individuals, ended.Accounts).ShouldBe((ids.Length - 1, 1));
        WrittenInsights.WrittenOf(cluster.Database, account).ShouldBe("1");
    }

    [Fact]
    public async Task One_whose_state_is_damaged_keeps_nobody_waiting_and_is_tried_again()
    {
        string individual = await OrderAsync("a", SubjectKind.Individual);
        cluster.Database.Snapshots["ind_damaged"] = new Snapshot(1, [1, 2, 3], []);
        stored.Add("ind_damaged");

        insights.Current = First;
        WalkProgress ended = await EndAsync();

        (ended.Individuals, ended.PutOff).ShouldBe((2, 1));
        cluster.Database.Due["ind_damaged"].ShouldNotBeNull();
        WrittenInsights.WrittenOf(cluster.Database, individual).ShouldBe("1");
    }

    [Fact]
    public async Task A_version_over_people_says_how_many_could_not_be_asked()
    {
        const string text = "of: account\npeople: true\nsource: SalesOrder\nmeasure: count";
        var definitions = cluster.Grains.GetGrain<IDefinitionsGrain>(IDefinitionsGrain.Key);
        PutResult put = await definitions.PutAsync("insight", "orders_of_people", text, "ann");
        DefinitionVersion version = put.Active.ShouldNotBeNull();
        cluster.Database.Snapshots["ind_damaged"] = new Snapshot(1, [1, 2, 3], []);
        stored.Add("ind_damaged");

        ActiveInsight insight = new(
            InsightDefinition.Compile(version.Name, text, ShippedFields).Insight!,
            version.Version,
            version.Revision,
            IsComplete: false
        );
        insights.Current = new InsightSet([insight], version.Revision);

        var backfill = cluster.Grains.GetGrain<IInsightBackfillGrain>(IInsightBackfillGrain.Key);
        await Eventually.BeAsync(async () =>
        {
            await backfill.GoOnAsync(); // As every silo says once a second.
            var versions = await definitions.GetVersionsAsync("insight", version.Name);
            return versions.Single() is { IsComplete: true, Past.PeoplePutOff: 1 };
        });
    }

    [Fact]
    public async Task One_who_cannot_be_looked_at_for_a_moment_is_looked_at_before_it_ends()
    {
        StoreMany(ILogHistory.IdsMax);
        string individual = await OrderAsync("a", SubjectKind.Individual);
        await cluster
            .Grains.GetGrain<IUnifiedIndividualGrain>(individual)
            .AsReference<Orleans.Core.Internal.IGrainManagementExtension>()
            .DeactivateOnIdle();
        int failures = 0;
        cluster.Database.OnLoad = id =>
        {
            if (id == individual && ++failures <= 2)
            {
                throw new TimeoutException("Its silo has died.");
            }
        };

        insights.Current = First;
        WalkProgress ended = await EndAsync();

        failures.ShouldBeGreaterThan(2);
        (ended.Individuals, ended.PutOff).ShouldBe((stored.Count, 0));
        WrittenInsights.WrittenOf(cluster.Database, individual).ShouldBe("1");
    }

    [Fact]
    public async Task It_reads_what_is_stored_when_another_wrote_it()
    {
        StoreMany(ILogHistory.IdsMax + 1);
        TaskCompletionSource gate = new();
        History.OnIds = () => History.IdsAfter.Count == 2 ? gate.Task : Task.CompletedTask;
        insights.Current = First;
        await Eventually.BeAsync(() => History.IdsAfter.Count == 2);

        await cluster.OverwriteAsync<WalkState>("insight-walk", Walk);
        gate.SetResult();

        (await EndAsync()).Individuals.ShouldBe(stored.Count);
    }

    [Fact]
    public async Task Nobody_is_looked_at_before_every_silo_knows_the_definitions()
    {
        stored.Add("ind_a");
        InsightSet unknown = new(First.All, newest: 1_000_000);

        insights.Current = unknown;
        await Eventually.BeAsync(() => cluster.Database.StatusReads > 2);

        History.IdsAfter.ShouldBeEmpty();
        insights.Current = First;
        (await EndAsync()).Individuals.ShouldBe(1);
    }

    private async Task<WalkProgress> EndAsync()
    {
        WalkProgress? progress = null;
        await Eventually.BeAsync(async () =>
            (progress = await Walk.GetProgressAsync()) is { EndedAt: not null }
        );
        return progress!;
    }

    private async Task<string> OrderAsync(string name, SubjectKind kind)
    {
        string id = await WrittenInsights.OrderAsync(cluster, name, kind);
        stored.Add(id);
        return id;
    }

    private void StoreMany(int count) =>
        stored.UnionWith(Enumerable.Range(0, count).Select(i => $"ind_0{i:D5}"));
}
