using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Expressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>What a definition may say, and how what is wrong with it is told.</summary>
public sealed class InsightDefinitionTests
{
    private static readonly ImmutableArray<DeclaredField> Declared =
    [
        .. ShippedDefinitions
            .All.SelectMany(shipped =>
                DataStream.Compile(shipped.Key, shipped.Value).Stream!.DeclaredFields
            )
            .Distinct(),
    ];

    [Fact]
    public void A_definition_says_of_what_how_since_when_in_which_unit_and_where_to()
    {
        InsightDefinition insight = Compile(
            """
            description: What somebody spent in the last 90 days
            source: SalesOrder
            where: status not in ('Returned')
            measure: sum
            value: order.total
            currency: currency
            at: orderedAt
            window: 90 days
            unit: money
            deadBand: 0.5
            writes: { object: Contact, field: Spent__c }
            """
        );

        insight.Of.ShouldBe(SubjectKind.Individual);
        (insight.Inputs[0].Source.Object, insight.Inputs[0].Source.Kind).ShouldBe(
            ("SalesOrder", ItemKind.Records)
        );
        (insight.Measure, insight.Type).ShouldBe((Measure.Sum, ExpressionType.Number));
        insight.Window.ShouldBe(TimeSpan.FromDays(90));
        (insight.Unit, insight.DeadBand).ShouldBe(("money", 0.5m));
        insight.Writes.ShouldBe(new WrittenField("Contact", "Spent__c"));
        insight.Inputs[0].Currency.ShouldNotBeNull();
        insight.Inputs[0].Items.Where.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("source: Case\nmeasure: count\nwhere: not record.isClosed", ItemKind.Records)]
    [InlineData(
        "source: Case.closures\nmeasure: count\nby: [category, resolutionCode]",
        ItemKind.Closures
    )]
    [InlineData(
        "source: SalesOrder.lines\nmeasure: sum\nvalue: line.amount\nby: line.category\ntop: 3\nhalfLife: 60 days",
        ItemKind.Lines
    )]
    [InlineData(
        "source: Engagement\nmeasure: count\nwhere: name = 'page'\nwindow: 30 days",
        ItemKind.Engagements
    )]
    [InlineData("source: ProductUsage\nmeasure: last\nvalue: name", ItemKind.Engagements)]
    [InlineData("source: SalesOrder\nmeasure: distinct\nvalue: channel", ItemKind.Records)]
    [InlineData(
        "source: SalesOrder.lines\nmeasure: distinct\nvalue: record.id\nby: line.category",
        ItemKind.Lines
    )]
    [InlineData(
        "source: Opportunity\nof: account\nmeasure: average\nvalue: amount",
        ItemKind.Records
    )]
    [InlineData(
        "source: Case\nmeasure: ratio\nnumerator: { where: record.closures > 1 }\ndenominator: {}",
        ItemKind.Records
    )]
    public void Everything_that_is_kept_can_be_measured(string text, ItemKind kind) =>
        Compile(text).Inputs[0].Source.Kind.ShouldBe(kind);

    [Theory]
    [InlineData("source: SalesOrder\nmeasure: max\nvalue: orderedAt", ExpressionType.Instant)]
    [InlineData("source: SalesOrder\nmeasure: last\nvalue: status", ExpressionType.Text)]
    [InlineData("source: SalesOrder\nmeasure: distinct\nvalue: status", ExpressionType.Number)]
    [InlineData(
        "source: Case\nmeasure: average\nvalue: (record.closedAt - createdAt) / 1 hour",
        ExpressionType.Number
    )]
    public void The_type_of_the_value_follows(string text, ExpressionType type) =>
        Compile(text).Type.ShouldBe(type);

