using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OrleansCdp.Governance;

/// <summary>
/// Lets a request pass if its key has the scope its address asks for. An address that asks for none lets nobody
/// pass, unless it is marked anonymous: a forgotten mark closes a door, it does not open one.
/// </summary>
internal sealed class KeyCheck(
    RequestDelegate next,
    KeyRing keys,
    IssuerTokens tokens,
    DefinitionCatalogue catalogue,
    IOptions<GatewayOptions> options
)
{
    /// <summary>Characters of a user name and password as Basic has them, in base64.</summary>
    public const int BasicMax = 1024;

    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";

    /// <summary>Two headers, because browsers understand one challenge each; Basic makes them ask for the key.</summary>
    private static readonly StringValues Challenges = new([
        "Bearer realm=\"OrleansCdp\"",
        "Basic realm=\"OrleansCdp: the key is the user name\", charset=\"UTF-8\"",
    ]);

    public async Task InvokeAsync(HttpContext http)
    {
        Endpoint? endpoint = http.GetEndpoint();
        RequiredScope? required = endpoint?.Metadata.GetMetadata<RequiredScope>();
        if (
            endpoint is null
            || (required is null && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        )
        {
            await next(http);
            return;
        }

        // A sender that is told "no such key" or "no such stream" gives up; this one is only early.
        if (!keys.IsLoaded || !catalogue.Loaded.IsCompleted)
        {
            throw new ProblemException(
                new Problem(503, "unavailable", "This gateway is starting. Send the same again.")
                {
                    RetryAfter = options.Value.RetryAfterSeconds,
                }
            );
        }

        AccessKey? key = required is null && IsOurs(endpoint) ? null : await FindAsync(http);
        if (key is not null)
        {
            if (required is not null)
            {
                Demand(key, required.Scope);
            }

            http.Items[typeof(AccessKey)] = key;
        }
        else if (required?.FromBody != true || http.Request.Headers.Authorization.Count > 0)
        {
            throw Unauthenticated(http);
        }

        await next(http);
    }

    /// <summary>The request's key.</summary>
    public static AccessKey KeyOf(HttpContext http) => (AccessKey)http.Items[typeof(AccessKey)]!;

    /// <summary>Whether the request has shown a valid key.</summary>
    public static bool IsKnown(HttpContext http) => http.Items[typeof(AccessKey)] is AccessKey;

    /// <summary>Takes the key that a body names for the request's.</summary>
    /// <exception cref="ProblemException">It is none, or may not send.</exception>
    public static void Show(HttpContext http, KeyRing keys, string? writeKey)
    {
        AccessKey key = keys.Find(writeKey) ?? throw Unauthenticated(http);
        Demand(key, Scopes.Ingest);
        http.Items[typeof(AccessKey)] = key;
    }

    /// <summary>Checks that a key may send for a source.</summary>
    public static void DemandSource(AccessKey key, string source)
    {
        if (!MaySendFor(key, source))
        {
            throw new ProblemException(
                new Problem(403, "source_not_allowed", $"This key may not send for {source}.")
            );
        }
    }

    /// <summary>Whether a key may send for a source.</summary>
    public static bool MaySendFor(AccessKey key, string source) =>
        key.Sources.IsEmpty || key.Sources.Contains(source);

    /// <summary>Whether it is an address of ours, and not routing's own answer to a wrong method or media type.</summary>
    private static bool IsOurs(Endpoint endpoint) => endpoint is RouteEndpoint;

    private static void Demand(AccessKey key, string scope)
    {
        if (!key.Scopes.Contains(scope) && !key.Scopes.Contains(Scopes.Admin))
        {
            throw new ProblemException(
                new Problem(403, "scope_missing", $"This key lacks the scope {scope}.")
            );
        }
    }

    private static ProblemException Unauthenticated(HttpContext http)
    {
        http.Response.Headers.WWWAuthenticate = Challenges;
        return new ProblemException(
            new Problem(
                401,
                "unauthenticated",
                "A valid key is needed: as Bearer token, or with Basic as the user name."
            )
        );
    }

    private async ValueTask<AccessKey?> FindAsync(HttpContext http)
    {
        string? header = http.Request.Headers.Authorization;
        if (string.IsNullOrEmpty(header))
        {
            return null;
        }

        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            ReadOnlyMemory<char> secret = header.AsMemory(Bearer.Length).Trim();
            return keys.Find(secret.Span) ?? await tokens.KeyOfAsync(secret.ToString());
        }

        return header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase)
            ? keys.Find(UserOf(header[Basic.Length..]))
            : null;
    }

    private static string UserOf(string basic)
    {
        Span<byte> bytes = stackalloc byte[BasicMax];
        if (
            basic.Length > BasicMax
            || !Convert.TryFromBase64String(basic.Trim(), bytes, out int length)
        )
        {
            return "";
        }

        string pair = Encoding.UTF8.GetString(bytes[..length]);
        int colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? pair : pair[..colon];
    }
}
