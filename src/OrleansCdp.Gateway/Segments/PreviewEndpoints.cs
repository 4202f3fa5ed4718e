using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>Whom a version would move if it were activated, and what a text would be if it were put.</summary>
internal static class PreviewEndpoints
{
    /// <summary>How long somebody waits who does not say how long.</summary>
    private static readonly TimeSpan WaitDefault = TimeSpan.FromSeconds(10);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v1/definitions/segment/{name}/versions/{version}/preview", GetAsync)
            .Produces(StatusCodes.Status200OK)
            .Produces(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Whom a version would move if it were activated: everybody who is stored is looked at, and nobody enters or leaves. "
                    + "202 while that goes on (?wait= seconds for its end, 10 unless said, at most 30); ?anew=true makes it once more."
            );

    /// <summary>What a text would be if it were put, and whom it would move. Nothing is stored.</summary>
    public static async Task<IResult> PlanAsync(
        string name,
        string text,
        HttpContext http,
        IGrainFactory grains
    )
    {
        AccessKey key = KeyCheck.KeyOf(http);
        TimeSpan wait = WaitOf(http.Request);
        var planned = await grains
            .Definitions()
            .PlanAsync([new(DefinitionKinds.Segment, name, text)], key.Name, http.RequestAborted);
        SegmentPlan plan = planned[0].Segment!;
        if (plan.Result.Version is not { } version)
        {
            return ReviewEndpoints.Refused(plan.Result);
        }

        // Counts alone answer any question about one person; and what is active already moves nobody.
        bool mayRead = key.Scopes.Contains(Scopes.Read) || key.Scopes.Contains(Scopes.Admin);
        bool isActive = version.State == ReviewState.Active;
        SegmentPreview? preview =
            mayRead && !isActive ? await PreviewAsync(version, anew: false, wait, grains) : null;
        return Results.Ok(
            new
            {
                kind = DefinitionKinds.Segment,
                name,
                version.Version,
                version.Hash,
                state = ReviewEndpoints.NameOf(version.State),
                plan.Result.Changed,
                dryRun = true,
                active = plan.Active,
                planned = plan.Planned,
                plan.SameMeaning,
                preview = preview is null ? null : Shown(preview),
            }
        );
    }

    private static async Task<IResult> GetAsync(
        string name,
        int version,
        bool? anew,
        HttpContext http,
        IGrainFactory grains
    )
    {
        TimeSpan wait = WaitOf(http.Request);
        ImmutableArray<SegmentVersion> versions = await grains
            .Definitions()
            .GetSegmentVersionsAsync(name);
        if (versions.FirstOrDefault(one => one.Version == version) is not { } found)
        {
            return ReviewEndpoints.Unknown;
        }

        if (found.Base != (versions.Active()?.Version ?? 0))
        {
            return new Problem(
                StatusCodes.Status409Conflict,
                "stale_version",
                $"Another version was active when version {version} was written: it can not be activated."
            );
        }

        SegmentPreview preview = await PreviewAsync(found, anew == true, wait, grains);
        return preview.State switch
        {
            PreviewState.DoesNotCompile => DefinitionEndpoints.NotCompiled(preview.Errors),
            PreviewState.NotReady => new Problem(
                StatusCodes.Status409Conflict,
                "not_ready",
                NotReadyOf(preview)
            ),
            PreviewState.Failed => new Problem(
                StatusCodes.Status503ServiceUnavailable,
                "unavailable",
                $"The preview broke off ({preview.Trouble}). Ask again."
            ),
            _ => Results.Json(
                Shown(preview),
                statusCode: preview.State == PreviewState.Done
                    ? StatusCodes.Status200OK
                    : StatusCodes.Status202Accepted
            ),
        };
    }

    private static Task<SegmentPreview> PreviewAsync(
        SegmentVersion version,
        bool anew,
        TimeSpan wait,
        IGrainFactory grains
    ) =>
        grains
            .GetGrain<ISegmentPreviewGrain>(version.Name)
            .PreviewAsync(
                new PreviewRequest(version.Text, version.Hash, version.Version, version.Base, anew),
                wait
            );

    private static object Shown(SegmentPreview preview) =>
        new
        {
            state = ReviewEndpoints.NameOf(preview.State),
            preview.Hash,
            @base = preview.Base == 0 ? (int?)null : preview.Base,
            preview.At,
            preview.EndedAt,
            individuals = preview.Counts.Individuals,
            preview.Damaged,
            preview.NotEvaluated,
            awaitingAccount = preview.Counts.AwaitingAccount,
            members = preview.Counts.Members,
            membersThen = preview.Counts.MembersThen,
            entering = preview.Counts.Entering,
            leaving = preview.Counts.Leaving,
            changingTier = preview.Counts.ChangingTier,
            moves = preview.Counts.Moved,
            share = preview.Counts.Share,
            preview.ConfirmAbove,
            preview.NeedsConfirmation,
            bySegment = preview.Counts.BySegment.Select(one => new
            {
                segment = SegmentOrder.SegmentOf(one.Name),
                tier = SegmentOrder.TierOf(one.Name),
                one.Entering,
                one.Leaving,
            }),
            usedBy = preview.Askers,
            preview.Cost,
            preview.BaseCost,
            notReady = preview.NotReady.IsEmpty ? null : NotReadyOf(preview),
            preview.Trouble,
            errors = preview.Errors.IsEmpty
                ? null
                : preview.Errors.Select(DefinitionEndpoints.ErrorOf),
            samples = new
            {
                entering = preview.Counts.EnteringSample.Select(Of),
                leaving = preview.Counts.LeavingSample.Select(Of),
                changingTier = preview.Counts.ChangingTierSample.Select(Of),
            },
        };

    private static object Of(PreviewedChange one) =>
        new
        {
            one.Individual,
            one.From,
            one.To,
            values = MembershipView.ValuesOf(one.Values),
        };

    private static string NotReadyOf(SegmentPreview preview)
    {
        string asked = string.Join("`, `", preview.NotReady);
        return preview.IsToBeSubmitted
            ? $"`{asked}` is computed once the version is submitted: until then nobody can say whom it would move."
            : $"`{asked}` does not know of the past yet; that is being read from the log. Ask again when it does.";
    }

    private static TimeSpan WaitOf(HttpRequest request)
    {
        if (request.Query["wait"] is not [{ } said])
        {
            return WaitDefault;
        }

        int most = (int)ISegmentPreviewGrain.WaitMax.TotalSeconds;
        return
            int.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            && seconds <= most
            ? TimeSpan.FromSeconds(seconds)
            : throw new ProblemException(
                Problem.BadRequest("bad_wait", $"`wait` is 0 to {most} seconds.")
            );
    }
}
