using System.Collections.Frozen;
using System.Text.Json.Nodes;
using OrleansCdp.Events;

namespace OrleansCdp.Segments;

/// <summary>Segments that people enter and leave again and again while something crashes.</summary>
internal static class CrashSegments
{
    private const string Lucky = "lucky_names";
    private const string Mark = "7";

    private static readonly FrozenDictionary<string, string> Texts = new Dictionary<string, string>
    {
        [Lucky] = $"criteria: firstName contains '{Mark}'",
        ["buyers"] = "criteria: count(SalesOrder) >= 3",
        ["lookers"] = "criteria: count(Engagement) >= 5",
        ["lucky_buyers_or_lookers"] =
            $"criteria: in segment {Lucky} or in segment buyers and in segment lookers",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Has them activated.</summary>
    public static async Task StartAsync(Api api) =>
        await StarterPack.ActivateAsync(Texts, api, await api.AnotherAsync("reviewer"));

    /// <summary>Checks that entries and exits are in order, and whose name it says is in the segment of such names.</summary>
    /// <param name="cluster">The cluster, once everything is applied.</param>
    /// <param name="users">People whose first name changes.</param>
    public static async Task CheckAsync(RunningCluster cluster, IEnumerable<string> users)
    {
        await OracleSegments.DemandOrderAsync(cluster.Database.ConnectionString);
        (await OracleSegments.ChangedAsync(cluster.Database.ConnectionString)).ShouldBe(
            Texts.Keys,
            ignoreOrder: true,
            "somebody entered each of them"
        );
        foreach (string user in users)
        {
            if (await cluster.Api.ProfileAsync("userId", user) is not { } profile)
            {
                continue; // Has not signed in yet.
            }

            JsonNode answer = (
                await cluster.Api.GetAsync($"/v1/individuals/userId/{user}/segments")
            )!;
            string name = (string)profile["traits"]!["firstName"]!["value"]!;
            answer["memberships"]!
                .AsArray()
                .Any(one => (string)one!["segment"]! == Lucky)
                .ShouldBe(
                    name.Contains(Mark, StringComparison.Ordinal),
                    $"{user} is called {name}: {answer}"
                );
        }
    }
}
