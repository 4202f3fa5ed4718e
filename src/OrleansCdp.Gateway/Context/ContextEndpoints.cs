using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Context;

/// <summary>Answers "who is this, right now?" from grain memory.</summary>
internal static class ContextEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet(
                "/v1/context/{idType}/{idValue}",
                (
                    HttpContext http,
                    ContextReader reader,
                    string idType,
                    string idValue,
                    string? graph
                ) => reader.AnswerAsync(http, idType, PathValue.LastOf(http, idValue), graph)
            )
            .Produces(StatusCodes.Status200OK, contentType: "application/json")
            .Produces(StatusCodes.Status304NotModified)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .RequireScope(Scopes.Context)
            .WithSummary("A data graph (?graph=service) of whoever bears an identifier.");
}

/// <summary>Finds the individual, takes its ready answer and writes it out.</summary>
internal sealed class ContextReader(
    IdentifierCache identifiers,
    IGrainFactory grains,
    IServiceProvider services
)
{
    private const int RedirectsMax = 16;
    private static readonly byte[] AccountName = ",\"account\":"u8.ToArray();
    private static readonly byte[] NoAccount = "null"u8.ToArray();
    private readonly IPublishedContexts? published = services.GetService<IPublishedContexts>();

    /// <summary>Answers one request.</summary>
    public async Task AnswerAsync(HttpContext http, string idType, string idValue, string? asked)
    {
        string graph = string.IsNullOrEmpty(asked) ? DataGraphs.Default : asked;
        if (graph != DataGraphs.Default)
        {
            throw new ProblemException(
                Problem.NotFound("unknown_graph", $"There is no data graph {graph}.")
            );
        }

        ContextAnswer answer =
            await FindAsync(idType, idValue, graph)
            ?? throw new ProblemException(
                Problem.NotFound("not_found", "Nobody bears this identifier.")
            );
        ContextAnswer? account = answer.Account is { } id ? await AccountAsync(id, graph) : null;
        await WriteAsync(http, answer, account);
    }

    private async ValueTask<ContextAnswer?> FindAsync(string idType, string idValue, string graph)
    {
        string? individual = await identifiers.FindAsync(idType, idValue);
        for (int hops = 0; individual is not null && hops < RedirectsMax; hops++)
        {
            ContextAnswer? answer = await IndividualAsync(individual, graph);
            if (answer?.MovedTo is not { } moved)
            {
                if (answer is null)
                {
                    identifiers.Forget(idType, idValue);
                }

                return answer;
            }

            identifiers.Correct(idType, idValue, moved);
            individual = moved;
        }

        return null;
    }

    private ValueTask<ContextAnswer?> IndividualAsync(string individual, string graph) =>
        published?.TryGetIndividual(individual, graph, out ContextAnswer? ready) == true
            ? new(ready)
            : grains.GetGrain<IUnifiedIndividualGrain>(individual).GetContextAsync(graph);

    private ValueTask<ContextAnswer?> AccountAsync(string account, string graph) =>
        published?.TryGetAccount(account, graph, out ContextAnswer? ready) == true
            ? new(ready)
            : grains.GetGrain<IAccountGrain>(account).GetFactsAsync(graph);

    /// <summary>Whether <c>If-None-Match</c> names the answer. Proxies make tags weak, and send several.</summary>
    private static bool IsKnown(StringValues asked, string tag)
    {
        if (asked.Count == 0 || asked == tag)
        {
            return asked.Count > 0;
        }

        EntityTagHeaderValue ours = new(tag);
        return EntityTagHeaderValue.TryParseList(asked!, out IList<EntityTagHeaderValue>? theirs)
            && theirs.Any(one =>
                one.Equals(EntityTagHeaderValue.Any)
                || one.Compare(ours, useStrongComparison: false)
            );
    }

    private static async Task WriteAsync(
        HttpContext http,
        ContextAnswer individual,
        ContextAnswer? account
    )
    {
        HttpResponse response = http.Response;
        string tag = account is null
            ? $"\"{individual.Tag}\""
            : $"\"{individual.Tag}-{account.Tag}\"";
        DateTimeOffset asOf =
            account is not null && account.AsOf > individual.AsOf ? account.AsOf : individual.AsOf;
        response.Headers.ETag = tag;
        response.Headers["Cdp-As-Of"] = Rfc3339.Format(asOf);
        if (IsKnown(http.Request.Headers.IfNoneMatch, tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        byte[] facts = account?.Json ?? NoAccount;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = individual.Json.Length + AccountName.Length + facts.Length;
        PipeWriter body = response.BodyWriter;
        body.Write(individual.Json.AsSpan(..^1));
        body.Write(AccountName);
        body.Write(facts);
        body.Write("}"u8);
        await body.FlushAsync();
    }
}
