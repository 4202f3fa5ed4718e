using System.Text;

namespace OrleansCdp.Governance;

/// <summary>What a definition may be called.</summary>
[Collection(GatewayCollection.Name)]
public sealed class DefinitionNameTests(GatewayHost host)
{
    [Theory]
    [InlineData(DefinitionEndpoints.NameMax, 200)]
    [InlineData(DefinitionEndpoints.NameMax + 1, 400)]
    public async Task A_definitions_name_has_a_limit(int length, int status)
    {
        StringContent yaml = new(ShippedDefinitions.All["web"], Encoding.UTF8, "application/yaml");

        Answer put = await host.SendAsync(
            HttpMethod.Put,
            $"/v1/definitions/stream/{new string('n', length)}",
            yaml
        );

        put.Status.ShouldBe(status, put.Text);
    }
}
