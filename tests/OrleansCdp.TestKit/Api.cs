using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Shouldly;

namespace OrleansCdp;

/// <summary>The HTTP API as a user sees it.</summary>
public sealed class Api(Uri address, string key)
{
    private readonly HttpClient http = new()
    {
        BaseAddress = address,
        Timeout = TimeSpan.FromMinutes(5),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
    };

    /// <summary>The same with a key of another person, who may do anything.</summary>
    /// <param name="name">The name of the key.</param>
    public async Task<Api> AnotherAsync(string name)
    {
        string body = new JsonObject
        {
            ["name"] = name,
            ["scopes"] = new JsonArray("admin"),
        }.ToJsonString();
        var (status, made) = await PostAsync("/v1/keys", body, "application/json");
        status.ShouldBe(HttpStatusCode.Created, made?.ToJsonString());
        return new Api(address, (string)made!["key"]!);
    }

    /// <summary>Makes a definition active: a data stream, or of the kind that its file is named with.</summary>
    public async Task DefineAsync(string name, string kind = "stream")
    {
        string file = kind == "stream" ? $"{name}.yaml" : $"{name}.{kind}.yaml";
        string yaml = await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "Definitions", file)
        );
        await DefineAsync(name, kind, yaml);
    }

    /// <summary>Makes a definition active.</summary>
    public async Task DefineAsync(string name, string kind, string yaml)
    {
        using StringContent body = new(yaml, Encoding.UTF8, "application/yaml");
        using HttpResponseMessage answer = await http.PutAsync(
            $"/v1/definitions/{kind}/{name}",
            body
        );
        (await answer.Content.ReadAsStringAsync()).ShouldSatisfyAllConditions(text =>
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, text)
        );
    }

    /// <summary>Sends a body and reads the answer as JSON.</summary>
    public async Task<(HttpStatusCode Status, JsonNode? Json)> PostAsync(
        string path,
        string body,
        string mediaType
    )
    {
        using StringContent content = new(body, Encoding.UTF8, mediaType);
        using HttpResponseMessage answer = await http.PostAsync(path, content);
        string text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    /// <summary>
    /// Has records taken, as a producer does: what was not acknowledged, because the machine has too much to do just then, is sent
    /// again.
    /// </summary>
    /// <param name="stream">The data stream.</param>
    /// <param name="lines">The records, one a line.</param>
    public async Task TakeAsync(string stream, string lines)
    {
        JsonNode? told = null;
        await Eventually.BeAsync(
            async () =>
            {
                (HttpStatusCode status, told) = await PostAsync(
                    $"/v1/streams/{stream}",
                    lines,
                    "application/x-ndjson"
                );
                status.ShouldBeOneOf(HttpStatusCode.Accepted, HttpStatusCode.ServiceUnavailable);
                return status == HttpStatusCode.Accepted;
            },
            "it is acknowledged",
            () => told?.ToJsonString() ?? ""
        );
    }

    /// <summary>Sends the rows of a CSV file, a slice of them at a time.</summary>
    /// <returns>Sums over all slices.</returns>
    public async Task<Taken> ImportAsync(string stream, string header, IEnumerable<string> rows)
    {
        Taken sum = new(0, 0, 0, 0);
        foreach (string[] slice in rows.Chunk(5_000))
        {
            string body = header + "\n" + string.Join('\n', slice) + "\n";
            var (status, json) = await PostAsync($"/v1/streams/{stream}", body, "text/csv");
            status.ShouldBe(HttpStatusCode.Accepted, json?.ToJsonString());
            sum = sum.Plus(
                new Taken(
                    (int)json!["accepted"]!,
                    (int)json["duplicates"]!,
                    (int)json["filtered"]!,
                    json["quarantined"]!.AsArray().Count
                )
            );
        }

        return sum;
    }

    /// <summary>Reads a resource; null when there is none.</summary>
    public async Task<JsonNode?> GetAsync(string path)
    {
        using HttpResponseMessage answer = await http.GetAsync(path);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        string text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonNode.Parse(text);
    }

    /// <summary>Reads a resource; null when it cannot be read just now, because somebody died, say.</summary>
    public async Task<JsonNode?> TryGetAsync(string path)
    {
        using HttpResponseMessage answer = await http.GetAsync(path);
        return answer.IsSuccessStatusCode
            ? JsonNode.Parse(await answer.Content.ReadAsStringAsync())
            : null;
    }

    /// <summary>A resource byte by byte; null when there is none.</summary>
    public async Task<byte[]?> BytesAsync(string path)
    {
        using HttpResponseMessage answer = await http.GetAsync(path);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        byte[] body = await answer.Content.ReadAsByteArrayAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, Encoding.UTF8.GetString(body));
        return body;
    }

    /// <summary>Reads a resource that is text.</summary>
    public Task<string> TextAsync(string path) => http.GetStringAsync(path);

    /// <summary>How reading a resource is answered.</summary>
    public async Task<HttpStatusCode> StatusOfAsync(string path)
    {
        using HttpResponseMessage answer = await http.GetAsync(path);
        return answer.StatusCode;
    }

    /// <summary>The profile of whoever bears an identifier.</summary>
    public Task<JsonNode?> ProfileAsync(string type, string value) =>
        GetAsync($"/v1/individuals/{type}/{Uri.EscapeDataString(value)}");

    /// <summary>The insights of whoever bears an identifier, by name; null when there is nobody.</summary>
    public async Task<JsonNode?> InsightsAsync(string type, string value, string query = "") =>
        (await GetAsync($"/v1/individuals/{type}/{Uri.EscapeDataString(value)}/insights{query}"))?[
            "insights"
        ];

    /// <summary>The context of whoever bears an identifier.</summary>
    public Task<JsonNode?> ContextAsync(string type, string value) =>
        GetAsync($"/v1/context/{type}/{Uri.EscapeDataString(value)}");

    /// <summary>
    /// Waits until every event in the log is applied and every count is in, then checks law 6: what was received is
    /// applied, duplicate, filtered, suppressed or quarantined, stream by stream.
    /// </summary>
    public async Task<Counts> DrainAsync()
    {
        Counts counts = new([]);
        await Eventually.BeAsync(
            async () =>
            {
                using HttpResponseMessage answer = await http.GetAsync("/v1/status");
                if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                {
                    return false; // The database has just come back: a pooled connection was broken.
                }

                answer.StatusCode.ShouldBe(HttpStatusCode.OK);
                JsonNode status = (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
                counts = Counts.Of(status);
                return status["partitions"]!
                        .AsArray()
                        .All(lane => (long)lane!["head"]! == (long)lane["checkpoint"]!)
                    && counts.Balance;
            },
            "every event is applied and the counts balance",
            () => $"Counts: {JsonSerializer.Serialize(counts.All)}"
        );
        return counts;
    }

    /// <summary>Waits until every silo works with the definitions that are active: each looks for new ones by itself.</summary>
    public Task AllKnowAsync() =>
        Eventually.BeAsync(
            async () =>
                await TryGetAsync("/v1/status") is { } status
                && status["members"]!
                    .AsArray()
                    .All(silo =>
                        (long?)silo!["definitions"] >= (long)status["definitions"]!["active"]!
                    ),
            "every silo knows the active definitions"
        );
}

