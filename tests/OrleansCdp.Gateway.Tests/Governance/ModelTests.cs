using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Governance;

/// <summary>Models of purchases over HTTP: put, read, and what is wrong with one.</summary>
[Collection(GatewayCollection.Name)]
public sealed class ModelTests(GatewayHost host)
{
    private const string Shop = """
        unit: week
        purchases: { r: 0.2426, alpha: 4.4136, a: 0.7929, b: 2.4259 }
        values: { p: 6.2499, q: 3.7442, v: 15.4428, currency: USD }
        """;

    [Fact]
    public async Task A_model_is_put_and_read_as_a_stream_is()
    {
        Answer first = await PutAsync("shop-read", Shop);
        Answer same = await PutAsync("shop-read", Shop);
        Answer second = await PutAsync("shop-read", Shop + "\n# 2");

        first.Status.ShouldBe(200, first.Text);
        ((bool)first.Json["changed"]!).ShouldBeTrue();
        ((bool)same.Json["changed"]!).ShouldBeFalse();
        ((int)second.Json["version"]!).ShouldBe(2);
        JsonNode read = (await host.GetAsync("/v1/definitions/model/shop-read")).Json;
        ((string)read["kind"]!).ShouldBe("model");
        ((string)read["text"]!).ShouldBe(Shop + "\n# 2");
        read["live"].ShouldBeNull();
        (await host.GetAsync("/v1/definitions/model/shop-read/versions")).Json["data"]!
            .AsArray()
            .Count.ShouldBe(2);
        (await host.GetAsync("/v1/definitions")).Json["data"]!
            .AsArray()
            .Select(d => $"{d!["kind"]} {d["name"]}")
            .ShouldContain("model shop-read");
    }

    [Fact]
    public async Task A_model_that_does_not_compile_is_refused_with_its_places()
    {
        Answer refused = await PutAsync(
            "shop-bad",
            "unit: week\npurchases: { r: .nan, alpha: 4, a: 1, b: 0 }"
        );

        refused.ShouldBeProblem(422, "does_not_compile");
        refused.Json["errors"]!
            .AsArray()
            .Select(error => $"{error!["pointer"]} {error["line"]}:{error["column"]}")
            .ShouldBe(["purchases.r 2:17", "purchases.b 2:42"]);
        (await host.GetAsync("/v1/definitions/model/shop-bad")).ShouldBeProblem(
            404,
            "unknown_definition"
        );
    }

    [Fact]
    public async Task There_is_no_model_until_somebody_applies_one() =>
        (await host.GetAsync("/v1/definitions/model/sales")).ShouldBeProblem(
            404,
            "unknown_definition"
        );

    private Task<Answer> PutAsync(string name, string yaml) =>
        host.SendAsync(
            HttpMethod.Put,
            $"/v1/definitions/model/{name}",
            new StringContent(yaml, Encoding.UTF8, "application/yaml")
        );
}
