using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Context;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Segments;

/// <summary>Why an individual is in a segment, or is not: now, if another version decided, or at a moment that is over.</summary>
internal static class WhyEndpoints
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v1/segments/{name}/why/{idType}/{idValue}", GetAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Why whoever bears an identifier is in a segment, or is not: every part of the criteria, and when that changes; if "
                    + "?version= decided, or ?at= a moment that is over, as far as entries and exits are kept."
            );

    private static async Task<IResult> GetAsync(
        string name,
        string idType,
        string idValue,
        int? version,
        DateTimeOffset? at,
        HttpContext http,
        TimeProvider clock,
        IdentifierCache identifiers,
        DefinitionCatalogue catalogue,
        IGrainFactory grains
    )
    {
        string value = PathValue.LastOf(http, idValue);
        if (at is not null)
        {
            return version is null
                ? await PastAsync(
                    name,
                    (idType, value),
                    at.Value,
                    clock,
                    identifiers,
                    catalogue,
                    grains
                )
                : Problem.BadRequest(
                    "bad_moment",
                    "At a moment that is over the version decided that was active then: say `at` or `version`."
                );
        }

        var (individual, answer) = version is { } other
            ? await IndividualEndpoints.FindAsync(
                idType,
                value,
                identifiers,
                grains,
                await ExplainerAsync(name, other, catalogue, grains)
            )
            : await PresentAsync(name, idType, value, identifiers, catalogue, grains);
        MembershipChange? last = await grains
            .GetGrain<IMembershipListGrain>(0)
            .GetLastAsync(individual, name);
        JsonNode why = JsonNode.Parse(answer.Json)!;
        why["lastChange"] = Shown(last);
        return Results.Ok(why);
    }

    private static async Task<(string Individual, ContextAnswer Answer)> PresentAsync(
        string name,
        string idType,
        string idValue,
        IdentifierCache identifiers,
        DefinitionCatalogue catalogue,
        IGrainFactory grains
    )
    {
        ActiveSegment segment = await SegmentEndpoints.DemandActiveAsync(name, catalogue);
        return await IndividualEndpoints.FindAsync(
            idType,
            idValue,
            identifiers,
            grains,
            one => one.ExplainSegmentAsync(name, segment.Activation)
        );
    }

    /// <summary>Asks somebody about a version.</summary>
    private static async Task<
        Func<IUnifiedIndividualGrain, ValueTask<ContextAnswer?>>
    > ExplainerAsync(string name, int version, DefinitionCatalogue catalogue, IGrainFactory grains)
    {
        await catalogue.RefreshAsync();
        SegmentVersion found =
            (await VersionsAsync(name, grains)).FirstOrDefault(one => one.Version == version)
            ?? throw new ProblemException(
                Problem.NotFound("unknown_version", "There is no such version of this segment.")
            );
        return catalogue.CompileSegment(name, found.Text) is null
            ? throw new ProblemException(
                new Problem(
                    StatusCodes.Status422UnprocessableEntity,
                    "does_not_compile",
                    $"Version {version} does not compile beside what is active now."
                )
            )
            : one => one.ExplainVersionAsync(found);
    }

    private static async Task<IResult> PastAsync(
        string name,
        (string Type, string Value) identifier,
        DateTimeOffset at,
        TimeProvider clock,
        IdentifierCache identifiers,
        DefinitionCatalogue catalogue,
        IGrainFactory grains
    )
    {
        if (at > clock.GetUtcNow())
        {
            return Problem.BadRequest(
                "bad_moment",
                "`at` is a moment that is over. Without it `changesAt` tells what is to come."
            );
        }

        ImmutableArray<SegmentVersion> versions = await VersionsAsync(name, grains);
        if (versions.IsEmpty)
        {
            return Problem.NotFound("unknown_segment", "There is no such segment.");
        }

        var (individual, _) = await IndividualEndpoints.FindAsync(
            identifier.Type,
            identifier.Value,
            identifiers,
            grains,
            one => one.GetMembershipsAsync()
        );
        PastMembership past = await grains
            .GetGrain<IMembershipListGrain>(0)
            .GetPastAsync(individual, name, at);
        return Results.Ok(
            new
            {
                individual,
                segment = name,
                at,
                activeVersion = ReviewedVersions.ActiveAt(versions, at),
                known = past.IsKnown,
                @in = past.IsKnown ? (bool?)past.IsIn : null,
                tier = past is { IsIn: true, Last: { } entered }
                    ? SegmentOrder.TierOf(entered.Segment)
                    : null,
                past.Since,
                decidedBy = Shown(past.Last),
                tiers = TiersOf(past.Last, versions, catalogue),
                nextChange = Shown(past.Next),
            }
        );
    }

    /// <summary>The criteria as they were decided by; null where that is not kept, or the version does not compile any more.</summary>
    private static JsonNode? TiersOf(
        MembershipChange? change,
        ImmutableArray<SegmentVersion> versions,
        DefinitionCatalogue catalogue
    ) =>
        change is not null
        && versions.FirstOrDefault(one => one.Version == change.Version) is { } version
        && catalogue.CompileSegment(version.Name, version.Text) is { } definition
        && SegmentExplanation.Of(definition, change) is { IsEmpty: false } tiers
            ? JsonNode.Parse(SegmentJson.Answer(tiers))!["tiers"]!.DeepClone()
            : null;

    private static Task<ImmutableArray<SegmentVersion>> VersionsAsync(
        string name,
        IGrainFactory grains
    ) => grains.Definitions().GetSegmentVersionsAsync(name);

    private static JsonNode? Shown(MembershipChange? change) =>
        change is null ? null : JsonSerializer.SerializeToNode(MembershipView.Of(change), Json);
}
