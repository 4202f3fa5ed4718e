using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCdp.Governance;

/// <summary>Who may do what.</summary>
[Collection(GatewayCollection.Name)]
public sealed partial class KeyTests(GatewayHost host)
{
    private const string Message = """{"userId":"of-a-key","type":"track","event":"e"}""";

    [Fact]
    public async Task Nothing_but_health_answers_without_a_key()
    {
        RouteEndpoint[] routes =
        [
            .. host
                .Services.GetServices<EndpointDataSource>()
                .SelectMany(source => source.Endpoints)
                .OfType<RouteEndpoint>(),
        ];
        routes.Length.ShouldBeGreaterThan(20);
        foreach (RouteEndpoint route in routes)
        {
            string path = PathOf(route);
            foreach (string method in MethodsOf(route))
            {
                Answer answer = await host.SendAsync(
                    new HttpMethod(method),
                    path,
                    method is "GET" or "HEAD" or "DELETE"
                        ? null
                        : new StringContent("{}", Encoding.UTF8, "application/json"),
                    key: null
                );
                bool open = path.StartsWith("/health/", StringComparison.Ordinal);
                answer.Status.ShouldBe(open ? 200 : 401, $"{method} {path}: {answer.Text}");
            }
        }
    }

    [Fact]
    public async Task A_request_without_a_key_is_told_how_to_show_one()
    {
        Answer answer = await host.GetAsync("/v1/status", key: null);

        answer.ShouldBeProblem(401, "unauthenticated");
        string[] ways = [.. answer.Headers.WwwAuthenticate.Select(way => way.Scheme)];
        ways.ShouldBe(["Bearer", "Basic"]);
    }

    [Fact]
    public async Task A_key_is_shown_once_and_stored_as_its_hash_alone()
    {
        var (id, secret) = await host.MakeKeyAsync(Scopes.Ingest, "web");

        Answer list = await host.GetAsync("/v1/keys");
        JsonNode shown = list.Json["data"]!.AsArray().Single(key => (string)key!["id"]! == id)!;
        list.Text.ShouldNotContain(secret);
        list.Text.ShouldNotContain(KeyRing.HashOf(secret));
        ((string)shown["name"]!).ShouldBe("a test");
        shown["scopes"]!.ToJsonString().ShouldBe("""["ingest"]""");
        shown["sources"]!.ToJsonString().ShouldBe("""["web"]""");
        (await StoredAsync(KeyRing.HashOf(secret))).ShouldBe(1);
        (await StoredAsync(secret)).ShouldBe(0);
    }

    [Fact]
    public async Task A_key_may_be_shown_as_Bearer_as_user_name_or_in_a_message()
    {
        var (_, secret) = await host.MakeKeyAsync(Scopes.Ingest);
        string keyed = Message.Replace(
            "{",
            $$"""{"writeKey":"{{secret}}",""",
            StringComparison.Ordinal
        );

        (await host.PostAsync("/v1/track", Message, secret)).Status.ShouldBe(200);
        (await BasicAsync(secret + ":")).Status.ShouldBe(200);
        (await BasicAsync(secret + ":some password")).Status.ShouldBe(200);
        (await host.PostAsync("/v1/track", keyed, key: null)).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("""{"userId":"u","event":"e"}""")]
    [InlineData("""{"userId":"u","event":"e","writeKey":"cdp_nobodys"}""")]
    [InlineData("""{"userId":"u","event":"e","writeKey":""}""")]
    [InlineData("""{"userId":"u","event":"e","writeKey":7}""")]
    [InlineData("""{"userId":"u","event":"e","writeKey":"\ud800"}""")]
    public async Task A_message_without_a_valid_key_is_turned_away(string message)
    {
        (await host.PostAsync("/v1/track", message, key: null)).ShouldBeProblem(
            401,
            "unauthenticated"
        );
    }

