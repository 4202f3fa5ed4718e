using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Training and trying rules on what is stored, and making a version of them live.</summary>
internal static class RulesetEndpoints
{
    private const int MovesDefault = 100;
    private const string Lines = "application/x-ndjson";
    private static readonly byte[] NewLine = [(byte)'\n'];

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/v1/identity/train", TrainAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .RequireScope(Scopes.Author)
            .WithSummary(
                "Learns weights from stored records without labels: {ruleset, sampleMax?, seed?}. Answers a draft; changes nothing."
            );
        routes
            .MapPost("/v1/identity/simulate", SimulateAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .RequireScope(Scopes.Author)
            .WithSummary(
                "What rules would do to the stored records: {ruleset, text?, moves?}. Changes nothing."
            );
        routes
            .MapPost("/v1/definitions/ruleset/{name}/versions/{version}/activate", ActivateAsync)
            .Produces(StatusCodes.Status200OK, contentType: Lines)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .RequireScope(Scopes.Approve)
            .WithSummary(
                "Lets a version of a ruleset decide about all stored records, as lines of JSON until one has ended: true."
            );
    }

    private static async Task<IResult> TrainAsync(TrainRequest request, IGrainFactory grains)
    {
        int sample = request.SampleMax ?? IRulesetGrain.SampleMax;
        if (sample is < 2 or > IRulesetGrain.SampleMax)
        {
            return Problem.BadRequest(
                "bad_limit",
                $"sampleMax must be from 2 to {IRulesetGrain.SampleMax}."
            );
        }

        TrainingDraft draft = await RulesetOf(grains, request.Ruleset)
            .TrainAsync(sample, request.Seed ?? 0);
        return draft.Refusal is { } refusal
            ? Refused(refusal)
            : Results.Ok(
                new
                {
                    request.Ruleset,
                    draft.Text,
                    draft.Records,
                    draft.RandomPairs,
                    draft.CandidatePairs,
                    draft.Passes,
                    draft.MatchRate,
                    draft.Matches,
                    draft.HouseholdRate,
                    draft.Groups,
                    draft.Guarded,
                }
            );
    }

    private static async Task<IResult> SimulateAsync(SimulateRequest request, IGrainFactory grains)
    {
        int moves = request.Moves ?? MovesDefault;
        if (moves is < 0 or > IRulesetGrain.TrialMovesMax)
        {
            return Problem.BadRequest(
                "bad_limit",
                $"moves must be from 0 to {IRulesetGrain.TrialMovesMax}."
            );
        }

        if (request.Text is { Length: > Limits.DefinitionMax })
        {
            return Problem.TooLarge(
                "body_too_large",
                $"A definition may have {Limits.DefinitionMax} characters."
            );
        }

        TrialAnswer answer = await RulesetOf(grains, request.Ruleset).TryAsync(request.Text, moves);
        return answer.Refusal is { } refusal
            ? Refused(refusal)
            : Results.Ok(
                new
                {
                    request.Ruleset,
                    answer.Records,
                    answer.Before,
                    answer.After,
                    answer.Moving,
                    answer.Moves,
                    answer.NotStored,
                }
            );
    }

    private static async Task ActivateAsync(
        string name,
        int version,
        HttpContext http,
        IGrainFactory grains
    )
    {
        await using IAsyncEnumerator<ReplayReport> reports = RulesetOf(grains, name)
            .ActivateAsync(version, http.RequestAborted)
            .GetAsyncEnumerator(http.RequestAborted);
        while (await reports.MoveNextAsync())
        {
            if (!http.Response.HasStarted)
            {
                // What is refused is refused before the first line.
                if (reports.Current.Refusal is { } refusal)
                {
                    throw new ProblemException(Refused(refusal));
                }

                http.Response.ContentType = Lines;
            }

            await JsonSerializer.SerializeAsync(
                http.Response.Body,
                View(reports.Current),
                Json,
                http.RequestAborted
            );
            await http.Response.Body.WriteAsync(NewLine, http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }

    private static object View(ReplayReport report) =>
        new
        {
            report.Replayed,
            report.Links,
            report.Live,
            report.Regrouped,
            report.Moving,
            report.Moved,
            report.Ended,
            code = report.Refusal?.Code,
            detail = report.Refusal?.Detail,
        };

    /// <summary>A ruleset by its name, where it can be one.</summary>
    private static IRulesetGrain RulesetOf(IGrainFactory grains, string? name) =>
        name is { Length: > 0 and <= DefinitionEndpoints.NameMax }
        && !name.Contains('\0', StringComparison.Ordinal)
            ? grains.GetGrain<IRulesetGrain>(name)
            : throw new ProblemException(
                Problem.BadRequest("ruleset_missing", "Say of which ruleset, by its name.")
            );

    private static Problem Refused(RulesetRefusal refusal)
    {
        int status = refusal.Code switch
        {
            RulesetRefusals.UnknownRuleset or RulesetRefusals.UnknownVersion => 404,
            RulesetRefusals.DoesNotCompile => 422,
            _ => 409,
        };
        return new Problem(status, refusal.Code, refusal.Detail)
        {
            Errors = refusal.Errors.IsEmpty
                ? null
                :
                [
                    .. refusal.Errors.Select(e => new ProblemError(
                        e.Path,
                        e.Message,
                        e.Line == 0 ? null : e.Line,
                        e.Column == 0 ? null : e.Column
                    )),
                ],
        };
    }
}

/// <summary>What training is asked for with.</summary>
/// <param name="Ruleset">The ruleset's name.</param>
/// <param name="SampleMax">Most links it learns from; default and most: <see cref="IRulesetGrain.SampleMax"/>.</param>
/// <param name="Seed">Chooses them; default: 0.</param>
internal sealed record TrainRequest(string? Ruleset, int? SampleMax, ulong? Seed);

/// <summary>What a trial is asked for with.</summary>
/// <param name="Ruleset">The ruleset's name.</param>
/// <param name="Text">The rules to try; null for the active version.</param>
/// <param name="Moves">Most moves listed; default: 100.</param>
internal sealed record SimulateRequest(string? Ruleset, string? Text, int? Moves);
