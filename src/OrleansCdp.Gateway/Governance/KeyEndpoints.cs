using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace OrleansCdp.Governance;

/// <summary>Makes, lists and revokes keys.</summary>
internal static class KeyEndpoints
{
    private const int NameMax = 200;

    /// <summary>Sources of one key.</summary>
    public const int SourcesMax = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/v1/keys", CreateAsync)
            .RequireScope(Scopes.Admin)
            .WithSummary("Makes a key. Its secret is shown once, here.");
        routes
            .MapGet("/v1/keys", (KeyRing keys) => Results.Ok(new { data = keys.Keys.Select(View) }))
            .RequireScope(Scopes.Admin)
            .WithSummary("Lists the valid keys, without their secrets.");
        routes
            .MapDelete("/v1/keys/{id}", RevokeAsync)
            .RequireScope(Scopes.Admin)
            .WithSummary("Revokes a key.");
    }

    private static async Task<IResult> CreateAsync(
        KeyRequest request,
        KeyRing keys,
        IGrainFactory grains,
        TimeProvider clock
    )
    {
        ProblemError[] errors = [.. Check(request)];
        if (errors.Length > 0)
        {
            return Problem.BadRequest("invalid_key", "The key cannot be made.") with
            {
                Errors = errors,
            };
        }

        string secret = KeyRing.NewSecret();
        AccessKey key = new()
        {
            Id = "key_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)),
            Name = request.Name!,
            Hash = KeyRing.HashOf(secret),
            Scopes = [.. request.Scopes!.Distinct(StringComparer.Ordinal)],
            Sources = [.. request.Sources ?? []],
            CreatedAt = clock.GetUtcNow(),
        };
        if (!await grains.GetGrain<IAccessKeysGrain>(IAccessKeysGrain.Key).AddAsync(key))
        {
            return new Problem(409, "too_many_keys", $"There are {IAccessKeysGrain.KeysMax} keys.");
        }

        await keys.RefreshAsync();
        return Results.Json(
            new
            {
                key.Id,
                key = secret,
                key.Name,
                key.Scopes,
                key.Sources,
            },
            statusCode: StatusCodes.Status201Created
        );
    }

    private static IEnumerable<ProblemError> Check(KeyRequest request)
    {
        if (request.Name is not { Length: > 0 and <= NameMax })
        {
            yield return new ProblemError(
                "/name",
                $"A name of 1 to {NameMax} characters is needed."
            );
        }

        if (request.Scopes is not { Length: > 0 } || request.Scopes.Except(Scopes.All).Any())
        {
            yield return new ProblemError(
                "/scopes",
                $"At least one of: {string.Join(", ", Scopes.All)}."
            );
        }

        if (
            request.Sources?.Length > SourcesMax
            || request.Sources?.Any(string.IsNullOrEmpty) == true
        )
        {
            yield return new ProblemError("/sources", $"At most {SourcesMax} names of sources.");
        }
    }

    private static async Task<IResult> RevokeAsync(string id, KeyRing keys, IGrainFactory grains)
    {
        if (!await grains.GetGrain<IAccessKeysGrain>(IAccessKeysGrain.Key).RevokeAsync(id))
        {
            return Problem.NotFound("unknown_key", "There is no such key.");
        }

        await keys.RefreshAsync();
        return Results.NoContent();
    }

    private static object View(AccessKey key) =>
        new
        {
            key.Id,
            key.Name,
            key.Scopes,
            key.Sources,
            key.CreatedAt,
        };
}

/// <summary>A key to be made.</summary>
/// <param name="Name">What it is for.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="Sources">Sources it may send for; none for all.</param>
public sealed record KeyRequest(string? Name, string[]? Scopes, string[]? Sources);
