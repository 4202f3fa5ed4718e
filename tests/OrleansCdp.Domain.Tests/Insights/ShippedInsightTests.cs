using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>What comes with the product compiles against the streams that do.</summary>
public sealed class ShippedInsightTests
{
    public static TheoryData<string> Names { get; } = [.. ShippedInsights.All.Keys.Order()];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_shipped_insight_compiles_and_says_what_it_is(string name)
    {
        DeclaredField[] declared =
        [
            .. ShippedDefinitions
                .All.SelectMany(shipped =>
                    DataStream.Compile(shipped.Key, shipped.Value).Stream!.DeclaredFields
                )
                .Distinct(),
        ];

        var (insight, errors) = InsightDefinition.Compile(
            name,
            ShippedInsights.All[name],
            declared
        );

        errors.ShouldBeEmpty();
        insight!.Description.ShouldNotBeNullOrWhiteSpace();
    }
}