    public static TheoryData<string, int, int, string> Mistakes { get; } =
        new()
        {
            { "", 1, 1, "empty" },
            { "measure: count", 1, 1, "What is it computed from?" },
            { "source: SalesOrder", 1, 1, "What is made of the items?" },
            { "source: SaleOrder\nmeasure: count", 1, 9, "Did you mean `SalesOrder`?" },
            { "source: SalesOrder\nmeasure: cont", 2, 10, "Did you mean `count`?" },
            { "source: SalesOrder\nmeasure: count\nwher: true", 3, 1, "Did you mean `where`?" },
            {
                "source: SalesOrder\nmeasure: count\nwhere: totl > 1",
                3,
                8,
                "Did you mean `total`?"
            },
            {
                "source: SalesOrder\nmeasure: count\nwhere: total > 1 and channl = 'x'",
                3,
                22,
                "`channl`"
            },
            { "source: SalesOrder\nmeasure: count\nwhere: total", 3, 8, "a condition is expected" },
            {
                "source: SalesOrder\nmeasure: count\nwhere: orderedAt < now",
                3,
                20,
                "`now` is not known here"
            },
            { "source: SalesOrder\nmeasure: count\nwhere: [a]", 3, 8, "Expected an expression." },
            { "source: SalesOrder\nmeasure: sum", 1, 1, "Say of what" },
            { "source: SalesOrder\nmeasure: sum\nvalue: status", 3, 8, "a number is expected" },
            {
                "source: SalesOrder\nmeasure: count\nvalue: total",
                3,
                8,
                "What is counted has no value."
            },
            { "source: SalesOrder\nmeasure: count\nwindow: 90", 3, 9, "a duration" },
            { "source: SalesOrder\nmeasure: count\nwindow: 0 days", 3, 9, "from 1" },
            {
                "source: SalesOrder\nmeasure: count\nwindow: 1 day\nhalfLife: 1 day",
                4,
                11,
                "not both"
            },
            {
                "source: SalesOrder\nmeasure: max\nvalue: total\nhalfLife: 1 day",
                4,
                11,
                "Only a count and a sum fade"
            },
            { "source: SalesOrder\nmeasure: max\nvalue: total = 1", 3, 8, "no lowest" },
            {
                "source: SalesOrder\nmeasure: max\nvalue: total\nby: status",
                4,
                5,
                "can be divided"
            },
            { "source: SalesOrder\nmeasure: count\ntop: 3", 3, 6, "Only what is divided" },
            { "source: SalesOrder\nmeasure: count\nby: []", 3, 5, "Between 1 and 3" },
            {
                "source: SalesOrder\nmeasure: count\ncurrency: currency",
                3,
                11,
                "Only an amount has a currency."
            },
            {
                "source: SalesOrder\nmeasure: sum\nvalue: total\nby: status\ncurrency: currency",
                5,
                11,
                "or `by` something else"
            },
            {
                "source: SalesOrder\nmeasure: ratio\nnumerator: {}",
                1,
                1,
                "a `numerator` and a `denominator`"
            },
            {
                "source: SalesOrder\nmeasure: count\nnumerator: {}",
                3,
                12,
                "Only a ratio has a numerator."
            },
            {
                "source: SalesOrder\nmeasure: ratio\nnumerator: { value: status }\ndenominator: {}",
                3,
                21,
                "a number is expected"
            },
            {
                "source: SalesOrder\nmeasure: last\nvalue: status\ndeadBand: 1",
                4,
                11,
                "Only a number"
            },
            { "source: SalesOrder\nmeasure: count\ndeadBand: -1", 3, 11, "not below 0" },
            { "source: SalesOrder\nmeasure: count\nof: household", 3, 5, "individual" },
            {
                "source: SalesOrder\nmeasure: count\nwrites: { object: Contact }",
                3,
                9,
                "which `field`"
            },
            {
                "source: Engagement\nmeasure: distinct\nvalue: name\nwindow: 1 day",
                4,
                9,
                "counted and not kept"
            },
            {
                "source: Engagement\nmeasure: count\nby: name\nwindow: 1 day",
                4,
                9,
                "counted and not kept"
            },
            {
                "source: Engagement\nmeasure: distinct\nvalue: name\nby: category",
                4,
                5,
                "counted and not kept"
            },
            {
                "source: SalesOrder\nmeasure: distinct\nvalue: total\nby: status\nwindow: 1 day",
                5,
                9,
                "more than is kept"
            },
            { "source: Engagement\nmeasure: count\nat: item.at", 3, 5, "counts when it happened" },
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
        var (insight, errors) = InsightDefinition.Compile("spent", text, Declared);

        insight.ShouldBeNull();
        DefinitionError error = errors.ShouldHaveSingleItem();
        error.Message.ShouldContain(message);
        (error.Line, error.Column).ShouldBe((line, column), error.Message);
    }

    [Fact]
    public void A_field_that_streams_give_two_types_cannot_be_computed_with()
    {
        DeclaredField[] declared =
        [
            new("SalesOrder", "status", FieldType.Text),
            new("SalesOrder", "rank", FieldType.Text),
            new("SalesOrder", "rank", FieldType.Number),
        ];

        var (_, errors) = InsightDefinition.Compile(
            "ranked",
            "source: SalesOrder\nmeasure: count\nwhere: rank = 1",
            declared
        );

        errors
            .ShouldHaveSingleItem()
            .Message.ShouldBe(
                "`rank` is declared as a number and as a text; data streams have to agree first."
            );
    }

    [Theory]
    [InlineData(60, true)]
    [InlineData(61, false)]
    public void A_name_has_a_limit(int length, bool isName)
    {
        var (insight, _) = InsightDefinition.Compile(
            new string('a', length),
            "source: SalesOrder\nmeasure: count",
            Declared
        );

        (insight is not null).ShouldBe(isName);
    }

    [Theory]
    [InlineData("Spent")]
    [InlineData("9lives")]
    [InlineData("a-b")]
    [InlineData("")]
    public void A_name_is_one_that_expressions_can_speak(string name) =>
        InsightDefinition
            .Compile(name, "source: SalesOrder\nmeasure: count", Declared)
            .Insight.ShouldBeNull();

    [Theory]
    [InlineData("by: [status, channel, currency]", true)]
    [InlineData("by: [status, channel, currency, number]", false)]
    [InlineData("by: status\ntop: 20", true)]
    [InlineData("by: status\ntop: 21", false)]
    [InlineData("by: status\ntop: 0", false)]
    public void Parts_have_a_limit(string parts, bool isRight) =>
        (
            InsightDefinition
                .Compile("parts", $"source: SalesOrder\nmeasure: count\n{parts}", Declared)
                .Insight
            is not null
        ).ShouldBe(isRight);

    private static InsightDefinition Compile(string text)
    {
        var (insight, errors) = InsightDefinition.Compile("spent", text, Declared);
        errors.ShouldBeEmpty();
        return insight!;
    }
}
