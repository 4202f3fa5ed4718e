using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Segments;

/// <summary>What two people and a producer ask the gateway about a segment.</summary>
internal sealed class SegmentRequests(Uri gateway) : IDisposable
{
    private const int LinesMax = 1_000;
    private const int InFlight = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly HttpClient http = new()
    {
        BaseAddress = gateway,
        Timeout = TimeSpan.FromMinutes(5),
        DefaultRequestHeaders =
        {
            Authorization = new AuthenticationHeaderValue("Bearer", HostProcess.AdminKey),
        },
    };

    /// <summary>Has segments written by one and activated by another.</summary>
    /// <param name="segments">Name and criteria of each, after those it asks for.</param>
    public async Task ActivateAsync(IReadOnlyCollection<(string Name, string Criteria)> segments)
    {
        foreach (var (name, criteria) in segments)
        {
            using StringContent text = new(
                $"criteria: \"{criteria}\"",
                Encoding.UTF8,
                "application/yaml"
            );
            using HttpResponseMessage put = await http.PutAsync(PathOf(name), text);
            await DemandAsync(put);
            await PostAsync($"{PathOf(name)}/versions/1/submit", "{}");
        }

        string? reviewer = (string?)
            (await PostAsync("/v1/keys", """{"name":"reviewer","scopes":["approve"]}"""))["key"];
        foreach (var (name, _) in segments)
        {
            string version = $"{PathOf(name)}/versions/1";
            await PostAsync($"{version}/approve", "{}", reviewer);
            JsonNode preview = await PreviewedAsync($"{version}/preview");
            await PostAsync(
                $"{version}/activate",
                $$"""{"confirmMoves":{{preview["moves"]}}}""",
                reviewer
            );
        }
    }

    /// <summary>Has somebody look at a page.</summary>
    public async Task SendPageAsync(string user, string page) =>
        await PostAsync("/v1/page", $$"""{"userId":"{{user}}","name":"{{page}}"}""");

    /// <summary>The preview of a text that is not stored.</summary>
    public async Task<JsonNode> PreviewAsync(string name, string criteria)
    {
        while (true)
        {
            using StringContent text = new(
                $"criteria: {criteria}",
                Encoding.UTF8,
                "application/yaml"
            );
            using HttpResponseMessage answer = await http.PutAsync(
                $"/v1/definitions/segment/{name}?dryRun=true&wait=30",
                text
            );
            JsonNode preview = (await DemandAsync(answer))["preview"]!;
            switch ((string?)preview["state"])
            {
                case "done":
                    return preview;
                case "waiting" or "running":
                    continue;
                default:
                    throw new InvalidOperationException(preview.ToJsonString());
            }
        }
    }

    /// <summary>How fast a preview that is done was.</summary>
    public static double PeoplePerSecond(JsonNode preview) =>
        (long)preview["individuals"]!
        / (
            (DateTimeOffset)preview["endedAt"]!.AsValue() - (DateTimeOffset)preview["at"]!.AsValue()
        ).TotalSeconds;

    /// <summary>How many are in it.</summary>
    public async Task<long> CountAsync(string name) =>
        (long)(await GetAsync($"/v1/segments/{name}"))["count"]!;

    /// <summary>Waits until so many are in it.</summary>
    public async Task WaitForAsync(string name, long count)
    {
        while (await CountAsync(name) != count)
        {
            await Task.Delay(Pause);
        }
    }

    /// <summary>Sends records, several requests at a time.</summary>
    public async Task SendAsync(string stream, IEnumerable<string> records) =>
        await Parallel.ForEachAsync(
            records.Chunk(LinesMax),
            new ParallelOptions { MaxDegreeOfParallelism = InFlight },
            async (lines, cancel) =>
            {
                using StringContent body = new(
                    string.Join('\n', lines),
                    Encoding.UTF8,
                    "application/x-ndjson"
                );
                using HttpResponseMessage answer = await http.PostAsync(
                    $"/v1/streams/{stream}",
                    body,
                    cancel
                );
                await DemandAsync(answer);
            }
        );

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static string PathOf(string segment) => $"/v1/definitions/segment/{segment}";

    private async Task<JsonNode> PreviewedAsync(string path)
    {
        while (true)
        {
            using HttpResponseMessage answer = await http.GetAsync(path);
            string text = await answer.Content.ReadAsStringAsync();
            if ((int)answer.StatusCode == 200)
            {
                return JsonNode.Parse(text)!;
            }

            // Running, or what it measures is still read from the log.
            if ((int)answer.StatusCode is not (202 or 409))
            {
                throw new InvalidOperationException(text);
            }

            await Task.Delay(Pause);
        }
    }

    private async Task<JsonNode> GetAsync(string path)
    {
        using HttpResponseMessage answer = await http.GetAsync(path);
        return await DemandAsync(answer);
    }

    private async Task<JsonNode> PostAsync(string path, string body, string? key = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        using HttpResponseMessage answer = await http.SendAsync(request);
        return await DemandAsync(answer);
    }

    private static async Task<JsonNode> DemandAsync(HttpResponseMessage answer)
    {
        string text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode
            ? JsonNode.Parse(text)!
            : throw new InvalidOperationException(text);
    }
}
