using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>Turns what goes wrong into problem details; trouble of ours that will pass into 503.</summary>
internal sealed partial class ProblemMiddleware(
    RequestDelegate next,
    IOptions<GatewayOptions> options,
    ILogger<ProblemMiddleware> logger
)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, StatusCode: 404 or 405 or 415 } answer)
            {
                await OfStatus(answer.StatusCode).ExecuteAsync(http);
            }
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            if (e is OperationCanceledException && http.RequestAborted.IsCancellationRequested)
            {
                return; // Nobody is listening any more.
            }

            await OfException(http, e).ExecuteAsync(http);
        }
    }

    private Problem OfException(HttpContext http, Exception e)
    {
        switch (e)
        {
            case ProblemException problem:
                return problem.Problem;
            case BadHttpRequestException bad:
                return new Problem(
                    bad.StatusCode,
                    bad.StatusCode == 413 ? "body_too_large" : ReasonCodes.Malformed,
                    bad.Message
                );
            case var _ when IsPassing(e):
                LogUnavailable(http.Request.Path, e);
                return new Problem(
                    503,
                    "unavailable",
                    "Nothing was acknowledged. Send the same again later; what went in counts once."
                )
                {
                    RetryAfter = options.Value.RetryAfterSeconds,
                };
            default:
                LogFailed(http.Request.Path, e);
                return new Problem(500, "internal", "An error of ours; it has been logged.");
        }
    }

    /// <summary>Whether the trouble is the database's or the cluster's, and not the request's.</summary>
    private static bool IsPassing(Exception e) =>
        e
            is LogUnavailableException
                or TimeoutException
                or OrleansException
                or SocketException
                or IOException
                or System.Data.Common.DbException
        || (e is AggregateException many && many.InnerExceptions.All(IsPassing))
        || (e.InnerException is { } inner && IsPassing(inner));

    private static Problem OfStatus(int status) =>
        status switch
        {
            405 => new Problem(
                405,
                "method_not_allowed",
                "This address does not take this method."
            ),
            415 => new Problem(415, "unsupported_media_type", "This media type is not taken here."),
            _ => new Problem(404, "not_found", "There is nothing at this address."),
        };

    [LoggerMessage(
        LogEvents.RequestUnavailable,
        LogLevel.Warning,
        "{Path} is answered with 503: the database or the cluster is away"
    )]
    private partial void LogUnavailable(string path, Exception exception);

    [LoggerMessage(LogEvents.RequestFailed, LogLevel.Error, "{Path} failed")]
    private partial void LogFailed(string path, Exception exception);
}
