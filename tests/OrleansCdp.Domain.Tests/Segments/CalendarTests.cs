using System.Globalization;
using CsCheck;
using OrleansCdp.Expressions;

namespace OrleansCdp.Segments;

/// <summary>Days, weeks, months and years of the calendar of a place.</summary>
public sealed class CalendarTests
{
    private static readonly string[] Zones =
    [
        "Europe/Berlin",
        "America/New_York",
        "America/Sao_Paulo", // Clocks were put forward at midnight there: some days begin at one o'clock.
        "Asia/Kathmandu",
        "UTC",
    ];

    [Theory]
    // 2027-03-28 has 23 hours in Berlin, 2027-10-31 has 25.
    [InlineData("last 1 calendar day", "2027-03-27T23:00:00Z", "2027-03-28T21:59:59Z", true)]
    [InlineData("last 1 calendar day", "2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z", false)]
    [InlineData("last 1 calendar day", "2027-03-27T22:59:59Z", "2027-03-27T23:00:00Z", false)]
    [InlineData("last 1 calendar day", "2027-10-30T22:00:00Z", "2027-10-31T22:59:59Z", true)]
    [InlineData("last 1 calendar day", "2027-10-30T22:00:00Z", "2027-10-31T23:00:00Z", false)]
    [InlineData("last 1 calendar day", "2027-06-01T12:00:01Z", "2027-06-01T12:00:00Z", false)]
    [InlineData("last 2 calendar days", "2027-05-31T22:00:00Z", "2027-06-02T21:59:59Z", true)]
    [InlineData("last 2 calendar days", "2027-05-31T21:59:59Z", "2027-06-02T12:00:00Z", false)]
    [InlineData("next 1 calendar day", "2027-06-01T21:59:59Z", "2027-06-01T12:00:00Z", true)]
    [InlineData("next 1 calendar day", "2027-06-01T22:00:00Z", "2027-06-01T12:00:00Z", false)]
    [InlineData("next 1 calendar day", "2027-06-01T12:00:00Z", "2027-06-01T12:00:00Z", false)]
    // 2027-06-07 is a Monday.
    [InlineData("last 1 calendar week", "2027-06-06T22:00:00Z", "2027-06-13T21:59:59Z", true)]
    [InlineData("last 1 calendar week", "2027-06-06T21:59:59Z", "2027-06-07T12:00:00Z", false)]
    [InlineData("last 1 calendar month", "2027-01-31T23:00:00Z", "2027-02-28T22:59:59Z", true)]
    [InlineData("last 1 calendar month", "2027-01-31T22:59:59Z", "2027-02-28T12:00:00Z", false)]
    [InlineData("next 2 calendar months", "2027-03-31T21:59:59Z", "2027-02-01T12:00:00Z", true)]
    [InlineData("next 2 calendar months", "2027-03-31T22:00:00Z", "2027-02-01T12:00:00Z", false)]
    [InlineData("last 1 calendar year", "2026-12-31T23:00:00Z", "2027-12-31T22:59:59Z", true)]
    [InlineData("last 1 calendar year", "2026-12-31T22:59:59Z", "2027-12-31T12:00:00Z", false)]
    public void An_instant_lies_in_the_days_of_its_calendar(
        string span,
        string instant,
        string now,
        bool isIn
    )
    {
        Expression<bool> within = Of($"renewsAt within {span} in 'Europe/Berlin'");
        Expression<bool> outside = Of($"renewsAt not within {span} in 'Europe/Berlin'");
        Facts facts = new(Parse(instant), Parse(now));

        (within.Holds(facts), outside.Holds(facts)).ShouldBe((isIn, !isIn));
    }

    [Fact]
    public void What_has_no_value_lies_neither_in_them_nor_outside()
    {
        Facts facts = new(null, Parse("2027-06-01T12:00:00Z"));

        Of("renewsAt within last 1 calendar day").Holds(facts).ShouldBeFalse();
        Of("renewsAt not within last 1 calendar day").Holds(facts).ShouldBeFalse();
    }

    [Fact]
    public void Without_a_name_it_is_the_calendar_of_the_definition()
    {
        SegmentDefinition segment = Segmented.Definition(
            "criteria: renewsAt within last 1 calendar day\ntimeZone: Asia/Kathmandu"
        );
        Facts facts = new(Parse("2027-06-01T18:15:00Z"), Parse("2027-06-02T18:14:59Z"));

        ((Expression<bool>)segment.Tiers[0].Condition.Root).Holds(facts).ShouldBeTrue();
        Of("renewsAt within last 1 calendar day").Holds(facts).ShouldBeFalse();
    }

    [Fact]
    public void Until_the_moment_it_tells_the_answer_stays_and_none_is_missed() =>
        Gen.Select(
                Gen.OneOf(Zones),
                Gen.OneOf("last", "next"),
                Gen.Int[1, 4],
                Gen.OneOf("days", "weeks", "months"),
                Gen.Int[-60, 60],
                Gen.OneOf("2027-03-20", "2018-11-01", "2011-12-25")
            )
            .Sample(
                (zone, way, count, unit, hours, day) =>
                {
                    string text = $"renewsAt within {way} {count} calendar {unit} in '{zone}'";
                    Expression<bool> condition = Of(text);
                    DateTimeOffset start = Parse(day + "T00:00:00Z");
                    DateTimeOffset instant = start.AddDays(10).AddHours(hours);
                    DateTimeOffset? until = null;
                    bool held = false;
                    for (int step = 0; step < 4 * 24 * 20; step++)
                    {
                        DateTimeOffset now = start.AddMinutes(15 * step);
                        Facts facts = new(instant, now);
                        bool holds = condition.Holds(facts);
                        if (step > 0 && !(until <= now))
                        {
                            holds.ShouldBe(held, $"{text} of {instant:O} at {now:O}");
                        }

                        (held, until) = (holds, condition.CourseOf(facts).Until);
                        (until is null || until > now).ShouldBeTrue(text);
                    }
                },
                iter: 300 * Laws.Thoroughness
            );

    private static DateTimeOffset Parse(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static Expression<bool> Of(string criteria) =>
        (Expression<bool>)Segmented.Of(criteria).Tiers[0].Condition.Root;

    private sealed record Facts(DateTimeOffset? RenewsAt, DateTimeOffset Now) : IFacts
    {
        public FieldValue? Find(int slot) =>
            RenewsAt is { } instant ? FieldValue.Of(instant) : null;
    }
}
