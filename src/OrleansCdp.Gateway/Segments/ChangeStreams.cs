using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansCdp.Segments;

/// <summary>
/// Entries and exits as server-sent events (WHATWG HTML, 9.2), for as long as somebody listens. Whoever comes back with the id of the
/// last event misses none and gets none twice.
/// </summary>
internal sealed class ChangeStreams(
    IGrainFactory grains,
    IOptions<GatewayOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider clock
)
{
    private const int PageMax = 500;
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan HeartbeatPeriod = TimeSpan.FromSeconds(15);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private int open;

    /// <summary>Sends what comes after a position, until the client leaves or the gateway stops.</summary>
    /// <param name="http">The request.</param>
    /// <param name="segment">Only those of a segment; null for all.</param>
    /// <param name="after">The position; null for the end there is now.</param>
    /// <exception cref="ProblemException">
    /// The position is none (400), some after it are kept no more (410), or <see cref="GatewayOptions.ChangeStreamsMax"/> streams
    /// are open (429).
    /// </exception>
    public async Task SendAsync(HttpContext http, string? segment, string? after)
    {
        try
        {
            if (Interlocked.Increment(ref open) > options.Value.ChangeStreamsMax)
            {
                throw TooMany();
            }

            using var ended = CancellationTokenSource.CreateLinkedTokenSource(
                http.RequestAborted,
                lifetime.ApplicationStopping
            );
            await SendAsync(http.Response, segment, after, ended.Token);
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }

    private async Task SendAsync(
        HttpResponse response,
        string? segment,
        string? after,
        CancellationToken ended
    )
    {
        var list = grains.GetGrain<IMembershipListGrain>(0);
        string position = after ?? await list.GetEndAsync();
        ChangePage page = await PageAsync();
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold events back
        try
        {
            // So that whoever leaves before the first event knows where to go on.
            await response.WriteAsync($"id: {position}\n\n", ended);
            await response.Body.FlushAsync(ended);
            DateTimeOffset spoken = clock.GetUtcNow();
            while (true)
            {
                foreach (FollowedChange change in page.Changes)
                {
                    await response.WriteAsync(TextOf(change), ended);
                }

                position = page.Next;
                DateTimeOffset now = clock.GetUtcNow();
                if (page.Changes.IsEmpty && now - spoken >= HeartbeatPeriod)
                {
                    await response.WriteAsync(":\n\n", ended);
                    spoken = now;
                }

                spoken = page.Changes.IsEmpty ? spoken : now;
                await response.Body.FlushAsync(ended);
                if (page.Changes.Length < PageMax)
                {
                    await Task.Delay(PollPeriod, clock, ended);
                }

                page = await PageAsync();
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client left, or the gateway stops: the client comes back with the last id it got.
        }

        Task<ChangePage> PageAsync() => ChangeEndpoints.PageAsync(list, segment, position, PageMax);
    }

    private static string TextOf(FollowedChange change) =>
        $"id: {change.Position}\nevent: {MembershipView.KindOf(change.Change)}\n"
        + $"data: {JsonSerializer.Serialize(MembershipView.Of(change), Json)}\n\n";

    private ProblemException TooMany() =>
        new(
            new Problem(
                StatusCodes.Status429TooManyRequests,
                "too_many_streams",
                $"{options.Value.ChangeStreamsMax} clients follow segments here already."
            )
            {
                RetryAfter = options.Value.RetryAfterSeconds,
            }
        );
}
