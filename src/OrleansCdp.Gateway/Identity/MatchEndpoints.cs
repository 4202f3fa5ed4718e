using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>What fuzzy rules decided about records, and the pool of those that belong to nobody.</summary>
internal static class MatchEndpoints
{
    private const int UnresolvedMax = 100;
    private const string Csv = "text/csv";
    private const string Lines = "application/x-ndjson";
    private const string CsvHeader = "record_id,cluster_id,link,individual,group,kind,rule,score\n";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/v1/identity/links", ListAsync)
            .Produces(StatusCodes.Status200OK, contentType: Lines, additionalContentTypes: [Csv])
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Whose each compared record is, as JSON lines or ?format=csv; by source, ruleset, kind."
            );
        routes
            .MapGet("/v1/identity/links/{source}/{object}/{id}", ExplainAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Why a compared link is whose it is: what its score is made of now, and every decision; by ruleset."
            );
        routes
            .MapGet("/v1/identity/unresolved", ListUnresolvedAsync)
            .RequireScope(Scopes.Read)
            .WithSummary("Groups of records that belong to nobody, by ruleset, page by page.");
    }

    private static async Task ListAsync(
        HttpContext http,
        IGrainFactory grains,
        string? source,
        string? ruleset,
        string? kind,
        string? format
    )
    {
        LinkStanding? wanted = StandingOf(kind);
        DemandNames(source, ruleset);
        bool asCsv = IsCsv(format, http.Request);
        var matching = grains.GetGrain<IMatchingGrain>(0);
        await DemandKnownAsync(matching, ruleset);
        ImmutableArray<string> rulesets = ruleset is null
            ? await matching.ListRulesetsAsync()
            : [ruleset];
        http.Response.ContentType = asCsv ? $"{Csv}; charset=utf-8" : Lines;
        if (asCsv)
        {
            await http.Response.WriteAsync(CsvHeader, http.RequestAborted);
        }

        foreach (string name in rulesets)
        {
            await foreach (LinkListing link in LinksAsync(matching, name, source))
            {
                if (wanted is null || link.Standing == wanted)
                {
                    string line = asCsv ? CsvOf(link) : JsonOf(link, name);
                    await http.Response.WriteAsync(line, http.RequestAborted);
                }
            }
        }
    }

    private static async Task<IResult> ExplainAsync(
        HttpContext http,
        IGrainFactory grains,
        string source,
        string @object,
        string id,
        string? ruleset
    )
    {
        DemandRuleset(ruleset);
        id = PathValue.LastOf(http, id);
        if (!LinkKey.TryParse($"{source}/{@object}/{id}", out LinkKey key))
        {
            return Problem.BadRequest("bad_link", "A link is source/object/id.");
        }

        var matching = grains.GetGrain<IMatchingGrain>(0);
        await DemandKnownAsync(matching, ruleset);
        var found = await matching.ExplainAsync(ruleset, key.ToString());
        if (found is null)
        {
            return Problem.NotFound(
                "unknown_link",
                $"The ruleset {ruleset} has compared no such link."
            );
        }

        return Results.Ok(
            new
            {
                found.Now.Link,
                found.Now.Individual,
                group = found.Now.Group is { } group ? NameOf(group) : null,
                kind = KindOf(found.Now.Standing),
                ruleset,
                found.Version,
                found.Now.Rule,
                found.Now.Score,
                with = found.Now.Partner,
                found.Now.EventId,
                found.Now.Reason,
                found.Reasons,
                found.Parts,
                decisions = found.Decisions.Select(one => new
                {
                    one.At,
                    rule = $"{ruleset}@{one.Version}",
                    one.EventId,
                    one.Reason,
                    one.CausedBy,
                    from = new
                    {
                        individual = one.FromIndividual,
                        group = one.FromGroup is { } was ? NameOf(was) : null,
                    },
                    to = new
                    {
                        individual = one.ToIndividual,
                        group = one.ToGroup is { } now ? NameOf(now) : null,
                    },
                    one.Score,
                    with = one.Partner,
                    one.Reasons,
                    one.Parts,
                }),
            }
        );
    }

    private static async Task<IResult> ListUnresolvedAsync(
        IGrainFactory grains,
        string? ruleset,
        int? limit,
        string? cursor
    )
    {
        int wanted = PageLimit.Demand(limit, UnresolvedMax, IMatchingGrain.PageMax);
        DemandRuleset(ruleset);
        long after = 0;
        if (
            cursor is not null
            && !long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out after)
        )
        {
            return Problem.BadCursor();
        }

        var matching = grains.GetGrain<IMatchingGrain>(0);
        await DemandKnownAsync(matching, ruleset);
        var groups = await matching.ListUnresolvedAsync(ruleset, after, wanted);
        return Results.Ok(
            new
            {
                data = groups.Select(group => new
                {
                    group = NameOf(group.Group),
                    members = group.Members.Select(member => new
                    {
                        member.Link,
                        member.Score,
                        member.EventId,
                        member.Reason,
                    }),
                }),
                cursor = groups.Length < wanted
                    ? null
                    : groups[^1].Group.ToString(CultureInfo.InvariantCulture),
            }
        );
    }

    /// <summary>Page after page: an answer of any length needs the memory of one.</summary>
    private static async IAsyncEnumerable<LinkListing> LinksAsync(
        IMatchingGrain matching,
        string ruleset,
        string? source
    )
    {
        string after = "";
        while (true)
        {
            var page = await matching.ListLinksAsync(
                ruleset,
                source,
                after,
                IMatchingGrain.PageMax
            );
            foreach (LinkListing link in page)
            {
                yield return link;
            }

            if (page.Length < IMatchingGrain.PageMax)
            {
                yield break;
            }

            after = page[^1].Link;
        }
    }

    private static LinkStanding? StandingOf(string? kind) =>
        kind switch
        {
            null => null,
            "linked" => LinkStanding.Linked,
            "soft" => LinkStanding.Soft,
            "unresolved" => LinkStanding.Unresolved,
            _ => throw new ProblemException(
                Problem.BadRequest("bad_filter", "Kinds are linked, soft and unresolved.")
            ),
        };

    private static string KindOf(LinkStanding standing) =>
        standing switch
        {
            LinkStanding.Linked => "linked",
            LinkStanding.Soft => "soft",
            _ => "unresolved",
        };

    private static bool IsCsv(string? format, HttpRequest request) =>
        format switch
        {
            "csv" => true,
            "ndjson" => false,
            null => request.Headers.Accept.ToString().Contains(Csv, StringComparison.Ordinal),
            _ => throw new ProblemException(
                Problem.BadRequest("bad_format", "Formats are ndjson and csv.")
            ),
        };

    /// <summary>PostgreSQL stores no NUL, so asking it for one is an error and not an empty list.</summary>
    private static void DemandNames(string? source, string? ruleset)
    {
        if (
            (source + ruleset).Contains('\0', StringComparison.Ordinal)
            || source is "" or { Length: > Limits.LinkKeyMax }
            || ruleset is "" or { Length: > Limits.LinkKeyMax }
        )
        {
            throw new ProblemException(
                Problem.BadRequest("bad_filter", "No source and no ruleset has such a name.")
            );
        }
    }

    private static void DemandRuleset([NotNull] string? ruleset)
    {
        if (string.IsNullOrEmpty(ruleset))
        {
            throw new ProblemException(
                Problem.BadRequest("ruleset_missing", "Say of which ruleset: ?ruleset=service.")
            );
        }

        DemandNames(null, ruleset);
    }

    private static async Task DemandKnownAsync(IMatchingGrain matching, string? ruleset)
    {
        if (ruleset is not null && !await matching.KnowsAsync(ruleset))
        {
            throw new ProblemException(
                Problem.NotFound(RulesetRefusals.UnknownRuleset, $"There is no ruleset {ruleset}.")
            );
        }
    }

    private static string NameOf(long group) =>
        string.Create(CultureInfo.InvariantCulture, $"grp_{group}");

    private static string JsonOf(LinkListing link, string ruleset) =>
        JsonSerializer.Serialize(
            new
            {
                link.Link,
                link.Individual,
                group = link.Group is { } group ? NameOf(group) : null,
                kind = KindOf(link.Standing),
                ruleset,
                link.Rule,
                link.Score,
                with = link.Partner,
                link.EventId,
                link.Reason,
            },
            Json
        ) + "\n";

    private static string CsvOf(LinkListing link)
    {
        string group = link.Group is { } number ? NameOf(number) : "";
        StringBuilder line = new();
        foreach (
            string value in (string[])
                [
                    LinkKey.TryParse(link.Link, out LinkKey key) ? key.Id : link.Link,
                    link.Individual ?? group,
                    link.Link,
                    link.Individual ?? "",
                    group,
                    KindOf(link.Standing),
                    link.Rule,
                ]
        )
        {
            line.Append(Quoted(value)).Append(',');
        }

        return line.Append(link.Score?.ToString("R", CultureInfo.InvariantCulture))
            .Append('\n')
            .ToString();
    }

    private static string Quoted(string value) =>
        value.AsSpan().ContainsAny(",\"\r\n")
            ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : value;
}
