using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>
/// New versions of insights are told of the past by a silo that is killed in the middle of it, while people do things, are
/// merged and taken apart: the old version serves until the new one knows everything, of everybody.
/// </summary>
public sealed partial class BackfillCrashTests
{
    private const int Seed = 7;
    private const int BatchesBefore = 40;
    private const int Watched = 40;
    private const int Asked = 8;
    private const int QuietVisits = 60;

    /// <summary>Slowly enough to be killed in the middle.</summary>
    private static readonly string[] Slowly = ["--Cdp:Insights:WorkShare", "0.15"];

    private static readonly (string Name, string First, string Second)[] Insights =
    [
        (
            "pages_seen",
            "source: Engagement\nmeasure: count\nwhere: title = 'page 1'",
            "source: Engagement\nmeasure: count\nby: title"
        ),
        (
            "seen_lately",
            "source: Engagement\nmeasure: count\nwhere: title = 'page 1'\nwindow: 900 days",
            "source: Engagement\nmeasure: count\nwhere: title != 'page 2'\nwindow: 900 days"
        ),
    ];

    [Fact]
    public async Task A_new_version_knows_everything_of_everybody_though_the_silo_that_tells_it_is_killed()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(2, 1, Slowly, []);
        await DefineAsync(cluster.Api, insight => insight.First);
        CrashVisits visits = new("past", new Random(Seed));
        for (int batch = 0; batch < BatchesBefore; batch++)
        {
            await SendAsync(cluster, visits.NextBatch());
        }

        string[] quiet = [.. Enumerable.Range(0, Watched).Select(i => $"quiet-{i}")];
        await SendAsync(cluster, QuietBatch(quiet));
        await cluster.Api.DrainAsync();
        await UntilCompleteAsync(cluster, version: 1);

        await DefineAsync(cluster.Api, insight => insight.Second);
        using CancellationTokenSource enough = new();
        Task<(int Old, string[] Faults)> living = LiveAsync(cluster, visits, quiet, enough.Token);
        await KillInTheMiddleAsync(cluster);
        await UntilCompleteAsync(cluster, version: 2);
        await enough.CancelAsync();

