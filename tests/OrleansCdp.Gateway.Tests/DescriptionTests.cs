using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCdp;

/// <summary>The API describes itself.</summary>
[Collection(GatewayCollection.Name)]
public sealed class DescriptionTests(GatewayHost host)
{
    [Fact]
    public async Task The_OpenAPI_document_names_every_route_and_how_to_show_a_key()
    {
        JsonNode document = (await host.GetAsync("/openapi/v1.json")).Json;

        ((string)document["openapi"]!).ShouldStartWith("3.");
        ((string)document["info"]!["title"]!).ShouldBe("OrleansCdp");
        string[] described =
        [
            .. document["paths"]!
                .AsObject()
                .SelectMany(path =>
                    path.Value!.AsObject()
                        .Select(method => $"{method.Key.ToUpperInvariant()} {path.Key}")
                ),
        ];
        string[] mapped =
        [
            .. host
                .Services.GetServices<EndpointDataSource>()
                .SelectMany(source => source.Endpoints)
                .OfType<RouteEndpoint>()
                .Where(route =>
                    route.RoutePattern.RawText!.StartsWith("/v1/", StringComparison.Ordinal)
                )
                .SelectMany(route =>
                    route
                        .Metadata.GetRequiredMetadata<HttpMethodMetadata>()
                        .HttpMethods.Select(method => $"{method} {route.RoutePattern.RawText}")
                ),
        ];
        mapped.Length.ShouldBeGreaterThan(20);
        mapped.Except(described).ShouldBeEmpty();
        foreach (JsonNode? operation in document["paths"]!.AsObject().SelectMany(OperationsOf))
        {
            ((string?)operation!["summary"]).ShouldNotBeNullOrEmpty(operation.ToJsonString());
        }

        document["components"]!["securitySchemes"]!
            .AsObject()
            .Select(scheme => (string)scheme.Value!["scheme"]!)
            .ShouldBe(["bearer", "basic"]);
        document["security"]!.AsArray().Count.ShouldBe(2);
    }

    [SkippableFact]
    public async Task A_browser_asks_for_the_key_and_shows_the_API_with_nothing_from_elsewhere()
    {
        Skip.If(Browser.Path is null, "Chromium was not found: install the package chromium.");
        await using Browser browser = await Browser.StartAsync(user: GatewayHost.AdminKey);

        await browser.OpenAsync(new Uri(host.Address, "/docs"));

        await Eventually.BeAsync(
            async () =>
                (await browser.TextAsync()).Contains(
                    "Takes records of a data stream",
                    StringComparison.Ordinal
                ),
            "the page shows the API",
            () => string.Join('\n', browser.Requests)
        );
        browser.Challenges.ShouldBe(1);
        Uri[] asked = [.. browser.Requests.Select(url => new Uri(url))];
        asked.ShouldContain(url => url.AbsolutePath == "/openapi/v1.json");
        asked
            .Where(url => url.Scheme is "http" or "https" or "ws" or "wss")
            .ShouldAllBe(url => url.Authority == host.Address.Authority);
    }

    private static IEnumerable<JsonNode?> OperationsOf(KeyValuePair<string, JsonNode?> path) =>
        path.Value!.AsObject().Select(method => method.Value);
}
