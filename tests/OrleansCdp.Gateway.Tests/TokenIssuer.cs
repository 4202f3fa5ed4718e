using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace OrleansCdp;

/// <summary>A small OpenID issuer: a discovery document, its public key, and tokens.</summary>
public sealed class TokenIssuer : IAsyncDisposable
{
    private const string KeyId = "of-the-issuer";
    private readonly RSA key = RSA.Create(2048);
    private WebApplication? app;
    private int asked;

    /// <summary>Its address, which is also its name.</summary>
    public string Address { get; private set; } = "";

    /// <summary>How often somebody asked it for anything.</summary>
    public int Asked => Volatile.Read(ref asked);

    /// <summary>Starts it.</summary>
    public async Task StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.MapGet(
            "/.well-known/openid-configuration",
            () =>
            {
                Interlocked.Increment(ref asked);
                return Results.Json(new { issuer = Address, jwks_uri = Address + "/keys" });
            }
        );
        app.MapGet("/keys", () => Results.Json(new { keys = new[] { PublicKey() } }));
        await app.StartAsync();
        Address = app.Urls.First();
    }

    /// <summary>Makes a token.</summary>
    /// <param name="scope">Its scopes, separated by spaces.</param>
    /// <param name="audience">Who it is for.</param>
    /// <param name="lifetime">From now; negative for one that has expired.</param>
    /// <param name="signer">Whose key signs it; null for the issuer's.</param>
    /// <param name="source">The source it may send for; null for every one.</param>
    /// <param name="pad">What makes it longer; null for nothing.</param>
    /// <returns>The token.</returns>
    public string Token(
        string scope,
        string audience = "orleanscdp",
        TimeSpan? lifetime = null,
        RSA? signer = null,
        string? source = null,
        string? pad = null
    )
    {
        DateTime expires = DateTime.UtcNow + (lifetime ?? TimeSpan.FromHours(1));
        Dictionary<string, object> claims = new() { ["sub"] = "somebody", ["scope"] = scope };
        if (source is not null)
        {
            claims["cdp_source"] = source;
        }

        if (pad is not null)
        {
            claims["pad"] = pad;
        }

        return new JsonWebTokenHandler().CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = Address,
                Audience = audience,
                Claims = claims,
                NotBefore = expires - TimeSpan.FromHours(2),
                IssuedAt = expires - TimeSpan.FromHours(2),
                Expires = expires,
                SigningCredentials = new SigningCredentials(
                    new RsaSecurityKey(signer ?? key) { KeyId = KeyId },
                    SecurityAlgorithms.RsaSha256
                ),
            }
        );
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }

        key.Dispose();
    }

    private object PublicKey()
    {
        RSAParameters parameters = key.ExportParameters(includePrivateParameters: false);
        return new
        {
            kty = "RSA",
            use = "sig",
            kid = KeyId,
            n = Base64UrlEncoder.Encode(parameters.Modulus),
            e = Base64UrlEncoder.Encode(parameters.Exponent),
        };
    }
}