    [Theory]
    [InlineData("Basic !!!")]
    [InlineData("Basic ")]
    [InlineData("Bearer ")]
    [InlineData("Digest abc")]
    [InlineData("nonsense")]
    public async Task Any_other_authorization_is_none(string header)
    {
        HttpRequestMessage request = new(HttpMethod.Get, "/v1/status");
        request.Headers.TryAddWithoutValidation("Authorization", header).ShouldBeTrue();

        (await host.SendAsync(request)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_revoked_key_is_none()
    {
        var (id, secret) = await host.MakeKeyAsync(Scopes.Ingest);
        (await host.PostAsync("/v1/track", Message, secret)).Status.ShouldBe(200);

        Answer revoked = await host.SendAsync(HttpMethod.Delete, $"/v1/keys/{id}");

        revoked.Status.ShouldBe(204);
        (await host.PostAsync("/v1/track", Message, secret)).ShouldBeProblem(
            401,
            "unauthenticated"
        );
        (await host.SendAsync(HttpMethod.Delete, $"/v1/keys/{id}")).ShouldBeProblem(
            404,
            "unknown_key"
        );
    }

    [Fact]
    public async Task A_key_without_the_scope_is_refused()
    {
        var (_, secret) = await host.MakeKeyAsync(Scopes.Context);

        (await host.PostAsync("/v1/track", Message, secret)).ShouldBeProblem(403, "scope_missing");
        (await host.GetAsync("/v1/status", secret)).ShouldBeProblem(403, "scope_missing");
        (await host.GetAsync("/v1/keys", secret)).ShouldBeProblem(403, "scope_missing");
    }

    [Fact]
    public async Task A_key_for_one_source_sends_for_no_other()
    {
        var (_, secret) = await host.MakeKeyAsync(Scopes.Ingest, "commerce");

        (await host.PostAsync("/v1/streams/web", Message, secret)).ShouldBeProblem(
            403,
            "source_not_allowed"
        );
        (await host.PostAsync("/v1/track", Message, secret)).ShouldBeProblem(
            403,
            "source_not_allowed"
        );
        (
            await host.PostAsync("/v1/streams/commerce-order?dryRun=true", "[]", secret)
        ).Status.ShouldBe(202);
    }

    [Fact]
    public async Task Prometheus_scrapes_with_a_key_that_may_operate()
    {
        var (_, secret) = await host.MakeKeyAsync(Scopes.Operate);

        (await host.GetAsync("/metrics", secret)).Status.ShouldBe(200);
        (await host.GetAsync("/metrics", key: null)).ShouldBeProblem(401, "unauthenticated");
    }

    [Theory]
    [InlineData("""{}""", "/name", "/scopes")]
    [InlineData("""{"name":"","scopes":[]}""", "/name", "/scopes")]
    [InlineData("""{"name":"n","scopes":["ingest","fly"]}""", "/scopes")]
    [InlineData("""{"name":"n","scopes":["ingest"],"sources":[""]}""", "/sources")]
    public async Task A_key_that_makes_no_sense_is_refused_with_pointers(
        string request,
        params string[] pointers
    )
    {
        Answer answer = (await host.PostAsync("/v1/keys", request)).ShouldBeProblem(
            400,
            "invalid_key"
        );

        answer.Json["errors"]!
            .AsArray()
            .Select(error => (string)error!["pointer"]!)
            .ShouldBe(pointers);
    }

    [Theory]
    [InlineData(200, 201)]
    [InlineData(201, 400)]
    public async Task A_keys_name_has_at_most_two_hundred_characters(int length, int status)
    {
        string name = new('n', length);

        Answer made = await host.PostAsync(
            "/v1/keys",
            $$"""{"name":"{{name}}","scopes":["ingest"]}"""
        );

        made.Status.ShouldBe(status, made.Text);
    }

    [Theory]
    [InlineData(KeyEndpoints.SourcesMax, 201)]
    [InlineData(KeyEndpoints.SourcesMax + 1, 400)]
    public async Task A_key_has_a_limit_of_sources(int sources, int status)
    {
        string list = string.Join(',', Enumerable.Range(0, sources).Select(i => $"\"s{i}\""));

        Answer made = await host.PostAsync(
            "/v1/keys",
            $$"""{"name":"n","scopes":["ingest"],"sources":[{{list}}]}"""
        );

        made.Status.ShouldBe(status, made.Text);
    }

    [Theory]
    [InlineData(IAccessKeysGrain.SecretMax, 200)]
    [InlineData(IAccessKeysGrain.SecretMax + 1, 401)]
    public async Task A_secret_has_a_limit_of_characters(int length, int status)
    {
        string secret = new('é', length);
        AccessKey key = new()
        {
            Id = $"key_long_{length}",
            Name = "long",
            Hash = KeyRing.HashOf(secret),
            Scopes = [Scopes.Ingest],
            CreatedAt = DateTimeOffset.UnixEpoch,
        };
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        await grains.GetGrain<IAccessKeysGrain>(IAccessKeysGrain.Key).AddAsync(key);
        await host.Services.GetRequiredService<KeyRing>().RefreshAsync();
        string keyed = Message.Replace(
            "{",
            $$"""{"writeKey":"{{secret}}",""",
            StringComparison.Ordinal
        );

        (await host.PostAsync("/v1/track", keyed, key: null)).Status.ShouldBe(status);
    }

    [Theory]
    [InlineData(KeyCheck.BasicMax * 3 / 4, 200)]
    [InlineData((KeyCheck.BasicMax * 3 / 4) + 1, 401)]
    public async Task A_user_name_and_password_have_a_limit(int bytes, int status)
    {
        var (_, secret) = await host.MakeKeyAsync(Scopes.Ingest);

        Answer answer = await BasicAsync((secret + ":").PadRight(bytes, 'x'));

        answer.Status.ShouldBe(status, answer.Text);
    }

    private static string PathOf(RouteEndpoint route) =>
        "/"
        + Parameter()
            .Replace(
                route.RoutePattern.RawText!.TrimStart('/'),
                name => name.Value.Contains("documentName", StringComparison.Ordinal) ? "v1" : "x"
            );

    private static IEnumerable<string> MethodsOf(RouteEndpoint route) =>
        route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods is { Count: > 0 } methods
            ? methods
            : ["GET"];

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.None, 1000)]
    private static partial Regex Parameter();

    private Task<Answer> BasicAsync(string pair)
    {
        string basic = Convert.ToBase64String(Encoding.UTF8.GetBytes(pair));
        HttpRequestMessage request = new(HttpMethod.Post, "/v1/track")
        {
            Content = new StringContent(Message, Encoding.UTF8, "application/json"),
            Headers = { Authorization = new AuthenticationHeaderValue("Basic", basic) },
        };
        return host.SendAsync(request);
    }

    private Task<long> StoredAsync(string text) =>
        host.Database.NumberAsync(
            $"""
            select count(*) from cdp.grain_state
            where position(convert_to('{text}', 'UTF8') in payload) > 0
            """
        );
}
