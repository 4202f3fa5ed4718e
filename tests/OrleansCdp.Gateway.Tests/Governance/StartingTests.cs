using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace OrleansCdp.Governance;

/// <summary>What a gateway says before it knows any key or stream.</summary>
[Collection(GatewayCollection.Name)]
public sealed class StartingTests(GatewayHost gateway)
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_key_is_not_refused_before_keys_and_streams_are_known(
        bool keys,
        bool streams
    )
    {
        (KeyCheck check, DefaultHttpContext http) = await RequestAsync(keys, streams);

        ProblemException early = await Should.ThrowAsync<ProblemException>(() =>
            check.InvokeAsync(http)
        );

        early.Problem.Status.ShouldBe(503);
        early.Problem.RetryAfter.ShouldNotBeNull().ShouldBePositive();
    }

    [Fact]
    public async Task A_wrong_key_is_refused_once_they_are()
    {
        (KeyCheck check, DefaultHttpContext http) = await RequestAsync(keys: true, streams: true);

        ProblemException refused = await Should.ThrowAsync<ProblemException>(() =>
            check.InvokeAsync(http)
        );

        refused.Problem.Status.ShouldBe(401);
    }

    private async Task<(KeyCheck Check, DefaultHttpContext Http)> RequestAsync(
        bool keys,
        bool streams
    )
    {
        IGrainFactory grains = gateway.Services.GetRequiredService<IGrainFactory>();
        IOptions<GatewayOptions> options = Options.Create(new GatewayOptions());
        KeyRing ring = new(grains, options, TimeProvider.System, NullLogger<KeyRing>.Instance);
        DefinitionCatalogue catalogue = new(
            grains,
            TimeProvider.System,
            NullLogger<DefinitionCatalogue>.Instance
        );
        if (keys)
        {
            await ring.RefreshAsync();
        }

        if (streams)
        {
            await catalogue.RefreshAsync();
        }

        DefaultHttpContext http = new();
        http.Request.Headers.Authorization = "Bearer nobody's";
        http.SetEndpoint(new Endpoint(null, new(new RequiredScope(Scopes.Ingest)), "ingest"));
        KeyCheck check = new(
            _ => Task.CompletedTask,
            ring,
            new IssuerTokens(options),
            catalogue,
            options
        );
        return (check, http);
    }
}
