using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace OrleansCdp.Governance;

/// <summary>A revoked administrator's key is none after a restart either.</summary>
public sealed class AdminKeyTests(RunningHost host) : IClassFixture<RunningHost>
{
    [Fact]
    public async Task A_revoked_key_of_the_environment_fails_the_next_start_and_says_so()
    {
        using HttpClient http = new() { BaseAddress = host.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            RunningHost.AdminKey
        );
        JsonNode keys = JsonNode.Parse(await http.GetStringAsync("/v1/keys"))!;
        string id = (string)keys["data"]!.AsArray().Single()!["id"]!;
        using HttpResponseMessage revoked = await http.DeleteAsync($"/v1/keys/{id}");
        ((int)revoked.StatusCode).ShouldBe(204);
        await host.StopAsync();

        await Should.ThrowAsync<InvalidOperationException>(host.StartAsync);

        host.Output.ShouldContain("OrleansCdp cannot start: The administrator's key");
        host.Output.ShouldContain("was revoked. Set a new one");
    }
}
