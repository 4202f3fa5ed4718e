using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace OrleansCdp;

/// <summary>
/// The HTTP API. A gateway that is away or says 503 is asked again in growing pauses, and one that says 429 as often and
/// as late as it wants to be: everything this tool sends counts once, however often it is sent.
/// </summary>
internal sealed class CdpApi : IDisposable
{
    /// <summary>How long a gateway that is away is asked again, where nothing else is said: ten minutes.</summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(20);

    /// <summary>How long an answer may take beyond the patience, the waiting for a busy gateway included.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromMinutes(5);

    private readonly HttpClient http;

    /// <summary>The API at an address.</summary>
    /// <param name="address">Of the gateway.</param>
    /// <param name="key">The key to ask with.</param>
    /// <param name="patience">About how long a gateway that is away is asked again.</param>
    /// <param name="sayAway">Told once per request that the gateway is away and why; null for nobody.</param>
    public CdpApi(Uri address, string key, TimeSpan patience, Action<string>? sayAway = null)
    {
        Address = address;
        Patience = patience;
        ResiliencePipelineBuilder<HttpResponseMessage> pipeline = new();
        if (AttemptsWithin(patience) is > 0 and int attempts)
        {
            pipeline.AddRetry(
                new HttpRetryStrategyOptions
                {
                    ShouldHandle = retry => ValueTask.FromResult(IsBusy(retry.Outcome)),
                    MaxRetryAttempts = int.MaxValue, // The client's timeout ends it.
                    MaxDelay = PauseMax,
                    BackoffType = DelayBackoffType.Exponential,
                    Delay = FirstPause,
                }
            );
            pipeline.AddRetry(
                new HttpRetryStrategyOptions
                {
                    ShouldHandle = retry =>
                        ValueTask.FromResult(
                            HttpClientResiliencePredicates.IsTransient(retry.Outcome)
                                && !IsBusy(retry.Outcome)
                        ),
                    MaxRetryAttempts = attempts,
                    MaxDelay = PauseMax,
                    BackoffType = DelayBackoffType.Exponential,
                    Delay = FirstPause,
                    OnRetry = retry =>
                    {
                        if (retry.AttemptNumber == 0)
                        {
                            sayAway?.Invoke(WhyAway(address, retry.Outcome));
                        }

                        return default;
                    },
                }
            );
        }

#pragma warning disable CA2000 // The client disposes its handlers.
        http = new HttpClient(
            new ResilienceHandler(pipeline.Build()) { InnerHandler = new SocketsHttpHandler() }
        )
        {
            BaseAddress = address,
            Timeout = patience + AnswerWithin,
        };
#pragma warning restore CA2000
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Where the gateway is.</summary>
    public Uri Address { get; }

    /// <summary>About how long a gateway that is away is asked again.</summary>
    public TimeSpan Patience { get; }

    /// <summary>Sends a body and reads the answer.</summary>
    /// <exception cref="CommandFailedException">The gateway refused.</exception>
    public async Task<JsonObject> SendAsync(
        HttpMethod method,
        string path,
        byte[] body,
        string mediaType,
        CancellationToken cancel
    )
    {
        (HttpStatusCode status, JsonObject answer) = await TrySendAsync(
            method,
            path,
            body,
            mediaType,
            cancel
        );
        return (int)status < 300 ? answer : throw Refused(path, status, answer);
    }

    /// <summary>Sends a body and reads the answer, whatever its status.</summary>
    public async Task<(HttpStatusCode Status, JsonObject Answer)> TrySendAsync(
        HttpMethod method,
        string path,
        byte[] body,
        string mediaType,
        CancellationToken cancel
    )
    {
        using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative));
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return await ReadAsync(request, cancel);
    }

    /// <summary>Reads a resource.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="CommandFailedException">The gateway refused.</exception>
    public async Task<JsonObject?> GetAsync(string path, CancellationToken cancel)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(path, UriKind.Relative));
        (HttpStatusCode status, JsonObject answer) = await ReadAsync(request, cancel);
        return status switch
        {
            HttpStatusCode.NotFound => null,
            < (HttpStatusCode)300 => answer,
            _ => throw Refused(path, status, answer),
        };
    }

    /// <summary>Posts nothing and reads the answer line by line, as it comes.</summary>
    /// <exception cref="CommandFailedException">The gateway refused.</exception>
    /// <exception cref="HttpRequestException">It broke off.</exception>
    public async IAsyncEnumerable<JsonObject> LinesAsync(
        string path,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(path, UriKind.Relative));
        using HttpResponseMessage response = await http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            cancel
        );
        if (!response.IsSuccessStatusCode)
        {
            byte[] problem = await response.Content.ReadAsByteArrayAsync(cancel);
            throw Refused(path, response.StatusCode, Parse(problem));
        }

        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(cancel));
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            yield return Parse(Encoding.UTF8.GetBytes(line));
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<(HttpStatusCode, JsonObject)> ReadAsync(
        HttpRequestMessage request,
        CancellationToken cancel
    )
    {
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, cancel);
            byte[] text = await response.Content.ReadAsByteArrayAsync(cancel);
            bool isJson =
                response.Content.Headers.ContentType?.MediaType is { } type
                && type.EndsWith("json", StringComparison.OrdinalIgnoreCase);
            return (response.StatusCode, isJson ? Parse(text) : []);
        }
        catch (HttpRequestException e)
        {
            throw new CommandFailedException($"{Address} does not answer: {e.Message}.");
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            throw new CommandFailedException($"{Address} does not answer in time.");
        }
    }

    private JsonObject Parse(byte[] text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? [];
        }
        catch (JsonException)
        {
            throw new CommandFailedException($"{Address} does not answer as OrleansCdp does.");
        }
    }

    /// <summary>How many retries last about that long.</summary>
    private static int AttemptsWithin(TimeSpan patience)
    {
        int attempts = 0;
        TimeSpan pause = FirstPause;
        for (TimeSpan waited = pause; waited <= patience; waited += pause)
        {
            attempts++;
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, PauseMax.Ticks));
        }

        return attempts;
    }

    private static bool IsBusy(Outcome<HttpResponseMessage> outcome) =>
        outcome.Result?.StatusCode == HttpStatusCode.TooManyRequests;

    private static string WhyAway(Uri address, Outcome<HttpResponseMessage> outcome) =>
        outcome.Exception is { } e
            ? $"{address} does not answer: {e.Message}."
            : $"{address} answers with {(int)outcome.Result!.StatusCode}.";

    private static CommandFailedException Refused(
        string path,
        HttpStatusCode status,
        JsonObject problem
    ) =>
        new(
            problem["detail"] is { } detail
                ? $"{path} was answered with {(int)status} {problem["code"]}: {detail}"
                : $"{path} was answered with {(int)status} {status}.",
            (string?)problem["code"]
        );
}
