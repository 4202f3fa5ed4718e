using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Estimating the parameters of predictions from what is stored.</summary>
internal static class FitEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/insights/fit", FitAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .RequireScope(Scopes.Author)
            .WithSummary(
                "Fits a model to the stored customers: {model?, insight?, until?, unit?, period?, currency?, cohort?, customersMax?}. "
                    + "Answers a draft, or fitted: false and why; changes nothing."
            );

    private static async Task<IResult> FitAsync(
        FitBody body,
        IGrainFactory grains,
        CancellationToken cancel
    )
    {
        FitRequest request = body.ToRequest();
        FitAnswer answer = await grains.GetGrain<IPredictionFitGrain>(0).FitAsync(request, cancel);
        return answer.Refusal is { } refusal
            ? new Problem(StatusOf(refusal.Code), refusal.Code, refusal.Detail)
            : Results.Ok(View(request, answer));
    }

    private static int StatusOf(string code) =>
        code switch
        {
            FitRefusals.UnknownInsight => 404,
            FitRefusals.UnderWay or FitRefusals.Overtaken => 409,
            _ => 400,
        };

    private static object View(FitRequest request, FitAnswer answer) =>
        new
        {
            fitted = answer.Gap is null,
            obstacle = NameOf(answer.Gap),
            explanation = answer.Gap?.Explanation,
            request.Model,
            request.Insight,
            text = answer.Gap is null ? answer.Text : null,
            until = answer.Until.UtcDateTime,
            answer.Individuals,
            answer.Damaged,
            answer.Customers,
            answer.IsSample,
            answer.RepeatBuyers,
            answer.Incomplete,
            answer.LogLikelihood,
            values = new
            {
                fitted = answer.ValuesLogLikelihood is not null,
                obstacle = NameOf(answer.ValuesGap),
                explanation = answer.ValuesGap?.Explanation,
                answer.Currency,
                answer.InOtherCurrencies,
                logLikelihood = answer.ValuesLogLikelihood,
            },
        };

    private static string? NameOf(FitGap? gap) =>
        gap is null ? null : JsonNamingPolicy.SnakeCaseLower.ConvertName(gap.Obstacle.ToString());
}

/// <summary>What a fit is asked for with.</summary>
/// <param name="Model">The model's name; default: <see cref="Prediction.DefaultModel"/>.</param>
/// <param name="Insight">The insight that says what a purchase is; default: <see cref="FitRequest.DefaultInsight"/>.</param>
/// <param name="Until">The last moment that was observed, RFC 3339, in UTC without a zone; default: now.</param>
/// <param name="Unit"><c>day</c> (default) or <c>week</c>, in which the model counts time.</param>
/// <param name="Period"><c>day</c> (default) or <c>week</c>, whose purchases are one.</param>
/// <param name="Currency">ISO 4217 code; default: that of most repeat purchases.</param>
/// <param name="Cohort">Only these customers; default: all.</param>
/// <param name="CustomersMax">Most customers; default and most: <see cref="PredictionFit.CustomersMax"/>.</param>
internal sealed record FitBody(
    string? Model,
    string? Insight,
    string? Until,
    string? Unit,
    string? Period,
    string? Currency,
    FitCohort? Cohort,
    int? CustomersMax
)
{
    /// <summary>The same for the grain.</summary>
    /// <exception cref="ProblemException">A word or an instant is none.</exception>
    public FitRequest ToRequest() =>
        new()
        {
            Model = Model ?? Prediction.DefaultModel,
            Insight = Insight ?? FitRequest.DefaultInsight,
            Until = InstantOf("until", Until, FitRefusals.BadUntil),
            Unit = UnitOf("unit", Unit),
            Period = UnitOf("period", Period),
            Currency = Currency,
            FirstFrom = InstantOf(
                "firstPurchaseFrom",
                Cohort?.FirstPurchaseFrom,
                FitRefusals.BadCohort
            ),
            FirstBefore = InstantOf(
                "firstPurchaseBefore",
                Cohort?.FirstPurchaseBefore,
                FitRefusals.BadCohort
            ),
            CustomersMax = CustomersMax ?? PredictionFit.CustomersMax,
        };

    private static TimeUnit UnitOf(string name, string? word) =>
        word switch
        {
            null or "day" => TimeUnit.Day,
            "week" => TimeUnit.Week,
            _ => throw new ProblemException(
                Problem.BadRequest($"bad_{name}", $"`{name}` is `day` or `week`.")
            ),
        };

    private static DateTimeOffset? InstantOf(string name, string? text, string code) =>
        text is null ? null
        : InsightQuery.TryReadInstant(text, out DateTimeOffset at) ? at
        : throw new ProblemException(
            Problem.BadRequest(code, $"`{name}` is an instant such as 2026-06-01T12:00:00Z.")
        );
}

/// <summary>Customers by when they bought first.</summary>
/// <param name="FirstPurchaseFrom">Not before this instant; null for all.</param>
/// <param name="FirstPurchaseBefore">Before this instant; null for all.</param>
internal sealed record FitCohort(string? FirstPurchaseFrom, string? FirstPurchaseBefore);
