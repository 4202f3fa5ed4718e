using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace OrleansCdp;

/// <summary>Silo and gateway in this process over a database of their own: one for all tests.</summary>
public sealed class GatewayHost : IAsyncLifetime
{
    /// <summary>The key of the administrator.</summary>
    public const string AdminKey = "cdp_gateway_tests_admin_key";

    /// <summary>Requests with events that it takes in at once, and that wait: few, so that tests can pass them.</summary>
    public const int IngestRequestsMax = 8;

    /// <summary>Further ones that wait.</summary>
    public const int IngestRequestsWaitingMax = 4;

    /// <summary>Requests whose bodies it reads at once to find their key.</summary>
    public const int UnkeyedRequestsMax = 2;

    /// <summary>Clients that follow segments at once.</summary>
    public const int ChangeStreamsMax = 3;

    private readonly PostgresServer postgres = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromMinutes(5) };
    private WebApplication? app;
    private TestDatabase? database;
    private Api? api;

    /// <summary>The issuer whose tokens the gateway takes.</summary>
    public TokenIssuer Issuer { get; } = new();

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>What a user with the administrator's key sees.</summary>
    public Api Api => api!;

    /// <summary>What the application is made of.</summary>
    public IServiceProvider Services => app!.Services;

    /// <summary>The database.</summary>
    public TestDatabase Database => database!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await Issuer.StartAsync();
        database = await postgres.CreateDatabaseAsync();
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Configuration["Cdp:Gateway:JwtAuthority"] = Issuer.Address;
        builder.Configuration["Cdp:Gateway:IngestRequestsMax"] = $"{IngestRequestsMax}";
        builder.Configuration["Cdp:Gateway:IngestRequestsWaitingMax"] =
            $"{IngestRequestsWaitingMax}";
        builder.Configuration["Cdp:Gateway:UnkeyedRequestsMax"] = $"{UnkeyedRequestsMax}";
        builder.Configuration["Cdp:Gateway:ChangeStreamsMax"] = $"{ChangeStreamsMax}";
        builder.Configuration["Cdp:Gateway:UnkeyedBodyTimeMax"] = "00:10:00";
        // A test may hold a body back for as long as it takes.
        builder.WebHost.ConfigureKestrel(server => server.Limits.MinRequestBodyDataRate = null);
        HostArguments arguments = new() { Urls = "http://127.0.0.1:0", DataFolder = "" };
        app = CdpApplication.Build(
            builder,
            arguments,
            database.ConnectionString,
            database.Shape,
            AdminKey
        );
        await app.StartAsync();
        Address = new Uri(app.Urls.First());
        api = new Api(Address, AdminKey);
        await Eventually.BeAsync(
            async () =>
                (await GetAsync("/health/ready", key: null)).Status == 200
                && (await GetAsync("/v1/keys")).Status == 200,
            "the gateway is ready and knows its first key"
        );
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        http.Dispose();
        await Issuer.DisposeAsync();
        if (database is not null)
        {
            // Whatever the tests did: an anchor names whom it named first.
            (
                await database.RowsAsync(
                    "select link, other from cdp.identity_history where what = 'anchor_moved'"
                )
            ).ShouldBeEmpty();
            await database.DisposeAsync();
        }

        await postgres.DisposeAsync();
    }

    /// <summary>Reads.</summary>
    public Task<Answer> GetAsync(string path, string? key = AdminKey) =>
        SendAsync(HttpMethod.Get, path, content: null, key);

    /// <summary>Sends text.</summary>
    public Task<Answer> PostAsync(
        string path,
        string body,
        string? key = AdminKey,
        string mediaType = "application/json"
    ) => PostAsync(path, Encoding.UTF8.GetBytes(body), mediaType, key: key);

    /// <summary>Sends bytes.</summary>
    public Task<Answer> PostAsync(
        string path,
        byte[] body,
        string? mediaType,
        string? encoding = null,
        string? key = AdminKey
    )
    {
        ByteArrayContent content = new(body);
        if (mediaType is not null)
        {
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(mediaType);
        }

        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        return SendAsync(HttpMethod.Post, path, content, key);
    }

    /// <summary>Sends anything, with a key as Bearer.</summary>
    public Task<Answer> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? content = null,
        string? key = AdminKey
    )
    {
        HttpRequestMessage request = new(method, path) { Content = content };
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return SendAsync(request);
    }

    /// <summary>Sends a request as it is.</summary>
    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        request.RequestUri = new Uri(Address, request.RequestUri!);
        using HttpResponseMessage answer = await http.SendAsync(request);
        return new Answer(
            (int)answer.StatusCode,
            answer.Headers,
            answer.Content.Headers.ContentType?.MediaType,
            await answer.Content.ReadAsStringAsync()
        );
    }

    /// <summary>Makes a key.</summary>
    /// <returns>Its id and its secret.</returns>
    public async Task<(string Id, string Secret)> MakeKeyAsync(
        string scope,
        params string[] sources
    )
    {
        string list = string.Join(',', sources.Select(source => $"\"{source}\""));
        Answer made = await PostAsync(
            "/v1/keys",
            $$"""{"name":"a test","scopes":["{{scope}}"],"sources":[{{list}}]}"""
        );
        made.Status.ShouldBe(201, made.Text);
        return ((string)made.Json["id"]!, (string)made.Json["key"]!);
    }

    /// <summary>Makes a data stream definition active.</summary>
    public async Task DefineAsync(string name, string yaml)
    {
        StringContent content = new(yaml, Encoding.UTF8, "application/yaml");
        Answer put = await SendAsync(HttpMethod.Put, $"/v1/definitions/stream/{name}", content);
        put.Status.ShouldBe(200, put.Text);
    }

    /// <summary>What lies in quarantine, of one stream.</summary>
    public async Task<IReadOnlyList<JsonNode>> QuarantineAsync(string stream, string filter = "")
    {
        Answer list = await GetAsync($"/v1/quarantine?limit=1000&stream={stream}{filter}");
        list.Status.ShouldBe(200, list.Text);
        return [.. list.Json["data"]!.AsArray().Select(item => item!)];
    }

    /// <summary>Waits until so many records of a stream are counted and everything is applied.</summary>
    public async Task<Counts> CountsAsync(string stream, long received)
    {
        Counts counts = new([]);
        await Eventually.BeAsync(
            async () => (counts = await Api.DrainAsync())[stream, "received"] >= received,
            $"{received} records of {stream} are counted",
            () => JsonSerializer.Serialize(counts.All)
        );
        counts[stream, "received"].ShouldBe(received);
        return counts;
    }

    /// <summary>Waits for a profile that shows something.</summary>
    public async Task<JsonNode> ProfileAsync(
        string type,
        string value,
        Func<JsonNode, bool>? shows = null
    )
    {
        JsonNode? profile = null;
        await Eventually.BeAsync(
            async () =>
                (profile = await Api.ProfileAsync(type, value)) is not null
                && (shows is null || shows(profile)),
            $"the profile of {type} {value} shows it",
            () => profile?.ToJsonString() ?? "nobody"
        );
        return profile!;
    }
}

/// <summary>What the gateway answered.</summary>
public sealed record Answer(int Status, HttpResponseHeaders Headers, string? MediaType, string Text)
{
    /// <summary>The body as JSON.</summary>
    public JsonNode Json => JsonNode.Parse(Text)!;

    /// <summary>A header's value; null when it is missing.</summary>
    public string? Header(string name) =>
        Headers.TryGetValues(name, out IEnumerable<string>? values)
            ? string.Join(", ", values)
            : null;

    /// <summary>Checks that it is a problem of RFC 9457 with this status and code.</summary>
    public Answer ShouldBeProblem(int status, string code)
    {
        Status.ShouldBe(status, Text);
        MediaType.ShouldBe("application/problem+json", Text);
        ((int)Json["status"]!).ShouldBe(status);
        ((string?)Json["code"]).ShouldBe(code, Text);
        ((string?)Json["title"]).ShouldNotBeNullOrEmpty();
        ((string?)Json["detail"]).ShouldNotBeNullOrEmpty();
        return this;
    }
}

/// <summary>All tests share one host; each uses names of its own.</summary>
[CollectionDefinition(Name)]
public sealed class GatewayCollection : ICollectionFixture<GatewayHost>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "gateway";
}
