using OrleansCdp.Expressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Definitions with several sources, of the middle, and of durations.</summary>
public sealed class InsightSourcesTests
{
    [Fact]
    public void Several_sources_count_together()
    {
        InsightDefinition insight = Computed.Definition(
            """
            sources:
              - { source: SalesOrder, where: total > 0, value: channel }
              - { source: Engagement, value: name }
            measure: last
            """
        );

        insight
            .Inputs.Select(input => (input.Source.Name, input.Items.Where is not null))
            .ShouldBe([("SalesOrder", true), ("Engagement", false)]);
        insight.Type.ShouldBe(ExpressionType.Text);
    }

    [Theory]
    [InlineData(InsightDefinition.InputsMax, true)]
    [InlineData(InsightDefinition.InputsMax + 1, false)]
    [InlineData(0, false)]
    public void Sources_have_a_limit(int count, bool isRight)
    {
        string sources = string.Join(", ", Enumerable.Repeat("{ source: SalesOrder }", count));

        var (insight, errors) = InsightDefinition.Compile(
            "insight",
            $"sources: [{sources}]\nmeasure: count",
            Histories.Declared
        );

        (insight is not null).ShouldBe(isRight);
        errors.Length.ShouldBe(isRight ? 0 : 1);
        if (!isRight)
        {
            errors[0].Message.ShouldBe("Between 1 and 5 sources stand here.");
            (errors[0].Line, errors[0].Column).ShouldBe((1, 10));
        }
    }

    public static TheoryData<string, int, int, string> Mistakes { get; } =
        new()
        {
            {
                "sources: [{ source: SalesOrder }]\nwhere: total > 1\nmeasure: count",
                2,
                8,
                "each of them says this"
            },
            {
                "sources: [{ source: SalesOrder }]\nsource: SalesOrder\nmeasure: count",
                2,
                9,
                "each of them says this"
            },
            {
                "sources: [{ source: SalesOrder, window: 1 day }]\nmeasure: count",
                1,
                33,
                "`window`"
            },
            {
                "sources: [{ where: total > 1 }]\nmeasure: count",
                1,
                11,
                "What is it computed from?"
            },
            {
                "sources: [{ source: SalesOrder }, { source: Case, where: total > 1 }]\nmeasure: count",
                1,
                58,
                "`total` is not declared"
            },
            {
                "sources:\n  - { source: SalesOrder, value: total }\n  - { source: SalesOrder, value: status }\nmeasure: last",
                3,
                5,
                "values of one type"
            },
            {
                "sources:\n  - { source: SalesOrder, value: total }\n  - { source: Case, value: code }\nmeasure: distinct",
                3,
                5,
                "values of one type"
            },
            {
                "sources:\n  - { source: SalesOrder, by: status }\n  - { source: SalesOrder }\nmeasure: count",
                3,
                5,
                "as many parts"
            },
            {
                "sources:\n  - { source: Case, value: 1, currency: code }\n  - { source: SalesOrder, value: total }\nmeasure: sum",
                3,
                5,
                "a currency each"
            },
            {
                "sources:\n  - { source: Case, by: code }\n  - { source: Engagement, by: name }\nmeasure: count\nwindow: 1 day",
                5,
                9,
                "counted and not kept"
            },
            { "source: SalesOrder\nmeasure: median", 1, 1, "Say of what" },
            { "source: SalesOrder\nmeasure: median\nvalue: status", 3, 8, "a number is expected" },
            {
                "source: SalesOrder\nmeasure: median\nvalue: total\nby: status",
                4,
                5,
                "can be divided"
            },
            {
                "source: SalesOrder\nmeasure: median\nvalue: total\nhalfLife: 1 day",
                4,
                11,
                "Only a count and a sum fade"
            },
            {
                "source: Engagement\nmeasure: median\nvalue: seconds",
                2,
                10,
                "the middle of it is not known"
            },
            {
                "source: SalesOrder\nmeasure: max\nvalue: item.at - orderedAt",
                3,
                8,
                "divided by its unit first"
            },
            {
                "source: SalesOrder\nmeasure: distinct\nvalue: item.at - orderedAt",
                3,
                8,
                "divided by its unit first"
            },
            {
                "source: SalesOrder\nmeasure: sum\nvalue: item.at - orderedAt",
                3,
                16,
                "a number is expected"
            },
            {
                "source: SalesOrder\nmeasure: count\nwhere: orderedAt within last 30 days",
                3,
                18,
                "`within` is not known here"
            },
            { "source: SalesOrder\nmeasure: count\nat: status", 3, 5, "an instant is expected" },
            {
                "source: SalesOrder\nmeasure: count\nwhere: totals > 1",
                3,
                8,
                "`totals` is not declared"
            },
        };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void What_is_wrong_is_told_with_line_and_column(
        string text,
        int line,
        int column,
        string message
    )
    {
        var (insight, errors) = InsightDefinition.Compile("insight", text, Histories.Declared);

        insight.ShouldBeNull();
        DefinitionError error = errors.ShouldHaveSingleItem();
        error.Message.ShouldContain(message);
        (error.Line, error.Column).ShouldBe((line, column), error.Message);
    }
}
