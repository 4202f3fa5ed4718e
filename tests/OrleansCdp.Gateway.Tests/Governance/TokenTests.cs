using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace OrleansCdp.Governance;

/// <summary>JWTs of the configured OpenID issuer are keys too.</summary>
[Collection(GatewayCollection.Name)]
public sealed class TokenTests(GatewayHost host)
{
    [Fact]
    public async Task A_token_may_do_what_its_scopes_say_and_nothing_else()
    {
        string token = host.Issuer.Token("operate context");

        (await host.GetAsync("/v1/status", token)).Status.ShouldBe(200);
        (await host.GetAsync("/v1/keys", token)).ShouldBeProblem(403, "scope_missing");
    }

    [Fact]
    public async Task A_token_with_a_source_may_send_for_that_source_alone()
    {
        string token = host.Issuer.Token("ingest", source: "usage");

        (await host.PostAsync("/v1/streams/web?dryRun=true", "[]", token)).ShouldBeProblem(
            403,
            "source_not_allowed"
        );
    }

    [Fact]
    public async Task A_token_has_a_limit_of_characters()
    {
        // Three characters of a claim are four of a token, which so has this length or one or two more or less.
        int missing = IssuerTokens.CharactersMax - host.Issuer.Token("operate", pad: "").Length;
        string[] tokens =
        [
            .. Enumerable
                .Range((missing * 3 / 4) - 4, 8)
                .Select(pad => host.Issuer.Token("operate", pad: new string('x', pad))),
        ];
        string most = tokens.Last(token => token.Length <= IssuerTokens.CharactersMax);
        string tooLong = tokens.First(token => token.Length > IssuerTokens.CharactersMax);

        most.Length.ShouldBeGreaterThanOrEqualTo(IssuerTokens.CharactersMax - 1);
        (await host.GetAsync("/v1/status", most)).Status.ShouldBe(200);
        tooLong.Length.ShouldBeLessThanOrEqualTo(IssuerTokens.CharactersMax + 2);
        (await host.GetAsync("/v1/status", tooLong)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_token_for_somebody_else_is_none()
    {
        string token = host.Issuer.Token("operate", audience: "another-program");

        (await host.GetAsync("/v1/status", token)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_token_that_has_expired_is_none()
    {
        string token = host.Issuer.Token("operate", lifetime: TimeSpan.FromHours(-1));

        (await host.GetAsync("/v1/status", token)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_token_signed_by_somebody_else_is_none()
    {
        using RSA stranger = RSA.Create(2048);
        string token = host.Issuer.Token("operate", signer: stranger);

        (await host.GetAsync("/v1/status", token)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_token_whose_claims_were_changed_is_none()
    {
        string[] weak = host.Issuer.Token("context").Split('.');
        string[] strong = host.Issuer.Token("admin", lifetime: TimeSpan.FromHours(-1)).Split('.');

        string forged = $"{strong[0]}.{strong[1]}.{weak[2]}";

        (await host.GetAsync("/v1/keys", forged)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Nobody_asks_the_issuer_about_a_plain_key()
    {
        await using TokenIssuer issuer = new();
        await issuer.StartAsync();
        IssuerTokens tokens = new(
            Options.Create(new GatewayOptions { JwtAuthority = issuer.Address })
        );

        (await tokens.KeyOfAsync("cdp_a_plain_key")).ShouldBeNull();
        (await tokens.KeyOfAsync("")).ShouldBeNull();
        issuer.Asked.ShouldBe(0);

        (await tokens.KeyOfAsync(issuer.Token("operate"))).ShouldNotBeNull();
        issuer.Asked.ShouldBe(1);
    }

    [Fact]
    public void The_framework_reads_no_key_before_the_gateway_does() =>
        host.Services.GetService<IAuthenticationSchemeProvider>().ShouldBeNull();

    [Fact]
    public async Task With_the_issuer_away_its_tokens_are_none()
    {
        TokenIssuer issuer = new();
        await issuer.StartAsync();
        string token = issuer.Token("operate");
        IssuerTokens tokens = new(
            Options.Create(new GatewayOptions { JwtAuthority = issuer.Address })
        );
        await issuer.DisposeAsync();

        (await tokens.KeyOfAsync(token)).ShouldBeNull();
    }
}
