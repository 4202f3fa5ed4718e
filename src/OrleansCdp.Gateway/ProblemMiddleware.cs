using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>Turns what goes wrong into problem details; trouble of ours that will pass into 503.</summary>
/// <remarks>
/// What is no HTTP at all (a request line or headers that cannot be read, are too long or too late) is refused by the
/// server before anything of ours runs: those answers, 400, 408, 431 and 505, have no body.
/// </remarks>
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
            if (IsBareRefusal(http.Response))
            {
                await OfStatus(http.Response.StatusCode).ExecuteAsync(http);
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

    /// <summary>Whether somebody refused and said nothing but the status.</summary>
    private static bool IsBareRefusal(HttpResponse response) =>
        response
            is {
                HasStarted: false,
                StatusCode: >= StatusCodes.Status400BadRequest,
                ContentType: null,
                ContentLength: null or 0
            };

    private Problem OfException(HttpContext http, Exception e)
    {
        switch (e)
        {
            case ProblemException problem:
                return problem.Problem;
            case BadHttpRequestException bad:
                return OfBadRequest(bad);
            case StateCorruptException corrupt: // Logged once where it was found.
                return new Problem(500, ReasonCodes.StateCorrupt, corrupt.Message);
            case LogBehindException behind:
                return OfBehind(http.Response, behind);
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

    /// <summary>Not a word of it in the log: there may be thousands, and the partition's status says it.</summary>
    private static Problem OfBehind(HttpResponse response, LogBehindException behind)
    {
        int seconds = Math.Max(1, (int)Math.Ceiling(behind.RetryAfter.TotalSeconds));
        response.Headers["RateLimit-Limit"] = behind.LagMax.ToString(provider: null);
        response.Headers["RateLimit-Remaining"] = "0";
        response.Headers["RateLimit-Reset"] = seconds.ToString(provider: null);
        return new Problem(
            StatusCodes.Status429TooManyRequests,
            "behind",
            "Events come faster than they are applied. Send the same again later; what went in counts once."
        )
        {
            RetryAfter = seconds,
        };
    }

    private static Problem OfBadRequest(BadHttpRequestException bad) =>
        bad switch
        {
            { StatusCode: 415 or 408 } => OfStatus(bad.StatusCode),
            { StatusCode: 413 } => OfStatus(413) with { Detail = bad.Message },
            { InnerException: JsonException json } => Problem.BadRequest(
                ReasonCodes.Malformed,
                "The body is not the JSON that is expected here."
            ) with
            {
                Errors = [new ProblemError(PointerOf(json), "This value is not what it must be.")],
            },
            _ when UnreadParameter().Match(bad.Message) is { Success: true } unread => new Problem(
                bad.StatusCode,
                ReasonCodes.Malformed,
                $"The parameter {unread.Groups["name"].Value} cannot be read from this value."
            ),
            _ => new Problem(bad.StatusCode, ReasonCodes.Malformed, bad.Message),
        };

    // The server's words for a parameter that is no number, date or the like name types of the program.
    [GeneratedRegex(
        "^Failed to bind parameter \"\\S+ (?<name>\\w+)\" from ",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1_000
    )]
    private static partial Regex UnreadParameter();

    /// <summary>The parser's path <c>$.scopes[0]</c> as a JSON pointer.</summary>
    private static string PointerOf(JsonException json) =>
        (json.Path ?? "$")[1..]
            .Replace('.', '/')
            .Replace('[', '/')
            .Replace("]", "", StringComparison.Ordinal);

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
            400 => Problem.BadRequest(ReasonCodes.Malformed, "The request cannot be read."),
            404 => Problem.NotFound("not_found", "There is nothing at this address."),
            405 => new Problem(
                405,
                "method_not_allowed",
                "This address does not take this method."
            ),
            408 => new Problem(408, "request_timeout", "The body came too slowly."),
            413 => Problem.TooLarge("body_too_large", "The body is too large."),
            415 => new Problem(415, "unsupported_media_type", "This media type is not taken here."),
            _ => new Problem(status, CodeOf(status), "The request was refused."),
        };

    /// <summary>The status in the words of RFC 9110, e.g. <c>not_acceptable</c>.</summary>
    private static string CodeOf(int status) =>
        ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } phrase
            ? phrase.ToLowerInvariant().Replace(' ', '_').Replace('-', '_')
            : "refused";

    [LoggerMessage(
        LogEvents.RequestUnavailable,
        LogLevel.Warning,
        "{Path} is answered with 503: the database or the cluster is away"
    )]
    private partial void LogUnavailable(string path, Exception exception);

    [LoggerMessage(LogEvents.RequestFailed, LogLevel.Error, "{Path} failed")]
    private partial void LogFailed(string path, Exception exception);
}
