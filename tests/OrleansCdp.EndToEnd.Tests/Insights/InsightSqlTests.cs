using System.Net;
using System.Text.Json.Nodes;
using OrleansCdp.Identity;
using OrleansCdp.Segments;

namespace OrleansCdp.Insights;

/// <summary>
/// The shipped insights against one plain query each: a history in which everything is late, twice, out of order, amended, deleted,
/// merged and taken back gives exactly what recomputing it in SQL gives, at whatever moment.
/// </summary>
public sealed class InsightSqlTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const int Batches = 100;
    private const int BatchesPerDecision = 4;
    private const int MergesMin = 4;

    /// <summary>In this history there is something to say of everything; others may happen to have nothing of a kind.</summary>
    private const int WholeSeed = 1;

    /// <summary>To how many, over all moments, each insight has to have something to say.</summary>
    private const int ToldMin = 5;

    [Fact]
    public void Each_shipped_insight_has_a_query_of_its_own() =>
        OracleSql
            .Queries.Keys.Order(StringComparer.Ordinal)
            .ShouldBe(ShippedInsights.All.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Each_segment_has_a_query_of_its_own()
    {
        OracleSegments
            .Queries.Keys.Order(StringComparer.Ordinal)
            .ShouldBe(OracleSegments.Texts.Keys.Order(StringComparer.Ordinal));
        StarterPack
            .Queries.Keys.Order(StringComparer.Ordinal)
            .ShouldBe(StarterPack.All.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>One history, or as many as <c>CDP_ORACLE_SEEDS</c> says, from <c>CDP_ORACLE_FROM</c> on: slow, run by hand.</summary>
    public static TheoryData<int> Seeds { get; } =
    [
        .. Enumerable.Range(
            Setting("CDP_ORACLE_FROM") ?? WholeSeed,
            Setting("CDP_ORACLE_SEEDS") ?? 1
        ),
    ];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_comes_everybody_has_what_SQL_makes_of_the_log(int seed)
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using RunningHost host = new() { ConnectionString = database.ConnectionString };
        await host.StartAsync();
        await host.Api.DefineAsync("default", "model");
        RandomSteward steward = new(() => host.Api, () => host.Output, database, new Random(seed));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        await PlayAsync(host, database, steward, seed, now);
        await Eventually.BeAsync(
            async () =>
            {
                await steward.MergeAsync();
                return await database.NumberAsync(StandingMerges) >= MergesMin;
            },
            "some are merged",
            () => host.Output
        );
        await SettleAsync(host, database);
        Counts counts = await host.Api.DrainAsync();
        counts
            .All.Where(count => count.Kind == "duplicate")
            .Sum(count => count.N)
            .ShouldBePositive();
        await LogOracle.CheckAsync(host);
        IReadOnlyDictionary<string, int> members = await OracleSegments.CheckAsync(host);
        OracleSegments
            .Texts.Keys.Where(name => seed == WholeSeed && members.GetValueOrDefault(name) == 0)
            .ShouldBeEmpty("nobody is in these, so nothing is proven of them");
        IReadOnlyDictionary<string, int> told = await OracleInsights.CheckAsync(
            host,
            everyNth: 1,
            now.AddDays(-100),
            now.AddDays(9),
            now.AddDays(400)
        );
        ShippedInsights
            .All.Keys.Where(name => seed == WholeSeed && told.GetValueOrDefault(name) < ToldMin)
            .ShouldBeEmpty("too few are told anything by these");

        await steward.TakeEverythingBackAsync();
        await SettleAsync(host, database);
        await LogOracle.CheckAsync(host);
        await OracleSegments.CheckAsync(host);
    }

    /// <summary>What happens, with segments from the middle of it on.</summary>
    private static async Task PlayAsync(
        RunningHost host,
        TestDatabase database,
        RandomSteward steward,
        int seed,
        DateTimeOffset now
    )
    {
        Random random = new(seed);
        // Segments are compared at the end anyway; more often between two batches where time does not matter.
        int looks = Setting("CDP_ORACLE_SEEDS") is null ? 1 : 5;
        HashSet<int> instants =
        [
            .. Enumerable.Range(0, looks).Select(_ => random.Next(Batches / 2, Batches)),
        ];
        InsightHistory history = new(seed, Batches, now);
        for (int i = 0; i < history.Batches.Count; i++)
        {
            if (i == Batches / 2)
            {
                Api reviewer = await host.Api.AnotherAsync("reviewer");
                await StarterPack.ActivateAsync(OracleSegments.Texts, host.Api, reviewer);
                // While everybody is being looked at.
                await host.KillAsync();
                await host.StartAsync();
            }

            await SendAsync(host.Api, history.Batches[i]);
            if (i % BatchesPerDecision == 0)
            {
                await steward.DecideOnceAsync();
            }

            if (instants.Contains(i))
            {
                await SettleAsync(host, database);
                await OracleSegments.CheckAsync(host);
            }
        }
    }

    private const string StandingMerges =
        "select count(*) from cdp.steward_decision where withdrawn_at is null";

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { } text
            ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)
            : null;

    private static async Task SettleAsync(RunningHost host, TestDatabase database)
    {
        await host.Api.DrainAsync();
        await new IdentityTables(database.ConnectionString).UntilSettledAsync();
    }

    private static async Task SendAsync(Api api, (string Stream, string Body) batch)
    {
        var (status, json) = await api.PostAsync(
            $"/v1/streams/{batch.Stream}",
            batch.Body,
            "application/json"
        );
        status.ShouldBe(HttpStatusCode.Accepted, json?.ToJsonString());
        json!["quarantined"]!.AsArray().ShouldBeEmpty();
    }
}
