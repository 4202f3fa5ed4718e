using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Which segments there are, and who is in them.</summary>
internal static class SegmentEndpoints
{
    private const int PageDefault = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/v1/segments", ListAsync)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Every active segment: what it asks, how many are in it, whether it knows of the past, and which others ask for it."
            );
        routes
            .MapGet("/v1/segments/{name}", GetAsync)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "An active segment, with how many entered and left lately, and who does so again and again."
            );
        routes
            .MapGet("/v1/segments/{name}/members", MembersAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .RequireScope(Scopes.Read)
            .WithSummary("Who is in a segment, or in one ?tier of it, sorted by id, page by page.");
        routes
            .MapGet("/v1/segments/{name}/members/export", ExportAsync)
            .Produces(
                StatusCodes.Status200OK,
                contentType: MemberExport.Lines,
                additionalContentTypes: [MemberExport.Csv]
            )
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Everybody who is in a segment, or in one ?tier of it, as JSON lines or ?format=csv."
            );
    }

    /// <summary>Demands that there is, or was, a segment of a name: what happened in one that was retired can still be read.</summary>
    /// <exception cref="ProblemException">There never was: 404 <c>unknown_segment</c>.</exception>
    public static async Task DemandKnownAsync(
        string name,
        DefinitionCatalogue catalogue,
        IGrainFactory grains
    )
    {
        bool isActive = catalogue.Segments.All.Any(one => one.Definition.Name == name);
        if (!isActive && (await grains.Definitions().GetSegmentVersionsAsync(name)).IsEmpty)
        {
            throw Unknown();
        }
    }

    /// <summary>An active segment.</summary>
    /// <exception cref="ProblemException">There is none: 404 <c>unknown_segment</c>.</exception>
    public static async Task<ActiveSegment> DemandActiveAsync(
        string name,
        DefinitionCatalogue catalogue
    )
    {
        await catalogue.RefreshAsync();
        return catalogue.Segments.All.FirstOrDefault(one => one.Definition.Name == name)
            ?? throw Unknown();
    }

    private static async Task<IResult> ListAsync(
        DefinitionCatalogue catalogue,
        IGrainFactory grains
    )
    {
        await catalogue.RefreshAsync();
        SegmentSet set = catalogue.Segments;
        var ready = set.ReadyWith(catalogue.Insights);
        object[] data = await Task.WhenAll(
            set.All.OrderBy(one => one.Definition.Name, StringComparer.Ordinal)
                .Select(async one =>
                {
                    var counts = await CountsAsync(one, grains);
                    return (object)
                        new
                        {
                            one.Definition.Name,
                            one.Definition.Description,
                            one.Version,
                            criteria = CriteriaOf(one.Definition),
                            tiers = TiersOf(one.Definition, counts),
                            ready = ready.Contains(one),
                            one.Definition.Cost,
                            count = counts.Sum(tier => tier.Count),
                            usedBy = UsersOf(one, set),
                        };
                })
        );
        return Results.Ok(new { data });
    }

    private static async Task<IResult> GetAsync(
        string name,
        DefinitionCatalogue catalogue,
        IGrainFactory grains
    )
    {
        ActiveSegment one = await DemandActiveAsync(name, catalogue);
        SegmentSet set = catalogue.Segments;
        var counts = await CountsAsync(one, grains);
        SegmentActivity activity = await grains.GetGrain<ISegmentGrain>(name).GetActivityAsync();
        WalkProgress? walk = await grains
            .GetGrain<IInsightWalkGrain>(IInsightWalkGrain.Key)
            .GetProgressAsync();
        return Results.Ok(
            new
            {
                one.Definition.Name,
                one.Definition.Description,
                one.Version,
                criteria = CriteriaOf(one.Definition),
                tiers = TiersOf(one.Definition, counts),
                timeZone = one.Definition.TimeZone.Id,
                ready = set.ReadyWith(catalogue.Insights).Contains(one),
                one.Definition.Cost,
                count = counts.Sum(tier => tier.Count),
                usedBy = UsersOf(one, set),
                walk,
                lastHour = activity.LastHour,
                lastDay = activity.LastDay,
                atLeast = activity.IsPartial,
                flapping = new
                {
                    above = one.Definition.FlapsAbove,
                    individuals = activity.FlappingCount,
                    most = activity.Flapping.Select(member => new
                    {
                        member.Individual,
                        member.Changes,
                        causes = member.Causes.Select(MembershipView.NameOf),
                    }),
                },
            }
        );
    }

    private static async Task<IResult> MembersAsync(
        string name,
        string? tier,
        string? cursor,
        int? limit,
        DefinitionCatalogue catalogue,
        IGrainFactory grains
    )
    {
        int wanted = PageLimit.Demand(limit, PageDefault, IMembershipListGrain.PageMax);
        string? after = null;
        if (cursor is not null && !TryRead(cursor, out after))
        {
            return Problem.BadCursor();
        }

        DemandTier(tier);
        await DemandKnownAsync(name, catalogue, grains);
        var members = await grains
            .GetGrain<IMembershipListGrain>(0)
            .GetMembersAsync(name, tier, after, wanted);
        return Results.Ok(
            new
            {
                data = members.Select(MembershipView.Of),
                cursor = members.Length < wanted ? null : CursorOf(members[^1].Individual),
            }
        );
    }

    private static async Task ExportAsync(
        string name,
        string? tier,
        string? format,
        HttpContext http,
        DefinitionCatalogue catalogue,
        IGrainFactory grains
    )
    {
        bool isCsv = MemberExport.IsCsv(format);
        DemandTier(tier);
        await DemandKnownAsync(name, catalogue, grains);
        await MemberExport.WriteAsync(http, grains, name, tier, isCsv);
    }

    private static void DemandTier(string? tier)
    {
        // PostgreSQL stores no NUL, so asking it for one is an error and not an empty list.
        if (tier?.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') == false)
        {
            throw new ProblemException(
                Problem.BadRequest(
                    "bad_tier",
                    "A tier's name is small letters, digits and underscores."
                )
            );
        }
    }

    private static Task<ImmutableArray<TierCount>> CountsAsync(
        ActiveSegment segment,
        IGrainFactory grains
    ) => grains.GetGrain<ISegmentGrain>(segment.Definition.Name).GetCountAsync();

    private static string? CriteriaOf(SegmentDefinition segment) =>
        segment.IsWaterfall ? null : segment.Tiers[0].NormalForm;

    private static IEnumerable<object>? TiersOf(
        SegmentDefinition segment,
        ImmutableArray<TierCount> counts
    ) =>
        segment.IsWaterfall
            ? segment.Tiers.Select(tier => new
            {
                tier.Name,
                criteria = tier.NormalForm,
                count = counts.FirstOrDefault(one => one.Tier == tier.Name)?.Count ?? 0,
            })
            : null;

    private static IEnumerable<string> UsersOf(ActiveSegment segment, SegmentSet set) =>
        set
            .All.Where(other =>
                other.Definition.Segments.Any(asked =>
                    SegmentOrder.SegmentOf(asked) == segment.Definition.Name
                )
            )
            .Select(other => other.Definition.Name)
            .Order(StringComparer.Ordinal);

    private static string CursorOf(string individual) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(individual));

    private static bool TryRead(string cursor, [NotNullWhen(true)] out string? individual)
    {
        byte[] bytes = new byte[cursor.Length];
        individual =
            Base64Url.IsValid(cursor) && Base64Url.TryDecodeFromChars(cursor, bytes, out int length)
                ? Encoding.UTF8.GetString(bytes, 0, length)
                : null;
        return StewardEndpoints.IsId(individual);
    }

    private static ProblemException Unknown() =>
        new(Problem.NotFound("unknown_segment", "There is no such segment."));
}
