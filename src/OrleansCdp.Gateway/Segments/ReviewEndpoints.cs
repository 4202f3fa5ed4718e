using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>Versions of segments and their review: nothing decides who is a member before another person approved it.</summary>
internal static class ReviewEndpoints
{
    private static readonly (
        string Path,
        ReviewStepKind Kind,
        string Scope,
        string Summary
    )[] Steps =
    [
        (
            "submit",
            ReviewStepKind.Submit,
            Scopes.Author,
            "Asks for the review of a draft; what it measures is computed from now on."
        ),
        (
            "approve",
            ReviewStepKind.Approve,
            Scopes.Approve,
            "Finds a submitted version right; not by whoever wrote or submitted it."
        ),
        (
            "reject",
            ReviewStepKind.Reject,
            Scopes.Approve,
            "Finds a submitted or approved version wrong: {reason}."
        ),
        (
            "activate",
            ReviewStepKind.Activate,
            Scopes.Approve,
            "Makes an approved and previewed version the one that decides; 409 stale_version if another one became active since it "
                + "was written, confirmation_needed where so many move that {confirmMoves} has to say how many."
        ),
        (
            "rollback",
            ReviewStepKind.Rollback,
            Scopes.Approve,
            "Takes the active version back: {reason}. The one before it decides again; without one nobody is a member."
        ),
    ];

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (path, kind, scope, summary) in Steps)
        {
            routes
                .MapPost(
                    $"/v1/definitions/segment/{{name}}/versions/{{version}}/{path}",
                    (
                        string name,
                        int version,
                        ReviewBody? body,
                        HttpContext http,
                        IGrainFactory grains,
                        DefinitionCatalogue catalogue
                    ) => TakeAsync(name, version, kind, body, http, grains, catalogue)
                )
                .ProducesProblem(StatusCodes.Status400BadRequest)
                .ProducesProblem(StatusCodes.Status404NotFound)
                .ProducesProblem(StatusCodes.Status409Conflict)
                .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
                .RequireScope(scope)
                .WithSummary(summary);
        }

        routes
            .MapDelete("/v1/definitions/segment/{name}", RetireAsync)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .RequireScope(Scopes.Approve)
            .WithSummary(
                "Retires a segment (?reason=): everybody leaves it. Its versions stay; 409 in_use where another asks for it."
            );
        routes
            .MapGet("/v1/definitions/segment", ListOpenAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Versions of segments that wait for somebody: drafts, submitted and approved ones, or only those of one ?state."
            );
        routes
            .MapGet("/v1/definitions/segment/{name}/diff", DiffAsync)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Two versions of a segment (?from=&to=; by default the active and the newest), as written and as they mean."
            );
    }

    /// <summary>Writes a version.</summary>
    public static async Task<IResult> DraftAsync(
        string name,
        string text,
        HttpContext http,
        IGrainFactory grains
    )
    {
        ReviewResult result = await grains
            .Definitions()
            .DraftSegmentAsync(name, text, KeyCheck.KeyOf(http).Name);
        return result.Version is { } version
            ? Results.Ok(Shown(version, result.Changed))
            : Refused(result);
    }

    /// <summary>The active version; where there is none the newest.</summary>
    public static async Task<IResult> GetAsync(string name, IGrainFactory grains)
    {
        ImmutableArray<SegmentVersion> versions = await grains
            .Definitions()
            .GetSegmentVersionsAsync(name);
        SegmentVersion? shown = versions.Active() ?? versions.LastOrDefault();
        return shown is null ? Unknown : Results.Ok(Whole(shown));
    }

    /// <summary>All kept versions.</summary>
    public static async Task<IResult> GetVersionsAsync(string name, IGrainFactory grains)
    {
        ImmutableArray<SegmentVersion> versions = await grains
            .Definitions()
            .GetSegmentVersionsAsync(name);
        return versions.IsEmpty ? Unknown : Results.Ok(new { data = versions.Select(Whole) });
    }

    private static async Task<IResult> ListOpenAsync(string? state, IGrainFactory grains)
    {
        string[] open =
        [
            .. Enum.GetValues<ReviewState>().Where(one => one.IsOpen()).Select(NameOf),
        ];
        if (state is not null && !open.Contains(state))
        {
            return Problem.BadRequest("bad_state", $"`state` is {string.Join(", ", open)}.");
        }

        var versions = await grains.Definitions().GetOpenVersionsAsync();
        return Results.Ok(
            new
            {
                data = versions
                    .Where(version => state is null || NameOf(version.State) == state)
                    .Select(version => new
                    {
                        version.Name,
                        version.Version,
                        version.Hash,
                        state = NameOf(version.State),
                        @base = version.Base == 0 ? (int?)null : version.Base,
                        version.Author,
                        version.Steps[0].At,
                        since = version.Steps[^1].At,
                    }),
            }
        );
    }

    private static async Task<IResult> TakeAsync(
        string name,
        int version,
        ReviewStepKind kind,
        ReviewBody? body,
        HttpContext http,
        IGrainFactory grains,
        DefinitionCatalogue catalogue
    )
    {
        ReviewResult result = await grains
            .Definitions()
            .ReviewSegmentAsync(
                name,
                version,
                new ReviewRequest(kind, KeyCheck.KeyOf(http).Name, body?.Reason)
                {
                    ConfirmedMoves = body?.ConfirmMoves,
                }
            );
        if (result.Version is not { } taken)
        {
            return Refused(result);
        }

        await catalogue.RefreshAsync();
        return Results.Ok(Shown(taken, result.Changed));
    }

    private static async Task<IResult> RetireAsync(
        string name,
        string? reason,
        HttpContext http,
        IGrainFactory grains,
        DefinitionCatalogue catalogue
    )
    {
        ImmutableArray<SegmentVersion> versions = await grains
            .Definitions()
            .GetSegmentVersionsAsync(name);
        return versions.Active() is not { } active
            ? Unknown
            : await TakeAsync(
                name,
                active.Version,
                ReviewStepKind.Retire,
                new ReviewBody(reason),
                http,
                grains,
                catalogue
            );
    }

    private static async Task<IResult> DiffAsync(
        string name,
        int? from,
        int? to,
        IGrainFactory grains
    )
    {
        ReviewDifference? difference = await grains
            .Definitions()
            .CompareSegmentAsync(name, from, to);
        return difference is null
            ? Problem.NotFound("unknown_version", "There are no such versions of this segment.")
            : Results.Ok(difference);
    }

    private static object Shown(SegmentVersion version, bool changed) =>
        new
        {
            kind = DefinitionKinds.Segment,
            version.Name,
            version.Version,
            version.Hash,
            state = NameOf(version.State),
            changed,
        };

    private static object Whole(SegmentVersion version) =>
        new
        {
            kind = DefinitionKinds.Segment,
            version.Name,
            version.Version,
            version.Text,
            version.Hash,
            version.Author,
            version.Steps[0].At,
            state = NameOf(version.State),
            @base = version.Base == 0 ? (int?)null : version.Base,
            steps = version.Steps.Select(step => new
            {
                step = NameOf(step.Kind),
                step.By,
                step.At,
                step.Reason,
                step.Previewed,
            }),
        };

    /// <summary>A state or step as it is written.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum
    {
        string name = value.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    /// <summary>The answer to a step or text that was refused.</summary>
    public static Problem Refused(ReviewResult result)
    {
        ReviewRefusal refusal = result.Refusal!;
        return refusal.Kind switch
        {
            ReviewRefusalKind.Unknown => Unknown,
            ReviewRefusalKind.WrongState => Conflict("wrong_state"),
            ReviewRefusalKind.OwnWork => Conflict("own_work"),
            ReviewRefusalKind.Stale => Conflict("stale_version"),
            ReviewRefusalKind.InUse => Conflict("in_use"),
            ReviewRefusalKind.NotPreviewed => Conflict("not_previewed"),
            ReviewRefusalKind.NotConfirmed => Conflict("confirmation_needed"),
            ReviewRefusalKind.BadReason => Problem.BadRequest("bad_reason", refusal.Detail),
            _ => DefinitionEndpoints.NotCompiled(result.Errors),
        };

        Problem Conflict(string code) =>
            new(StatusCodes.Status409Conflict, code, refusal.Detail)
            {
                Errors = result.Errors.IsEmpty
                    ? null
                    : [.. result.Errors.Select(DefinitionEndpoints.ErrorOf)],
            };
    }

    /// <summary>The answer where there is no such segment, or version of it.</summary>
    public static Problem Unknown { get; } =
        Problem.NotFound("unknown_definition", "There is no such segment, or version of it.");

    /// <summary>What goes with a step.</summary>
    /// <param name="Reason">Why; at most 1,000 characters.</param>
    /// <param name="ConfirmMoves">Of an activation that has to be confirmed, how many the preview says it moves.</param>
    internal sealed record ReviewBody(string? Reason, long? ConfirmMoves = null);
}
