using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace OrleansCdp.Governance;

/// <summary>JWTs of the configured OpenID issuer as keys.</summary>
/// <remarks>
/// Not ASP.NET Core's authentication middleware: that one would try to read every key of ours as a token, and
/// would ask the issuer about it, so that a request with a plain key waits for an issuer that is away.
/// </remarks>
internal sealed class IssuerTokens(IOptions<GatewayOptions> options)
{
    private const string Discovery = "/.well-known/openid-configuration";

    /// <summary>Characters of a token.</summary>
    public const int CharactersMax = 16 * 1024;

    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false };
    private readonly TokenValidationParameters? demands = DemandsOf(options.Value);

    /// <summary>The key that a token stands for.</summary>
    /// <returns>Null when it is no valid token of the issuer, or there is no issuer.</returns>
    public async ValueTask<AccessKey?> KeyOfAsync(string token)
    {
        if (demands is null || token.Length > CharactersMax || !handler.CanReadToken(token))
        {
            return null;
        }

        TokenValidationResult result = await handler.ValidateTokenAsync(token, demands);
        return result.IsValid ? KeyOf((JsonWebToken)result.SecurityToken) : null;
    }

    private static TokenValidationParameters? DemandsOf(GatewayOptions options)
    {
        if (options.JwtAuthority is not { } authority)
        {
            return null;
        }

        // A token is only worth what the way to its keys is worth; on one's own machine nobody listens in.
        HttpDocumentRetriever documents = new()
        {
            RequireHttps = !(
                Uri.TryCreate(authority, UriKind.Absolute, out Uri? uri) && uri.IsLoopback
            ),
        };
        return new TokenValidationParameters
        {
            ValidAudience = options.JwtAudience,
            ConfigurationManager = new ConfigurationManager<OpenIdConnectConfiguration>(
                authority.TrimEnd('/') + Discovery,
                new OpenIdConnectConfigurationRetriever(),
                documents
            ),
        };
    }

    private static AccessKey KeyOf(JsonWebToken token)
    {
        string subject = token.Subject is { Length: > 0 } stated ? stated : "token";
        return new AccessKey
        {
            Id = subject,
            Name = subject,
            Hash = "",
            Scopes = [.. ClaimsOf(token, "scope").SelectMany(value => value.Split(' '))],
            Sources = [.. ClaimsOf(token, "cdp_source")],
            CreatedAt = default,
        };
    }

    private static ImmutableArray<string> ClaimsOf(JsonWebToken token, string type) =>
        [.. token.Claims.Where(claim => claim.Type == type).Select(claim => claim.Value)];
}
