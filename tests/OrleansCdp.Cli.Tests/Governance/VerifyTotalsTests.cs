using System.Text.Json.Nodes;

namespace OrleansCdp.Governance;

/// <summary>What an operator's script learns from <c>cdp verify</c>.</summary>
public sealed class VerifyTotalsTests
{
    [Theory]
    [InlineData(0, 0, null, 0)]
    [InlineData(1, 0, null, 1)]
    [InlineData(1, 1, "events are in flight", 1)]
    [InlineData(0, 1, null, VerifyCommand.NotAllCompared)]
    [InlineData(0, 0, "events are in flight", VerifyCommand.NotAllCompared)]
    public void Only_what_was_compared_and_is_equal_ends_with_zero(
        int differences,
        int notCompared,
        string? countsNotCompared,
        int exitCode
    )
    {
        VerifyTotals totals = new();
        totals.BeginAnew(isAll: true);
        totals.Take(Line("1-0-", 5, differences, notCompared, ended: true, countsNotCompared));

        totals.Ended.ShouldBeTrue();
        totals.Say(isAll: true).ShouldBe(exitCode);
    }

    [Fact]
    public void A_comparison_that_broke_off_goes_on_and_forgets_nothing_it_found()
    {
        VerifyTotals totals = new();
        totals.BeginAnew(isAll: true);
        totals.Take(Line("1-0-", 5, differences: 1, notCompared: 0, ended: false, null));
        totals.Cursor.ShouldBe("1-0-");
        totals.Ended.ShouldBeFalse();

        totals.BeginAnew(isAll: true);
        totals.Take(Line("2-0-", 7, differences: 0, notCompared: 0, ended: true, null));

        totals.Say(isAll: true).ShouldBe(1);
    }

    private static JsonObject Line(
        string cursor,
        int links,
        int differences,
        int notCompared,
        bool ended,
        string? countsNotCompared
    ) =>
        AsRead(
            new JsonObject
            {
                ["events"] = 10,
                ["links"] = links,
                ["states"] = 1,
                ["notCompared"] = notCompared,
                ["differences"] = differences,
                ["cursor"] = cursor,
                ["ended"] = ended,
                ["countsNotCompared"] = countsNotCompared,
            }
        );

    private static JsonObject AsRead(JsonObject line) =>
        JsonNode.Parse(line.ToJsonString())!.AsObject();
}
