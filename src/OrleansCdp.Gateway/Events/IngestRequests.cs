using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>
/// How many requests that bring events are taken in at once. A few more wait for their turn without their bodies being
/// read; the rest is told to come back, so that a rush of senders costs neither memory nor those who only read.
/// </summary>
/// <remarks>
/// One plain limiter. The rate limits of ASP.NET Core partition theirs, and look after the partitions ten times a
/// second however idle the gateway is.
/// </remarks>
internal sealed class IngestRequests : IMiddleware, IDisposable
{
    private readonly GatewayOptions options;
    private readonly KeysInBodies unkeyed;
    private readonly ConcurrencyLimiter limiter;
    private readonly Meter meter;

    public IngestRequests(
        IOptions<GatewayOptions> options,
        KeysInBodies unkeyed,
        IMeterFactory meters
    )
    {
        this.options = options.Value;
        this.unkeyed = unkeyed;
        limiter = new ConcurrencyLimiter(
            new ConcurrencyLimiterOptions
            {
                PermitLimit = this.options.IngestRequestsMax,
                QueueLimit = this.options.IngestRequestsWaitingMax,
                QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
            }
        );
        meter = meters.Create("OrleansCdp");
        Observe();
    }

    private RateLimiterStatistics Statistics => limiter.GetStatistics()!;

    /// <inheritdoc/>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<IngestAddress>() is null)
        {
            await next(context);
            return;
        }

        if (KeyCheck.IsKnown(context))
        {
            using RateLimitLease place = await limiter.AcquireAsync(1, context.RequestAborted);
            await (place.IsAcquired ? next(context) : RefuseAsync(context));
            return;
        }

        await TakeUnkeyedAsync(context, next);
    }

    /// <summary>Its body waits in memory for a place, so until then it counts as one of the few that are read.</summary>
    private async Task TakeUnkeyedAsync(HttpContext context, RequestDelegate next)
    {
        using RateLimitLease before = await unkeyed.AcquireAsync(context.RequestAborted);
        if (!before.IsAcquired)
        {
            await RefuseAsync(context);
            return;
        }

        using JsonDocument body = await unkeyed.ReadAsync(context);
        using RateLimitLease place = await limiter.AcquireAsync(1, context.RequestAborted);
        before.Dispose();
        if (!place.IsAcquired)
        {
            await RefuseAsync(context);
            return;
        }

        context.Items[typeof(JsonDocument)] = body;
        await next(context);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        limiter.Dispose();
        meter.Dispose();
    }

    private void Observe()
    {
        meter.CreateObservableUpDownCounter(
            "cdp.ingest.active_requests",
            () => options.IngestRequestsMax - Statistics.CurrentAvailablePermits,
            "{request}",
            "Requests that bring events and are being taken in."
        );
        meter.CreateObservableUpDownCounter(
            "cdp.ingest.unkeyed_requests",
            () => unkeyed.Inside,
            "{request}",
            "Requests without a key in their header, whose bodies are read to find one."
        );
        meter.CreateObservableUpDownCounter(
            "cdp.ingest.queued_requests",
            () => Statistics.CurrentQueuedCount + unkeyed.Statistics.CurrentQueuedCount,
            "{request}",
            "Requests that bring events and wait for their turn."
        );
        meter.CreateObservableCounter(
            "cdp.ingest.refused_requests",
            () => Statistics.TotalFailedLeases + unkeyed.Statistics.TotalFailedLeases,
            "{request}",
            "Requests that bring events and were told to come back."
        );
    }

    private Task RefuseAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers["RateLimit-Limit"] = Text(options.IngestRequestsMax);
        headers["RateLimit-Remaining"] = Text(0);
        headers["RateLimit-Reset"] = Text(options.RetryAfterSeconds);
        return new Problem(
            StatusCodes.Status429TooManyRequests,
            "too_many_requests",
            "As many requests as may be are being taken in. Nothing of this one was: send it again."
        )
        {
            RetryAfter = options.RetryAfterSeconds,
        }.ExecuteAsync(context);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Marks the addresses where events come in.</summary>
internal sealed record IngestAddress;

/// <summary>Marks an address.</summary>
internal static class IngestAddresses
{
    /// <summary>Makes an address one of those that share <see cref="GatewayOptions.IngestRequestsMax"/>.</summary>
    public static RouteHandlerBuilder SharesIngestLimit(this RouteHandlerBuilder route) =>
        route
            .WithMetadata(new IngestAddress())
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
}