        (int old, string[] faults) = await living;
        faults.ShouldBeEmpty();
        old.ShouldBeGreaterThan(0, "somebody was asked while the new versions were incomplete");
        await LogOracle.CheckAsync(cluster.Database.ConnectionString, cluster.Api);
        await FoldedInsights.CheckAsync(
            cluster.Database.ConnectionString,
            cluster.Api,
            [.. Insights.Select(one => (one.Name, 2, one.Second))]
        );
        JsonNode list = (await cluster.Api.GetAsync("/v1/insights"))!;
        foreach (JsonNode? one in list["data"]!.AsArray())
        {
            ((long)one!["linksNotTold"]!).ShouldBe(0, (string)one["name"]!);
        }
    }

    /// <summary>The silo that tells a version is killed when some of it is told and some is not; another one goes on there.</summary>
    private static async Task KillInTheMiddleAsync(RunningCluster cluster)
    {
        JsonNode? making = null;
        await Eventually.BeAsync(
            async () =>
            {
                making = (await OfAsync(cluster, Insights[0].Name))?["making"];
                return making is not null
                    && (int)making["partitionsDone"]! >= 2
                    && (int)making["percent"]! is > 0 and < 100;
            },
            "the first version is told a part of the past",
            () => $"{making}\n{cluster.Output}"
        );
        int killed = cluster.Silos.ToList().FindIndex(silo => Begun(silo.Output).Count > 0);
        await cluster.Silos[killed].KillAsync();
        await cluster.ReplaceSiloAsync(killed);

        Match? goneOn = null;
        await Eventually.BeAsync(
            () =>
                (goneOn = cluster.Silos.SelectMany(silo => Begun(silo.Output)).FirstOrDefault())
                != null,
            "another silo goes on"
        );
        int done = int.Parse(goneOn!.Groups["done"].ValueSpan, provider: null);
        done.ShouldBeInRange((int)making!["partitionsDone"]!, (int)making["partitions"]! - 1);
    }

    /// <summary>
    /// People do things and sign in, and a steward merges them and takes that back. Those who do nothing are asked about: what
    /// they are told is one version or the other, and the old one as long as the new one is not complete.
    /// </summary>
    /// <returns>How often the old one was told when it had to be, and what was wrong.</returns>
    private static async Task<(int Old, string[] Faults)> LiveAsync(
        RunningCluster cluster,
        CrashVisits visits,
        string[] quiet,
        CancellationToken enough
    )
    {
        JsonNode?[] profiles = await Task.WhenAll(
            quiet.Select(name => cluster.Api.ProfileAsync("anonymousId", name))
        );
        RandomSteward steward = new(
            () => cluster.Api,
            () => cluster.Output,
            cluster.Database,
            new Random(Seed),
            [.. profiles.Select(profile => (string)profile!["id"]!)]
        );
        int old = 0;
        List<string> faults = [];
        for (int round = 0; !enough.IsCancellationRequested; round++)
        {
            await SendAsync(cluster, visits.NextBatch());
            await steward.DecideOnceAsync();
            string name = Insights[round % 2].Name;
            JsonNode?[] told = await Task.WhenAll(
                quiet.Chunk(Asked).ElementAt(round % (Watched / Asked)).Select(ValueAsync)
            );
            bool isComplete = (bool?)(await OfAsync(cluster, name))?["complete"] ?? true;
            old += isComplete ? 0 : told.Length;
            // Of somebody whose silo has died nothing is told, until that is known.
            faults.AddRange(
                told.OfType<JsonNode>()
                    .Where(value => !IsRight(name, value, isComplete))
                    .Select(value => $"{name}, complete {isComplete}: {value.ToJsonString()}")
            );

            async Task<JsonNode?> ValueAsync(string person)
            {
                string path = $"/v1/individuals/anonymousId/{person}/insights?name={name}";
                return (await cluster.Api.TryGetAsync(path))?["insights"]?[name];
            }
        }

        steward.Merged.ShouldBeGreaterThan(0);
        return (old, [.. faults]);
    }

    private static bool IsRight(string name, JsonNode value, bool isComplete)
    {
        int visits = name == Insights[0].Name ? QuietVisits : QuietVisits * 9 / 10;
        return ((int)value["version"]!, (decimal?)value["value"]) switch
        {
            (1, QuietVisits / 10) => true,
            (2, { } second) => isComplete && second == visits,
            _ => false,
        };
    }

    private static async Task DefineAsync(
        Api api,
        Func<(string Name, string First, string Second), string> text
    )
    {
        foreach (var insight in Insights)
        {
            await api.DefineAsync(insight.Name, "insight", text(insight));
        }
    }

    private static Task UntilCompleteAsync(RunningCluster cluster, int version) =>
        Eventually.BeAsync(
            async () =>
            {
                JsonNode?[] both = await Task.WhenAll(
                    Insights.Select(insight => OfAsync(cluster, insight.Name))
                );
                return both.All(one =>
                    one is not null && (bool)one["complete"]! && (int)one["shown"]! == version
                );
            },
            $"versions {version} are complete",
            () => cluster.Output
        );

    private static async Task<JsonNode?> OfAsync(RunningCluster cluster, string name) =>
        (await cluster.Api.TryGetAsync("/v1/insights"))
            ?["data"]!.AsArray()
            .FirstOrDefault(one => (string)one!["name"]! == name);

    private static Task SendAsync(RunningCluster cluster, string batch) =>
        Eventually.BeAsync(
            async () =>
                (await cluster.Api.PostAsync("/v1/batch", batch, "application/json")).Status
                == HttpStatusCode.OK,
            "a batch is acknowledged",
            () => cluster.Output
        );

    /// <summary>Visitors who see each of ten pages equally often.</summary>
    private static string QuietBatch(string[] visitors) =>
        new JsonObject
        {
            ["batch"] = new JsonArray([
                .. visitors.SelectMany(visitor =>
                    Enumerable
                        .Range(0, QuietVisits)
                        .Select(i => new JsonObject
                        {
                            ["type"] = "page",
                            ["messageId"] = $"{visitor}-{i}",
                            ["anonymousId"] = visitor,
                            ["timestamp"] = "2026-01-01T00:00:00Z",
                            ["name"] = $"page {i % 10}",
                        })
                ),
            ]),
        }.ToJsonString();

    private static MatchCollection Begun(string output) => Beginnings().Matches(output);

    [GeneratedRegex(
        "v2 is told here what was done before it: (?<done>[0-9]+) of",
        RegexOptions.None,
        1000
    )]
    private static partial Regex Beginnings();
}
