using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Merges and their undoing, the history of people, and what stewards have to look at.</summary>
internal static class StewardEndpoints
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/v1/identity/merge", MergeAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .RequireScope(Scopes.Author)
            .WithSummary(
                "Makes two individuals one: {survivor, other, reason}. No rule overturns it; unmerge takes it back."
            );
        routes
            .MapPost("/v1/identity/unmerge", UnmergeAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .RequireScope(Scopes.Author)
            .WithSummary(
                "Takes a merge back: {individual, decision or link, reason}. Both are as if they had never been merged."
            );
    }

    private static async Task<IResult> MergeAsync(
        MergeRequest request,
        HttpContext http,
        IGrainFactory grains
    )
    {
        ProblemError[] errors =
        [
            .. CheckId("/survivor", request.Survivor),
            .. CheckId("/other", request.Other),
            .. CheckReason(request.Reason),
        ];
        if (errors.Length > 0)
        {
            return Invalid(errors);
        }

        StewardAnswer answer = await grains
            .GetGrain<IStewardGrain>(0)
            .MergeAsync(
                new StewardMerge
                {
                    Survivor = request.Survivor!,
                    Other = request.Other!,
                    Reason = request.Reason!,
                    Author = KeyCheck.KeyOf(http).Name,
                }
            );
        return answer.Refusal is { } refusal
            ? Refused(refusal, answer.Staying)
            : Results.Ok(
                new
                {
                    answer.Decision,
                    answer.Survivor,
                    merged = answer.Other,
                    answer.Withdrawn,
                }
            );
    }

    private static async Task<IResult> UnmergeAsync(
        UnmergeRequest request,
        HttpContext http,
        IGrainFactory grains
    )
    {
        LinkKey? link = LinkKey.TryParse(request.Link, out LinkKey parsed) ? parsed : null;
        ProblemError[] errors = [.. Check(request, link), .. CheckReason(request.Reason)];
        if (errors.Length > 0)
        {
            return Invalid(errors);
        }

        StewardAnswer answer = await grains
            .GetGrain<IStewardGrain>(0)
            .UnmergeAsync(
                new StewardUnmerge
                {
                    Individual = request.Individual,
                    Decision = request.Decision,
                    Link = link,
                    Reason = request.Reason!,
                    Author = KeyCheck.KeyOf(http).Name,
                }
            );
        return answer.Refusal is { } refusal
            ? Refused(refusal, answer.Staying)
            : Results.Ok(
                new
                {
                    answer.Decision,
                    answer.Withdrawn,
                    answer.Restored,
                    separated = answer.Other,
                    from = answer.Survivor,
                    stillOne = answer.AreOne,
                    answer.Staying,
                }
            );
    }

    private static IEnumerable<ProblemError> Check(UnmergeRequest request, LinkKey? link)
    {
        int named =
            (request.Individual is null ? 0 : 1)
            + (request.Decision is null ? 0 : 1)
            + (request.Link is null ? 0 : 1);
        if (named != 1)
        {
            yield return new("", "Say exactly one of individual, decision and link.");
        }

        if (request.Link is not null && (link is null || HasNul(request.Link)))
        {
            yield return new("/link", "A link is written source/object/id.");
        }

        if (request.Individual is not null)
        {
            foreach (ProblemError error in CheckId("/individual", request.Individual))
            {
                yield return error;
            }
        }
    }

    private static IEnumerable<ProblemError> CheckId(string pointer, string? id)
    {
        if (!IsId(id))
        {
            yield return new(pointer, "An individual's id is ind_ and 32 hexadecimal digits.");
        }
    }

    private static IEnumerable<ProblemError> CheckReason(string? reason)
    {
        if (
            string.IsNullOrWhiteSpace(reason)
            || reason.Length > IStewardGrain.ReasonMax
            || HasNul(reason)
        )
        {
            yield return new(
                "/reason",
                $"Say why, in at most {IStewardGrain.ReasonMax} characters."
            );
        }
    }

    private static bool HasNul(string text) => text.Contains('\0', StringComparison.Ordinal);

    /// <summary>Whether a text is written as the id of an individual.</summary>
    internal static bool IsId(string? id) =>
        id is { Length: 36 }
        && (SubjectIds.IsIndividual(id) || SubjectIds.IsRecord(id))
        && id.AsSpan(4).IndexOfAnyExcept(HexDigits) < 0;

    private static Problem Invalid(ProblemError[] errors) =>
        Problem.BadRequest("invalid_decision", "The decision cannot be made.") with
        {
            Errors = errors,
        };

    private static Problem Refused(string code, ImmutableArray<StayingLinks> staying)
    {
        Problem refused = Refused(code);
        return staying.IsEmpty
            ? refused
            : refused with
            {
                Detail =
                    $"{refused.Detail} On their way back are still the links of "
                    + string.Join(", ", staying.Select(one => $"{one.Individual} ({one.Reason})"))
                    + ".",
            };
    }

    private static Problem Refused(string code) =>
        code switch
        {
            StewardRefusals.Unknown => Problem.NotFound(code, "There is nobody of that name."),
            StewardRefusals.AlreadyMerged => new(409, code, "They are one individual already."),
            StewardRefusals.NotMerged => new(409, code, "There is nothing to take back."),
            StewardRefusals.OwnAnchor => new(
                409,
                code,
                "The link states the anchor that names its individual: it belongs there."
            ),
            StewardRefusals.LinksMax => new(
                409,
                code,
                $"Together they would have more than {Limits.LinksMax} links."
            ),
            StewardRefusals.MergedMax => new(
                409,
                code,
                $"More than {Limits.MergedMax} individuals would be merged into one."
            ),
            _ => new(409, code, "It cannot be done now; nothing has changed. Try again."),
        };
}

/// <summary>What a merge is asked for with.</summary>
/// <param name="Survivor">Id of the individual that goes on.</param>
/// <param name="Other">Id of the other one.</param>
/// <param name="Reason">Why.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record MergeRequest(string? Survivor, string? Other, string? Reason);

/// <summary>What an unmerge is asked for with: one of the first three, and the reason.</summary>
/// <param name="Individual">Id of an individual that is merged into another one.</param>
/// <param name="Decision">Number of a decision.</param>
/// <param name="Link">A link that is at somebody without an anchor of its own, <c>source/object/id</c>.</param>
/// <param name="Reason">Why.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record UnmergeRequest(
    string? Individual,
    long? Decision,
    string? Link,
    string? Reason
);
