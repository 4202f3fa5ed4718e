using System.Collections.Immutable;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Segments;

namespace OrleansCdp.Governance;

/// <summary>Definitions: put, read, list.</summary>
internal static class DefinitionEndpoints
{
    /// <summary>Characters of a definition's name.</summary>
    public const int NameMax = 100;

    /// <summary>What a name is, for whoever gave another.</summary>
    public static readonly string BadName =
        $"A name has 1 to {NameMax} lower-case letters, digits, dashes and underscores.";

    /// <summary>The answer to a definition that is too long.</summary>
    public static readonly Problem TooLarge = Problem.TooLarge(
        "body_too_large",
        $"A definition may have {Limits.DefinitionMax} bytes."
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPut("/v1/definitions/{kind}/{name}", PutAsync)
            .RequireScope(Scopes.Author)
            .Accepts<string>("application/yaml", "text/yaml", "application/json")
            .WithSummary(
                "Makes a definition (YAML or JSON) the active version; of a segment a draft, to be reviewed. ?dryRun=true says what "
                    + "would come of it, of a segment with whom it would move, and stores nothing."
            );
        routes
            .MapGet("/v1/definitions/{kind}/{name}", GetAsync)
            .RequireScope(Scopes.Read)
            .WithSummary("The active version of a definition.");
        routes
            .MapGet("/v1/definitions/{kind}/{name}/versions", GetVersionsAsync)
            .RequireScope(Scopes.Read)
            .WithSummary("All kept versions of a definition, oldest first.");
        routes
            .MapGet("/v1/definitions", ListAsync)
            .RequireScope(Scopes.Read)
            .WithSummary("Every active definition, without its text.");
    }

    private static async Task<IResult> PutAsync(
        string kind,
        string name,
        bool? dryRun,
        HttpContext http,
        IGrainFactory grains,
        DefinitionCatalogue catalogue
    )
    {
        if (!DefinitionKinds.All.Contains(kind))
        {
            return Problem.NotFound(
                "unknown_kind",
                $"Definitions can be of the kinds {string.Join(", ", DefinitionKinds.All)}."
            );
        }

        if (!IsName(name))
        {
            return Problem.BadRequest("bad_name", BadName);
        }

        var body = await RequestBody.ReadAsync(http.Request, Limits.DefinitionMax, TooLarge);
        string text = Encoding.UTF8.GetString(body.Span);
        if (kind == DefinitionKinds.Segment)
        {
            return dryRun == true
                ? await PreviewEndpoints.PlanAsync(name, text, http, grains)
                : await ReviewEndpoints.DraftAsync(name, text, http, grains);
        }

        var definitions = grains.Definitions();
        string author = KeyCheck.KeyOf(http).Name;
        ProposedDefinition put = new(kind, name, text);
        PutResult result =
            dryRun == true
                ? (await definitions.PlanAsync([put], author, http.RequestAborted))[0].Put!
                : await definitions.PutAsync(kind, name, text, author);
        if (result.Active is not { } active)
        {
            return NotCompiled(result.Errors);
        }

        await catalogue.RefreshAsync();
        return Results.Ok(
            new
            {
                active.Kind,
                active.Name,
                active.Version,
                active.Hash,
                result.Changed,
                dryRun = dryRun == true,
                live = await LiveAsync(active, grains),
            }
        );
    }

    /// <summary>The answer to a definition that does not compile.</summary>
    public static Problem NotCompiled(ImmutableArray<DefinitionError> errors) =>
        new(422, "does_not_compile", "The definition does not compile.")
        {
            Errors = [.. errors.Select(ErrorOf)],
        };

    /// <summary>Something that is wrong in a definition, with its place where that is known.</summary>
    public static ProblemError ErrorOf(DefinitionError error) =>
        new(
            error.Path,
            error.Message,
            error.Line == 0 ? null : error.Line,
            error.Column == 0 ? null : error.Column
        );

    private static async Task<IResult> GetAsync(string kind, string name, IGrainFactory grains)
    {
        if (kind == DefinitionKinds.Segment)
        {
            return await ReviewEndpoints.GetAsync(name, grains);
        }

        ImmutableArray<DefinitionVersion> versions = await VersionsAsync(kind, name, grains);
        if (versions.IsEmpty)
        {
            return Unknown;
        }

        DefinitionVersion active = versions[^1];
        return Results.Ok(
            new
            {
                active.Kind,
                active.Name,
                active.Version,
                active.Text,
                active.Hash,
                active.Author,
                active.At,
                live = await LiveAsync(active, grains),
            }
        );
    }

    /// <summary>
    /// By which version of a ruleset records are compared; null when none was compared yet. The version that is active
    /// decides about matching only once it is live.
    /// </summary>
    private static async Task<object?> LiveAsync(DefinitionVersion active, IGrainFactory grains)
    {
        if (
            active.Kind != DefinitionKinds.Ruleset
            || await grains.GetGrain<IMatchingGrain>(0).GetLiveAsync(active.Name) is not { } text
        )
        {
            return null;
        }

        ImmutableArray<DefinitionVersion> versions = await VersionsAsync(
            active.Kind,
            active.Name,
            grains
        );
        return new
        {
            versions.LastOrDefault(version => version.Text == text)?.Version,
            matchesAsActive = MatchingRules.AreSame(text, active.Text),
            text,
        };
    }

    private static async Task<IResult> GetVersionsAsync(
        string kind,
        string name,
        IGrainFactory grains
    )
    {
        if (kind == DefinitionKinds.Segment)
        {
            return await ReviewEndpoints.GetVersionsAsync(name, grains);
        }

        ImmutableArray<DefinitionVersion> versions = await VersionsAsync(kind, name, grains);
        return versions.IsEmpty ? Unknown : Results.Ok(new { data = versions });
    }

    private static async Task<IResult> ListAsync(IGrainFactory grains)
    {
        Catalogue? all = await grains.Definitions().GetCatalogueAsync(-1);
        return Results.Ok(
            new
            {
                version = all!.Version,
                data = all
                    .Definitions.Where(definition => !definition.IsDerived)
                    .Select(d => new
                    {
                        d.Kind,
                        d.Name,
                        d.Version,
                        d.Hash,
                        d.Author,
                        d.At,
                    }),
            }
        );
    }

    private static Problem Unknown { get; } =
        Problem.NotFound("unknown_definition", "There is no such definition.");

    private static Task<ImmutableArray<DefinitionVersion>> VersionsAsync(
        string kind,
        string name,
        IGrainFactory grains
    ) => grains.Definitions().GetVersionsAsync(kind, name);

    /// <summary>Whether something may be called that.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= NameMax
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');
}
