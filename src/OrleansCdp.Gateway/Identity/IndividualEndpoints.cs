using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Profiles with provenance, and accounts.</summary>
internal static class IndividualEndpoints
{
    private const int RedirectsMax = 16;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/v1/individuals/{idType}/{idValue}", GetIndividualAsync)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "The profile of whoever bears an identifier; ?explain=true adds what lost."
            );
        routes
            .MapGet("/v1/accounts/{id}", GetAccountAsync)
            .RequireScope(Scopes.Read)
            .WithSummary("An account by our id or by its id at its source.");
    }

    private static Task<IResult> GetIndividualAsync(
        string idType,
        string idValue,
        bool? explain,
        HttpContext http,
        IdentifierCache identifiers,
        IGrainFactory grains
    ) =>
        AskAsync(
            idType,
            PathValue.LastOf(http, idValue),
            identifiers,
            grains,
            individual => individual.GetProfileAsync(explain ?? false)
        );

    /// <summary>Asks whoever bears an identifier, and whoever that one is merged into.</summary>
    internal static async Task<IResult> AskAsync(
        string idType,
        string idValue,
        IdentifierCache identifiers,
        IGrainFactory grains,
        Func<IUnifiedIndividualGrain, ValueTask<ContextAnswer?>> ask
    ) => Json((await FindAsync(idType, idValue, identifiers, grains, ask)).Answer);

    /// <summary>Who bears an identifier, or whom that one is merged into, and what they answer.</summary>
    /// <exception cref="ProblemException">Nobody (404), or several (409).</exception>
    internal static async Task<(string Individual, ContextAnswer Answer)> FindAsync(
        string idType,
        string idValue,
        IdentifierCache identifiers,
        IGrainFactory grains,
        Func<IUnifiedIndividualGrain, ValueTask<ContextAnswer?>> ask
    )
    {
        string? individual = await identifiers.FindAsync(idType, idValue);
        for (int hops = 0; individual is not null && hops < RedirectsMax; hops++)
        {
            ContextAnswer? answer = await ask(grains.GetGrain<IUnifiedIndividualGrain>(individual));
            if (answer is null)
            {
                identifiers.Forget(idType, idValue);
                break;
            }

            if (answer.MovedTo is null)
            {
                return (individual, answer);
            }

            individual = answer.MovedTo;
            identifiers.Correct(idType, idValue, individual);
        }

        throw new ProblemException(Problem.NotFound("not_found", "Nobody bears this identifier."));
    }

    private static Task<IResult> GetAccountAsync(
        string id,
        HttpContext http,
        IGrainFactory grains
    ) => AskAccountAsync(PathValue.LastOf(http, id), grains, account => account.GetProfileAsync());

    /// <summary>Asks an account by our id or by its id at its source.</summary>
    internal static async Task<IResult> AskAccountAsync(
        string id,
        IGrainFactory grains,
        Func<IAccountGrain, ValueTask<ContextAnswer?>> ask
    )
    {
        string type = SubjectIds.IsAccount(id) ? "account" : IdentifierTypes.AccountId;
        ImmutableArray<string> found =
            id.Length > Limits.IdentifierMax
                ? []
                : (
                    await grains
                        .GetGrain<IIdentityGrain>(0)
                        .FindAsync(SubjectKind.Account, type, id)
                ).Ids;
        if (found.Length > 1)
        {
            return new Problem(409, "ambiguous_identifier", "Several accounts bear this id.")
            {
                Candidates = found,
            };
        }

        ContextAnswer? answer = found.IsEmpty
            ? null
            : await ask(grains.GetGrain<IAccountGrain>(found[0]));
        return answer is null
            ? Problem.NotFound("not_found", "There is no such account.")
            : Json(answer);
    }

    private static IResult Json(ContextAnswer answer) =>
        Results.Bytes(answer.Json, "application/json; charset=utf-8");
}
