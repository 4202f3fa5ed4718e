using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Asks the gateway about every visitor: whose they are, and whether what they did is there exactly once.</summary>
internal sealed class VisitorGate : IDisposable
{
    private const int RequestsMax = 8;
    private const int AttemptsMax = 30;
    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(1);
    private readonly Visitors visitors;
    private readonly HttpClient http;
    private int askedAgain;

    /// <summary>Makes one.</summary>
    public VisitorGate(Uri gateway, Visitors visitors)
    {
        this.visitors = visitors;
        http = new HttpClient
        {
            BaseAddress = gateway,
            Timeout = TimeSpan.FromMinutes(30),
            DefaultRequestHeaders =
            {
                Authorization = new AuthenticationHeaderValue("Bearer", HostProcess.AdminKey),
            },
        };
    }

    /// <summary>Questions that were asked again, because the gateway was too busy to answer.</summary>
    public int AskedAgain => Volatile.Read(ref askedAgain);

    /// <summary>Visitors who are not found at the person they signed in as.</summary>
    public async Task<int> StrayAsync()
    {
        int stray = 0;
        await EachAsync(async visitor =>
        {
            string? person = IdIn(await PersonAsync(visitor));
            string? found = IdIn(await ContextAsync("anonymousId", visitors.BrowserOf(visitor)));
            if (found is null || found != person)
            {
                Interlocked.Increment(ref stray);
            }
        });
        return stray;
    }

    /// <summary>Demands that every visitor is somebody of their own, with what they did so far.</summary>
    /// <exception cref="InvalidOperationException">One is not.</exception>
    public async Task DemandAnonymousAsync() =>
        await EachAsync(async visitor =>
        {
            JsonNode? own = await ContextAsync("anonymousId", visitors.BrowserOf(visitor));
            int done = own?["interactions"]!.AsArray().Count ?? 0;
            if (done != Visitors.LinesBefore || IdIn(own) == IdIn(await PersonAsync(visitor)))
            {
                throw new InvalidOperationException($"Visitor {visitor} is no visitor: {own}");
            }
        });

    /// <summary>Compares what is shown of everybody with what was sent. Nobody may send meanwhile.</summary>
    public async Task<VisitorCheck> CheckAsync()
    {
        int lost = 0;
        int doubled = 0;
        int elsewhere = 0;
        await EachAsync(async visitor =>
        {
            JsonNode? person = await PersonAsync(visitor);
            Dictionary<string, int> shown =
                person
                    ?["interactions"]!.AsArray()
                    .Select(done => (string?)done!["eventId"])
                    .OfType<string>()
                    .CountBy(id => id)
                    .ToDictionary()
                ?? [];
            foreach (
                int times in visitors.ViewsOf(visitor).Select(id => shown.GetValueOrDefault(id))
            )
            {
                Interlocked.Add(ref lost, times == 0 ? 1 : 0);
                Interlocked.Add(ref doubled, Math.Max(0, times - 1));
            }

            string browser = visitors.BrowserOf(visitor);
            string own = SubjectIds.IndividualOf(new LinkKey("web", "anonymous", browser));
            string?[] found =
            [
                IdIn(await ContextAsync("anonymousId", browser)),
                IdIn(await ContextAsync("individual", own)),
            ];
            if (found[0] != IdIn(person) || (found[1] is { } former && former != found[0]))
            {
                Interlocked.Increment(ref elsewhere);
                Note.Write($"Visitor {browser} is {found[0]} and {found[1]}, not {IdIn(person)}.");
            }
        });
        return new VisitorCheck(lost, doubled, elsewhere);
    }

    /// <summary>Demands that every event sent was counted, and that what became of them adds up.</summary>
    /// <param name="distinct">Events sent, copies not counted.</param>
    /// <param name="refused">Of them, those that no stream takes; copies of those do count.</param>
    /// <returns>Events received, and those of them that had been received before.</returns>
    /// <exception cref="InvalidOperationException">The counts are wrong.</exception>
    public async Task<(long Received, long Duplicates)> DemandCountsAsync(
        long distinct,
        long refused
    )
    {
        JsonNode totals = (await http.GetFromJsonAsync<JsonNode>("/v1/status"))!["totals"]!;
        long received = Of("received");
        long duplicates = Of("duplicate");
        long fates =
            Of("applied") + duplicates + Of("filtered") + Of("suppressed") + Of("quarantined");
        if (
            received != fates
            || received - duplicates != distinct + refused
            || Of("quarantined") != refused
        )
        {
            throw new InvalidOperationException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Sent were {distinct} events and {refused} invalid ones; counted are {totals}"
                )
            );
        }

        return (received, duplicates);

        long Of(string name) => (long?)totals[name] ?? 0;
    }

    /// <summary>Demands that all that is served is what the log says.</summary>
    /// <returns>Links compared.</returns>
    /// <exception cref="InvalidOperationException">Something is not.</exception>
    public async Task<long> DemandVerifiedAsync()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/verify");
        using HttpResponseMessage answer = await http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead
        );
        answer.EnsureSuccessStatusCode();
        using StreamReader lines = new(await answer.Content.ReadAsStreamAsync());
        JsonNode? last = null;
        while (await lines.ReadLineAsync() is { } line)
        {
            last = JsonNode.Parse(line)!;
            if (last["difference"] is { } difference)
            {
                Note.Write($"Differs from the log: {difference.ToJsonString()}");
            }
        }

        return
            last is not null
            && (bool)last["ended"]!
            && (long)last["differences"]! + (long)last["notCompared"]! == 0
            && last["countsNotCompared"] is null
            ? (long)last["links"]!
            : throw new InvalidOperationException(
                $"What is served is not what the log says: {last?.ToJsonString()}"
            );
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static string? IdIn(JsonNode? context) => (string?)context?["id"];

    private Task EachAsync(Func<int, Task> look) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, visitors.Count),
            new ParallelOptions { MaxDegreeOfParallelism = RequestsMax },
            async (visitor, _) => await look(visitor)
        );

    private Task<JsonNode?> PersonAsync(int visitor) =>
        ContextAsync("userId", RecordWriter.UserOf(visitors.PersonOf(visitor)));

    /// <summary>Asks, and asks again while the gateway says that it is too busy to answer.</summary>
    private async Task<JsonNode?> ContextAsync(string type, string value)
    {
        for (int asked = 1; ; asked++)
        {
            using HttpResponseMessage answer = await http.GetAsync($"/v1/context/{type}/{value}");
            if (answer.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || asked == AttemptsMax)
            {
                return await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonNode>();
            }

            Interlocked.Increment(ref askedAgain);
            await Task.Delay(BusyPause);
        }
    }
}

/// <summary>What the gate found.</summary>
/// <param name="Lost">Views that their person does not show.</param>
/// <param name="Doubled">Views shown once too often, each time.</param>
/// <param name="Elsewhere">Visitors who are somebody else than who they signed in as.</param>
internal sealed record VisitorCheck(int Lost, int Doubled, int Elsewhere);
