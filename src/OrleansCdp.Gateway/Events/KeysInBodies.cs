using System.Text.Json;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>
/// Requests that show their key in their body, as the tracking API has it. Their bodies are read before they take a
/// place among <see cref="IngestRequests"/>, a few at once and not for long: so whoever has no key keeps nobody out
/// who has one.
/// </summary>
internal sealed class KeysInBodies : IDisposable
{
    private readonly KeyRing keys;
    private readonly TimeProvider clock;
    private readonly TimeSpan timeMax;
    private readonly int requestsMax;
    private readonly ConcurrencyLimiter limiter;

    public KeysInBodies(KeyRing keys, IOptions<GatewayOptions> options, TimeProvider clock)
    {
        this.keys = keys;
        this.clock = clock;
        timeMax = options.Value.UnkeyedBodyTimeMax;
        requestsMax = options.Value.UnkeyedRequestsMax;
        limiter = new ConcurrencyLimiter(
            new ConcurrencyLimiterOptions
            {
                PermitLimit = requestsMax,
                QueueLimit = options.Value.IngestRequestsWaitingMax,
                QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
            }
        );
    }

    /// <summary>How many have a place, wait for one, or found none.</summary>
    public RateLimiterStatistics Statistics => limiter.GetStatistics()!;

    /// <summary>How many have a place.</summary>
    public long Inside => requestsMax - Statistics.CurrentAvailablePermits;

    /// <summary>Asks for a place; to be given back once the request has one where events come in.</summary>
    public ValueTask<RateLimitLease> AcquireAsync(CancellationToken cancel) =>
        limiter.AcquireAsync(1, cancel);

    /// <summary>Reads a request's body and knows its key from then on.</summary>
    /// <returns>The body.</returns>
    /// <exception cref="ProblemException">It names no valid key, cannot be read, or took too long.</exception>
    public async Task<JsonDocument> ReadAsync(HttpContext http)
    {
        using CancellationTokenSource late = new(timeMax, clock);
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(
            late.Token,
            http.RequestAborted
        );
        JsonDocument body;
        try
        {
            body = await TrackingIntake.ReadAsync(http.Request, enough.Token);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw new ProblemException(
                new Problem(
                    StatusCodes.Status408RequestTimeout,
                    "request_timeout",
                    $"Without a key in its header a request has {timeMax.TotalSeconds} seconds to send its body."
                )
            );
        }

        try
        {
            KeyCheck.Show(http, keys, RawJson.TextOf(body.RootElement, "writeKey"u8));
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => limiter.Dispose();
}
