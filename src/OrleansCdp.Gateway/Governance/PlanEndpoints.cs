using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Events;
using OrleansCdp.Segments;

namespace OrleansCdp.Governance;

/// <summary>What would come of definitions that belong together.</summary>
internal static class PlanEndpoints
{
    /// <summary>
    /// Bytes of a body (24 MiB): as many as all active definitions may have characters, and half as much for what JSON adds.
    /// </summary>
    public const int BodyBytesMax = IDefinitionsGrain.ActiveTextMax / 2 * 3;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private static readonly Problem TooLarge = Problem.TooLarge(
        "body_too_large",
        $"A plan may have {BodyBytesMax} bytes."
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/definitions/plan", PlanAsync)
            .Accepts<PlanBody>("application/json")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .RequireScope(Scopes.Author)
            .WithSummary(
                "What would come of definitions if they were put one after the other: {definitions: [{kind, name, text}]}. Of each, in "
                    + "that order, the version it would be and whether it changes anything, or what is wrong with it. One may name "
                    + "another of them, also a later one. Stores nothing."
            );

    private static async Task<IResult> PlanAsync(HttpContext http, IGrainFactory grains)
    {
        ReadOnlyMemory<byte> body = await RequestBody.ReadAsync(
            http.Request,
            BodyBytesMax,
            TooLarge,
            http.RequestAborted
        );
        ProposedDefinition[] proposed = Read(body.Span);
        if (proposed.Length > IDefinitionsGrain.PlannedMax)
        {
            return Problem.TooLarge(
                "too_many_items",
                $"A plan may have {IDefinitionsGrain.PlannedMax} definitions."
            );
        }

        ImmutableArray<ProposedDefinition> fit = [.. proposed.Where(one => WrongWith(one) is null)];
        Queue<PlannedDefinition> planned = new(
            await grains
                .Definitions()
                .PlanAsync(fit, KeyCheck.KeyOf(http).Name, http.RequestAborted)
        );
        object[] data =
        [
            .. proposed.Select(one =>
                WrongWith(one) is { } wrong
                    ? Refused(one, [new DefinitionError("", wrong, 0, 0)])
                    : Of(one, planned.Dequeue())
            ),
        ];
        return Results.Ok(new { data });
    }

    /// <summary>Why it could not be put under its address at all; null where it could.</summary>
    private static string? WrongWith(ProposedDefinition one) =>
        !DefinitionEndpoints.IsName(one.Name) ? DefinitionEndpoints.BadName
        : Encoding.UTF8.GetByteCount(one.Text) > Limits.DefinitionMax
            ? DefinitionEndpoints.TooLarge.Detail
        : null;

    private static ProposedDefinition[] Read(ReadOnlySpan<byte> body)
    {
        try
        {
            PlanBody? read = JsonSerializer.Deserialize<PlanBody>(body, Json);
            return read?.Definitions is { } all && all.All(IsWhole)
                ? [.. all.Select(one => new ProposedDefinition(one!.Kind!, one.Name!, one.Text!))]
                : throw Malformed();
        }
        catch (JsonException)
        {
            throw Malformed();
        }
    }

    private static bool IsWhole(PlanItem? one) =>
        one is { Kind: not null, Name: not null, Text: not null };

    private static ProblemException Malformed() =>
        new(
            Problem.BadRequest(
                ReasonCodes.Malformed,
                "A plan is JSON: {\"definitions\": [{\"kind\", \"name\", \"text\"}]}, each of them a text."
            )
        );

    private static object Of(ProposedDefinition proposed, PlannedDefinition planned) =>
        planned switch
        {
            { Put.Active: { } put } => new
            {
                proposed.Kind,
                proposed.Name,
                put.Version,
                put.Hash,
                planned.Put.Changed,
            },
            { Segment: { Result.Version: { } version } plan } => new
            {
                proposed.Kind,
                proposed.Name,
                version.Version,
                version.Hash,
                state = ReviewEndpoints.NameOf(version.State),
                plan.Result.Changed,
                active = plan.Active,
                planned = plan.Planned,
                plan.SameMeaning,
            },
            _ => Refused(proposed, planned.Put?.Errors ?? planned.Segment!.Result.Errors),
        };

    private static object Refused(
        ProposedDefinition proposed,
        ImmutableArray<DefinitionError> errors
    )
    {
        Problem problem = DefinitionEndpoints.NotCompiled(errors);
        return new
        {
            proposed.Kind,
            proposed.Name,
            problem.Code,
            problem.Detail,
            problem.Errors,
        };
    }

    /// <summary>What is to be planned.</summary>
    /// <param name="Definitions">At most <see cref="IDefinitionsGrain.PlannedMax"/>.</param>
    internal sealed record PlanBody(PlanItem?[]? Definitions);

    /// <summary>A definition that may be put.</summary>
    /// <param name="Kind">One of <see cref="DefinitionKinds"/>.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Text">YAML or JSON.</param>
    internal sealed record PlanItem(string? Kind, string? Name, string? Text);
}
