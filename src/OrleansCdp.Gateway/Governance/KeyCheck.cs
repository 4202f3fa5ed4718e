using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace OrleansCdp.Governance;

/// <summary>
/// Lets a request pass if its key has the scope its address asks for. An address that asks for none lets nobody
/// pass, unless it is marked anonymous: a forgotten mark closes a door, it does not open one.
/// </summary>
internal sealed class KeyCheck(RequestDelegate next, KeyRing keys, IOptions<GatewayOptions> options)
{
    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";

    public async Task InvokeAsync(HttpContext http)
    {
        Endpoint? endpoint = http.GetEndpoint();
        if (endpoint is null || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            await next(http);
            return;
        }

        RequiredScope? required = endpoint.Metadata.GetMetadata<RequiredScope>();
        AccessKey? key = required is null ? null : await FindAsync(http, required);
        if (key is not null)
        {
            Demand(key, required!.Scope);
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

    /// <summary>The request's key, or the one its body names.</summary>
    public static AccessKey KeyOf(HttpContext http, KeyRing keys, string? writeKey)
    {
        if (http.Items[typeof(AccessKey)] is AccessKey known)
        {
            return known;
        }

        AccessKey key = keys.Find(writeKey) ?? throw Unauthenticated(http);
        Demand(key, Scopes.Ingest);
        return key;
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
        http.Response.Headers.WWWAuthenticate = "Bearer, Basic";
        return new ProblemException(
            new Problem(
                401,
                "unauthenticated",
                "A valid key is needed: Authorization: Bearer <key>."
            )
        );
    }

    private async ValueTask<AccessKey?> FindAsync(HttpContext http, RequiredScope required)
    {
        string? header = http.Request.Headers.Authorization;
        if (string.IsNullOrEmpty(header))
        {
            return required.FromQuery ? keys.Find(http.Request.Query["key"].ToString()) : null;
        }

        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            AccessKey? key = keys.Find(header.AsSpan(Bearer.Length).Trim());
            return key ?? await OfTokenAsync(http);
        }

        return header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase)
            ? keys.Find(UserOf(header[Basic.Length..]))
            : null;
    }

    private static string UserOf(string basic)
    {
        Span<byte> bytes = stackalloc byte[1024];
        if (
            basic.Length > 1024
            || !Convert.TryFromBase64String(basic.Trim(), bytes, out int length)
        )
        {
            return "";
        }

        string pair = Encoding.UTF8.GetString(bytes[..length]);
        int colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? pair : pair[..colon];
    }

    private async Task<AccessKey?> OfTokenAsync(HttpContext http)
    {
        if (options.Value.JwtAuthority is null)
        {
            return null;
        }

        AuthenticateResult result = await http.AuthenticateAsync(
            JwtBearerDefaults.AuthenticationScheme
        );
        if (result.Principal is not { } principal || !result.Succeeded)
        {
            return null;
        }

        string subject = principal.FindFirstValue("sub") ?? "token";
        return new AccessKey
        {
            Id = subject,
            Name = subject,
            Hash = "",
            Scopes = [.. principal.FindAll("scope").SelectMany(claim => claim.Value.Split(' '))],
            Sources = [.. principal.FindAll("cdp_source").Select(claim => claim.Value)],
            CreatedAt = default,
        };
    }
}
