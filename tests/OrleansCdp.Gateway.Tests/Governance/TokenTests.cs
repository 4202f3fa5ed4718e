using System.Security.Cryptography;

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
        using RSA stranger = RSA.Create(2048);
        await host.GetAsync("/v1/status", host.Issuer.Token("operate", signer: stranger));
        int asked = host.Issuer.Asked;

        for (int i = 0; i < 20; i++)
        {
            (await host.GetAsync("/v1/status")).Status.ShouldBe(200);
            (await host.GetAsync("/v1/status", $"cdp_no_key_{i}")).Status.ShouldBe(401);
        }

        host.Issuer.Asked.ShouldBe(asked);
    }
}
