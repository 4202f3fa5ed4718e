using System.Diagnostics;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>Libraries that others wrote for others' products deliver into ours, and the profile shows it.</summary>
public sealed class IndependentClientTests(RunningHost host) : IClassFixture<RunningHost>
{
    [SkippableTheory]
    [InlineData("segment.mjs")]
    [InlineData("analytics-node.mjs")]
    [InlineData("rudder.mjs")]
    public async Task What_a_client_sends_is_in_the_profile(string script)
    {
        string folder = Path.Combine(
            Checkout.Root,
            "tests",
            "OrleansCdp.EndToEnd.Tests",
            "Clients"
        );
        Skip.IfNot(
            Directory.Exists(Path.Combine(folder, "node_modules")),
            "The clients are not installed: run 'npm ci' in the Clients folder (deploy/test does)."
        );
        string user = "user-of-" + Path.GetFileNameWithoutExtension(script);
        var (status, made) = await host.Api.PostAsync(
            "/v1/keys",
            """{"name":"client","scopes":["ingest"],"sources":["web"]}""",
            "application/json"
        );
        status.ShouldBe(System.Net.HttpStatusCode.Created, made?.ToJsonString());

        await RunAsync(folder, script, (string)made!["key"]!, user);

        JsonNode? profile = null;
        await Eventually.BeAsync(
            async () =>
            {
                profile = await host.Api.ProfileAsync("userId", user);
                return (int?)profile?["insights"]!["orderCount"] == 1
                    && (long)profile["insights"]!["engagementCount"]! >= 1;
            },
            "the profile shows the order and the visit",
            () => profile?.ToJsonString() ?? "nobody"
        );
        ((string)profile!["traits"]!["firstName"]!["value"]!).ShouldBe("Ada");
        profile["insights"]!["revenue"]![0]!["amount"]!.GetValue<decimal>().ShouldBe(12.5m);
        JsonNode? byEmail = await host.Api.ProfileAsync(
            "email",
            user.ToUpperInvariant() + "@example.com"
        );
        ((string)byEmail!["id"]!).ShouldBe((string)profile["id"]!);
        JsonNode? visitor = await host.Api.ProfileAsync("anonymousId", user + "-visitor");
        ((string)visitor!["id"]!).ShouldBe((string)profile["id"]!);
        await host.Api.DrainAsync();
    }

    private async Task RunAsync(string folder, string script, string key, string user)
    {
        ProcessStartInfo info = new("node")
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (
            string argument in new[] { script, host.Address.ToString().TrimEnd('/'), key, user }
        )
        {
            info.ArgumentList.Add(argument);
        }

        using Process node = Process.Start(info)!;
        string errors = await node.StandardError.ReadToEndAsync();
        await node.WaitForExitAsync();
        node.ExitCode.ShouldBe(0, errors);
    }
}
