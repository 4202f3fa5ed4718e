using System.Net;
using System.Net.Http.Headers;

namespace OrleansCdp.Events;

/// <summary>Records over HTTP: lines of JSON per stream, or the site's as batches of the tracking API.</summary>
/// <param name="address">The gateway.</param>
/// <param name="tracking">Whether the site's messages go as tracking batches.</param>
/// <param name="atOnce">Whether what the gateway acknowledged is applied, and it has no contexts.</param>
internal sealed class HttpTarget(Uri address, bool tracking, bool atOnce = false) : IEventTarget
{
    private static readonly byte[] BatchStart = "{\"batch\":["u8.ToArray();
    private static readonly byte[] BatchEnd = "]}"u8.ToArray();
    private readonly ContextProbe probe = new(address, atOnce);

    private readonly HttpClient http = new()
    {
        BaseAddress = address,
        DefaultRequestHeaders =
        {
            Authorization = new AuthenticationHeaderValue("Bearer", HostProcess.AdminKey),
        },
    };

    /// <inheritdoc/>
    public Task SendAsync(IReadOnlyList<EventLine> lines) =>
        Task.WhenAll(
            lines
                .GroupBy(line => line.Stream)
                .SelectMany(stream =>
                    tracking && stream.Key == 0
                        ? Bodies(stream, BatchStart, (byte)',', BatchEnd, Limits.BatchBytesMax)
                            .Select(body => PostAsync("/v1/batch", body, "application/json"))
                        : Bodies(stream, [], (byte)'\n', [], Limits.StreamBodyBytesMax)
                            .Select(body =>
                                PostAsync(
                                    $"/v1/streams/{RecordWriter.Streams[stream.Key]}",
                                    body,
                                    "application/x-ndjson"
                                )
                            )
                )
        );

    /// <inheritdoc/>
    public async Task<ProbeTimes?> ProbeAsync(int person, long number) =>
        await probe.MeasureAsync(person, number, line => SendAsync([line]));

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        probe.Dispose();
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static IEnumerable<byte[]> Bodies(
        IEnumerable<EventLine> lines,
        byte[] start,
        byte separator,
        byte[] end,
        int bytesMax
    )
    {
        using MemoryStream body = new();
        int items = 0;
        foreach (EventLine line in lines)
        {
            bool full =
                body.Length + line.Json.Length + end.Length + 1 > bytesMax
                || items == Limits.BatchItemsMax;
            if (items > 0 && full)
            {
                body.Write(end);
                yield return body.ToArray();
                body.SetLength(0);
                items = 0;
            }

            if (items++ == 0)
            {
                body.Write(start);
            }
            else
            {
                body.WriteByte(separator);
            }

            body.Write(line.Json.Span);
        }

        if (items > 0)
        {
            body.Write(end);
            yield return body.ToArray();
        }
    }

    private async Task PostAsync(string path, byte[] body, string mediaType)
    {
        while (await TryPostAsync(path, body, mediaType) is { } wait)
        {
            await Task.Delay(wait);
        }
    }

    /// <returns>How long to wait before the same is sent again; null once it is taken.</returns>
    private async Task<TimeSpan?> TryPostAsync(string path, byte[] body, string mediaType)
    {
        using ByteArrayContent content = new(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        using HttpResponseMessage answer = await http.PostAsync(path, content);
        if (answer.IsSuccessStatusCode)
        {
            return null;
        }

        if (answer.StatusCode == HttpStatusCode.TooManyRequests)
        {
            return answer.Headers.RetryAfter!.Delta;
        }

        string text = await answer.Content.ReadAsStringAsync();
        throw new HttpRequestException($"{path} answered {(int)answer.StatusCode}: {text}");
    }
}
