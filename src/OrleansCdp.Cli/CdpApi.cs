using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace OrleansCdp;

/// <summary>
/// The HTTP API. A gateway that is away or says 429 or 503 is asked again, as long as it says or in growing pauses,
/// for about ten minutes: everything this tool sends counts once, however often it is sent.
/// </summary>
internal sealed class CdpApi : IDisposable
{
    private const int RetriesMax = 40;
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(20);
    private readonly HttpClient http;

    public CdpApi(Uri address, string key)
    {
        HttpRetryStrategyOptions retry = new()
        {
            MaxRetryAttempts = RetriesMax,
            MaxDelay = PauseMax,
            BackoffType = DelayBackoffType.Exponential,
            Delay = TimeSpan.FromMilliseconds(200),
        };
#pragma warning disable CA2000 // The client disposes its handlers.
        http = new HttpClient(
            new ResilienceHandler(
                new ResiliencePipelineBuilder<HttpResponseMessage>().AddRetry(retry).Build()
            )
            {
                InnerHandler = new SocketsHttpHandler(),
            }
        )
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromMinutes(15),
        };
#pragma warning restore CA2000
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

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

    public void Dispose() => http.Dispose();

    private async Task<(HttpStatusCode, JsonObject)> ReadAsync(
        HttpRequestMessage request,
        CancellationToken cancel
    )
    {
        using HttpResponseMessage response = await http.SendAsync(request, cancel);
        byte[] text = await response.Content.ReadAsByteArrayAsync(cancel);
        bool isJson =
            response.Content.Headers.ContentType?.MediaType is { } type
            && type.EndsWith("json", StringComparison.OrdinalIgnoreCase);
        JsonObject answer = isJson && text.Length > 0 ? JsonNode.Parse(text)!.AsObject() : [];
        return (response.StatusCode, answer);
    }

    private static CommandFailedException Refused(
        string path,
        HttpStatusCode status,
        JsonObject problem
    ) => new($"{path} was answered with {(int)status} {problem["code"]}: {problem["detail"]}");
}