/// <summary>What became of the rows of an import.</summary>
public sealed record Taken(int Accepted, int Duplicates, int Filtered, int Quarantined)
{
    /// <summary>The sum of two.</summary>
    public Taken Plus(Taken other) =>
        new(
            Accepted + other.Accepted,
            Duplicates + other.Duplicates,
            Filtered + other.Filtered,
            Quarantined + other.Quarantined
        );
}

/// <summary>The counts that <c>/v1/status</c> shows.</summary>
/// <param name="All">Stream, fate, reason and number.</param>
public sealed record Counts(IReadOnlyList<(string Stream, string Kind, string Reason, long N)> All)
{
    /// <summary>Whether received is the sum of the fates in every stream.</summary>
    public bool Balance =>
        All.GroupBy(count => count.Stream)
            .All(stream =>
                stream.Where(count => count.Kind == "received").Sum(count => count.N)
                == stream
                    .Where(count =>
                        count.Kind is not ("received" or "unknownFields" or "identifiersLeftOut")
                    )
                    .Sum(count => count.N)
            );

    /// <summary>The number of events of a stream with one fate.</summary>
    public long this[string stream, string kind, string? reason = null] =>
        All.Where(count =>
                count.Stream == stream
                && count.Kind == kind
                && (reason is null || count.Reason == reason)
            )
            .Sum(count => count.N);

    /// <summary>Reads them from a status.</summary>
    public static Counts Of(JsonNode status) =>
        new([
            .. status["counts"]!
                .AsArray()
                .Select(count =>
                    (
                        (string)count!["stream"]!,
                        (string)count["kind"]!,
                        (string)count["reason"]!,
                        (long)count["count"]!
                    )
                ),
        ]);
}
