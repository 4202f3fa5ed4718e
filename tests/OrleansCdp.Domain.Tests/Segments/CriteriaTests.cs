using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>How criteria are read and written, and how what is wrong with them is told.</summary>
public sealed class CriteriaTests
{
    public static TheoryData<string, string> Forms =>
        new()
        {
            { "count( SalesOrder )>=2", "count(SalesOrder) >= 2" },
            {
                "count(SalesOrder within last 365 days where (total>100)) >= 2",
                "count(SalesOrder within last 1 year where total > 100) >= 2"
            },
            {
                "sum(line.amount of SalesOrder.lines) > 5",
                "sum(line.amount of SalesOrder.lines) > 5"
            },
            {
                "not last(SalesOrder) within last 90 days",
                "not last(SalesOrder) within last 90 days"
            },
            {
                "last(status of SalesOrder) = 'open' or first(Case) is null",
                "last(status of SalesOrder) = 'open' or first(Case) is null"
            },
            {
                "sequence(Engagement within last 3 days where name='cart' then no SalesOrder within 24 hours)",
                "sequence(Engagement within last 3 days where name = 'cart' then no SalesOrder within 1 day)"
            },
            {
                "sequence(Engagement then Engagement within 2 hours where name = 'b' then SalesOrder within 7 days)",
                "sequence(Engagement then Engagement within 2 hours where name = 'b' then SalesOrder within 1 week)"
            },
            {
                "in segment other and not in segment tiers.gold",
                "in segment other and not in segment tiers.gold"
            },
            { "(not in segment other) = true", "(not in segment other) = true" },
            {
                "insights.spent >= 5000 and insights.channels.top = 'web'",
                "insights.spent >= 5000 and insights.channels.top = 'web'"
            },
            {
                "account.renewalDate within next 90 days",
                "account.renewalDate within next 90 days"
            },
            { "account.insights.open_cases > 0", "account.insights.open_cases > 0" },
            {
                "renewsAt within next 1 calendar months in 'Europe/Berlin'",
                "renewsAt within next 1 calendar month in 'Europe/Berlin'"
            },
            {
                "renewsAt not within last 2 calendar week",
                "renewsAt not within last 2 calendar weeks"
            },
            { "vip for at least 600 seconds", "vip for at least 10 minutes" },
            { "vip or score>1 for at least 1 day", "vip or score > 1 for at least 1 day" },
        };

    [Theory]
    [MemberData(nameof(Forms))]
    public void There_is_one_way_to_write_them(string text, string normal)
    {
        string[] others = ["other", "tiers", "tiers.gold"];

        Segmented.Of(text, "some", others).NormalForm.ShouldBe(normal);
        Segmented.Of(normal, "some", others).NormalForm.ShouldBe(normal, "it is read as written");
    }

    public static TheoryData<string, int, string> Flaws =>
        new()
        {
            { "cty = 'x'", 11, "`cty` is not declared. Did you mean `city`?" },
            {
                "unclear = 'x'",
                11,
                "`unclear` is declared as a number and as a text; data streams have to agree first."
            },
            {
                "insights.spend > 1",
                11,
                "`insights.spend` is not declared. Did you mean `insights.spent`?"
            },
            { "vip and in segment othr", 30, "There is no segment `othr`. Did you mean `other`?" },
            { "in segment some", 22, "A segment cannot ask who is in itself." },
            { "cuont(SalesOrder) > 1", 11, "There is no function `cuont`. Did you mean `count`?" },
            {
                "vip and cuont(SalesOrder within last 90 days) > 1",
                19,
                "There is no function `cuont`. Did you mean `count`?"
            },
            {
                "sequnce(Case then no SalesOrder within 1 day)",
                11,
                "There is no function `sequnce`. Did you mean `sequence`?"
            },
            {
                "count(SalesOrdr) > 1",
                17,
                "No data stream brings `SalesOrdr`. Did you mean `SalesOrder`?"
            },
            {
                "count(SalesOrder where totl > 1) > 1",
                34,
                "`totl` is not declared. Did you mean `total`?"
            },
            {
                "count(SalesOrder where total) > 1",
                34,
                "`total` is a number; a condition is expected here."
            },
            { "count(total of SalesOrder) > 1", 17, "What is counted has no value." },
            { "sum(SalesOrder) > 1", 11, "Say of what: `sum(VALUE of SalesOrder)`." },
            {
                "sum(status of SalesOrder) > 1",
                11,
                "`status` is a text; a number is expected here."
            },
            {
                "median(seconds of Engagement) > 1",
                11,
                "What was done is counted and not kept: the middle of it is not known."
            },
            {
                "sequence(Engagement then no SalesOrder within 1 day then Case within 1 day)",
                39,
                "Only the last thing of a sequence can be missing."
            },
            {
                "count(SalesOrder)",
                11,
                "`count(SalesOrder)` is a number; a condition is expected here."
            },
            {
                "renewsAt within last 1 calendar day in 'Europe/Berln'",
                50,
                "There is no time zone `Europe/Berln`. Did you mean `Europe/Berlin`?"
            },
            {
                "city within last 1 calendar day",
                16,
                "Only an instant is `within` a span; `city` is a text."
            },
            {
                "now within last 1 calendar day",
                15,
                "What changes all the time is compared, and not looked for in a calendar."
            },
            {
                "renewsAt within last 0 calendar days",
                32,
                "A span of a calendar is a whole number, from 1 up to 36500 calendar days."
            },
            {
                "renewsAt within last 101 calendar years",
                32,
                "A span of a calendar is a whole number, from 1 up to 100 calendar years."
            },
            { "vip for at 1 day", 22, "Expected `least` where `1` stands here." },
            { "sequence(Engagement) ", 30, "Expected `then` or `where` where `)` stands here." },
        };

    [Theory]
    [MemberData(nameof(Flaws))]
    public void What_is_wrong_is_told_with_its_place(string criteria, int column, string message)
    {
        DefinitionError error = Segmented
            .Wrong($"criteria: {criteria}", "other")
            .ShouldHaveSingleItem();

        (error.Message, error.Line, error.Column).ShouldBe((message, 1, column));
        error.Path.ShouldBe("criteria");
    }

    [Fact]
    public void Only_segments_ask_for_measures()
    {
        var (insight, errors) = Insights.InsightDefinition.Compile(
            "some",
            "source: SalesOrder\nmeasure: count\nwhere: count(Case) > 1",
            Segmented.Declared
        );

        insight.ShouldBeNull();
        errors
            .ShouldHaveSingleItem()
            .Message.ShouldBe("`count(Case)` is asked in criteria of segments, not here.");
    }

    [Fact]
    public void Equal_measures_of_different_segments_are_one_insight()
    {
        SegmentInput one = Segmented.Of("count(SalesOrder where total > 1) > 2").Inputs.Single();
        SegmentInput two = Segmented
            .Of("vip or count( SalesOrder  where (total > 1) ) > 9", "two")
            .Inputs.Single(input => input.Kind == SegmentInputKind.Measured);

        two.ShouldBe(one);
        two.Derived.Single().ShouldBe(one.Derived.Single());
        one.Derived[0].Name.ShouldMatch("^segment_[0-9a-f]{20}$");
    }
}
