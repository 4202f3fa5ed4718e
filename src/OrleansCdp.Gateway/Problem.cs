using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace OrleansCdp;

/// <summary>One thing wrong with the input.</summary>
/// <param name="Pointer">JSON pointer (RFC 6901), or the path within a definition.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Line">Line, from 1; null when meaningless.</param>
/// <param name="Column">Column, from 1; null when meaningless.</param>
public sealed record ProblemError(
    string Pointer,
    string Message,
    int? Line = null,
    int? Column = null
);

/// <summary>An error as RFC 9457 problem details with a stable code.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable code for programs.</param>
/// <param name="Detail">What is wrong, for people.</param>
public sealed record Problem(int Status, string Code, string Detail) : IResult
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>What exactly is wrong with the input.</summary>
    public IReadOnlyList<ProblemError>? Errors { get; init; }

    /// <summary>Identifiers that a too vague request could mean.</summary>
    public IReadOnlyList<string>? Candidates { get; init; }

    /// <summary>Seconds after which to try again.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The request makes no sense.</summary>
    public static Problem BadRequest(string code, string detail) => new(400, code, detail);

    /// <summary>A page that no list has.</summary>
    public static Problem BadCursor() =>
        BadRequest("bad_cursor", "This is no cursor of this list.");

    /// <summary>There is no such thing.</summary>
    public static Problem NotFound(string code, string detail) => new(404, code, detail);

    /// <summary>There is too much of it.</summary>
    public static Problem TooLarge(string code, string detail) => new(413, code, detail);

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        HttpResponse response = httpContext.Response;
        response.StatusCode = Status;
        if (RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(provider: null);
        }

        return response.WriteAsJsonAsync(
            new
            {
                type = "about:blank",
                title = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(Status),
                status = Status,
                code = Code,
                detail = Detail,
                errors = Errors,
                candidates = Candidates,
            },
            Json,
            "application/problem+json"
        );
    }
}

/// <summary>Ends a request with a problem from wherever it is noticed.</summary>
public sealed class ProblemException(Problem problem) : Exception(problem.Detail)
{
    /// <summary>The answer.</summary>
    public Problem Problem { get; } = problem;
}
