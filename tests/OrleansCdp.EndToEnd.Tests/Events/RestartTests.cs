using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>What was acknowledged is there after any kind of end, and counts once.</summary>
public sealed class RestartTests(RunningHost host) : IClassFixture<RunningHost>
{
    private const string Contact =
        """{"Id":"003A","FirstName":"Ada","LastName":"Lovelace","Email":"ada@example.com","SystemModstamp":"2026-01-01T00:00:00Z"}""";

    [Fact]
    public async Task A_second_start_resumes_with_the_data_after_a_clean_stop_and_after_a_kill()
    {
        await SendAsync(accepted: 1);
        string id = await AppearsAsync();

        (await host.StopAsync()).ShouldBe(0);
        await host.StartAsync();
        (await AppearsAsync()).ShouldBe(id);
        await SendAsync(accepted: 0);

        await host.KillAsync();
        await host.StartAsync();
        (await AppearsAsync()).ShouldBe(id);
        await SendAsync(accepted: 0);
        await host.Api.DrainAsync();
    }

    private async Task SendAsync(int accepted)
    {
        var (status, json) = await host.Api.PostAsync(
            "/v1/streams/salesforce-contact",
            Contact,
            "application/json"
        );
        status.ShouldBe(HttpStatusCode.Accepted, json?.ToJsonString());
        ((int)json!["accepted"]!).ShouldBe(accepted);
        ((int)json["duplicates"]!).ShouldBe(1 - accepted);
    }

    private async Task<string> AppearsAsync()
    {
        JsonNode? profile = null;
        await Eventually.BeAsync(
            async () => (profile = await host.Api.ProfileAsync("contactId", "003A")) is not null,
            "the contact is visible"
        );
        return (string)profile!["id"]!;
    }
}
