using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace OrleansCdp.Events;

/// <summary>
/// How many requests that bring events are taken in at once. A few more wait for their turn without their bodies being
/// read; the rest is told to come back, so that a rush of senders costs neither memory nor those who only read.
/// </summary>
internal sealed class IngestRequests(IOptions<GatewayOptions> options) : IRateLimiterPolicy<string>
{
    /// <summary>The policy's name, as metrics show it.</summary>
    public const string Policy = "ingest";

    /// <inheritdoc/>
    public Func<OnRejectedContext, CancellationToken, ValueTask> OnRejected => RefuseAsync;

    /// <inheritdoc/>
    public RateLimitPartition<string> GetPartition(HttpContext httpContext) =>
        RateLimitPartition.GetConcurrencyLimiter(
            Policy,
            _ => new ConcurrencyLimiterOptions
            {
                PermitLimit = options.Value.IngestRequestsMax,
                QueueLimit = options.Value.IngestRequestsWaitingMax,
                QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
            }
        );

    private async ValueTask RefuseAsync(OnRejectedContext rejected, CancellationToken cancel)
    {
        int seconds = options.Value.RetryAfterSeconds;
        IHeaderDictionary headers = rejected.HttpContext.Response.Headers;
        headers["RateLimit-Limit"] = Text(options.Value.IngestRequestsMax);
        headers["RateLimit-Remaining"] = Text(0);
        headers["RateLimit-Reset"] = Text(seconds);
        await new Problem(
            StatusCodes.Status429TooManyRequests,
            "too_many_requests",
            "As many requests as may be are being taken in. Nothing of this one was: send it again."
        )
        {
            RetryAfter = seconds,
        }.ExecuteAsync(rejected.HttpContext);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Marks the addresses where events come in.</summary>
internal static class IngestAddress
{
    /// <summary>Makes an address one of those that share <see cref="GatewayOptions.IngestRequestsMax"/>.</summary>
    public static RouteHandlerBuilder SharesIngestLimit(this RouteHandlerBuilder route) =>
        route
            .RequireRateLimiting(IngestRequests.Policy)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
}
