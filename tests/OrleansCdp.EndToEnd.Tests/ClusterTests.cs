using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp;

/// <summary>Silos and gateways are processes of their own, and together they are the platform.</summary>
public sealed class ClusterTests
{
    private const string Contacts = """
        {"Id":"003A","FirstName":"Ada","LastName":"Lovelace","Email":"ada@example.com",
         "LastModifiedDate":"2026-06-01T09:00:00Z"}
        """;

    [Fact]
    public async Task A_gateway_answers_from_grains_of_silos_that_are_other_processes()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(silos: 2, gateways: 1);
        var (status, _) = await cluster.Api.PostAsync(
            "/v1/streams/salesforce-contact",
            Contacts,
            "application/json"
        );
        status.ShouldBe(HttpStatusCode.Accepted);
        await cluster.Api.DrainAsync();

        JsonNode? context = await cluster.Api.ContextAsync("email", "ada@example.com");

        context.ShouldNotBeNull().ToJsonString().ShouldContain("Lovelace");
        using HttpClient silo = new() { BaseAddress = cluster.Silos[0].Address };
        using HttpResponseMessage answer = await silo.GetAsync("/v1/context/email/ada@example.com");
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }
}
