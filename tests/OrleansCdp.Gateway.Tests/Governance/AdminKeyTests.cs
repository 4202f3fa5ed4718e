using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace OrleansCdp.Governance;

/// <summary>There is one administrator's key of the environment, and what is revoked stays so.</summary>
[Collection(GatewayCollection.Name)]
public sealed class AdminKeyTests(GatewayHost host)
{
    [Fact]
    public async Task A_new_key_takes_the_place_of_the_former_and_a_revoked_one_fails_the_start()
    {
        try
        {
            await ReplaceAndRevokeAsync("cdp_the_next_admin_key");
        }
        finally
        {
            await StartAsync(GatewayHost.AdminKey); // It was replaced, and never revoked.
            await Eventually.BeAsync(async () => (await host.GetAsync("/v1/keys")).Status == 200);
        }
    }

    private async Task ReplaceAndRevokeAsync(string next)
    {
        await StartAsync(next);

        await Eventually.BeAsync(async () => (await host.GetAsync("/v1/keys", next)).Status == 200);
        (await host.GetAsync("/v1/keys")).ShouldBeProblem(401, "unauthenticated");
        Answer keys = await host.GetAsync("/v1/keys", next);
        string id = keys.Json["data"]!
            .AsArray()
            .Select(key => (string)key!["id"]!)
            .Single(key => key.StartsWith(IAccessKeysGrain.AdminPrefix, StringComparison.Ordinal));

        Answer revoked = await host.SendAsync(HttpMethod.Delete, $"/v1/keys/{id}", key: next);
        revoked.Status.ShouldBe(204, revoked.Text);

        var refused = await Should.ThrowAsync<AdminKeyRefusedException>(() => StartAsync(next));
        refused.Message.ShouldContain("CDP_ADMIN_KEY");
        (await host.GetAsync("/v1/keys", next)).ShouldBeProblem(401, "unauthenticated");
    }

    /// <summary>What another start does with this key.</summary>
    private async Task StartAsync(string key)
    {
        using KeyRing ring = new(
            host.Services.GetRequiredService<IGrainFactory>(),
            Options.Create(new GatewayOptions { AdminKey = key }),
            TimeProvider.System,
            NullLogger<KeyRing>.Instance
        );
        await ring.StartAsync(CancellationToken.None);
        await ring.StopAsync(CancellationToken.None);
    }
}
