using CsCheck;

namespace OrleansCdp.Expressions;

/// <summary>A condition says beforehand when the passing of time alone can change it.</summary>
public sealed class CourseTests
{
    private static readonly Gen<string> Span = Gen.Select(
        Gen.Int[1, 80],
        Gen.OneOf("days", "hours", "minutes"),
        (n, unit) => $"{n} {unit}"
    );

    private static readonly Gen<string> Comparison = Gen.OneOf("<", "<=", ">", ">=", "=", "!=");

    private static readonly Gen<string> Days = Gen.OneOf(
        Gen.Const("(now - orderedAt) / 1 day"),
        Gen.Const("-(orderedAt - now) / 1 day * 2"),
        Gen.Const("floor((now - orderedAt) / 1 day)"),
        Gen.Const("-ceiling((orderedAt - now) / 1 day)"),
        Gen.Const("round((now - orderedAt) / 6 hours)"),
        Gen.Const("-round((now - orderedAt) / 1 day - 45)"),
        Gen.Const("abs((now - orderedAt) / 1 day - 33)"),
        Gen.Const("least((now - orderedAt) / 1 day, 33, total)"),
        Gen.Const("greatest(31, (now - orderedAt) / 1 day)"),
        Gen.Const("coalesce((now - never) / 1 day, (now - orderedAt) / 1 day)"),
        Gen.Const("if(now > orderedAt + 31 days, 40, (now - orderedAt) / 1 day)"),
        Gen.Const("(now - never) / 1 day"),
        Gen.Const("total")
    );

    private static readonly Gen<string> Test = Gen.OneOf(
        Gen.Select(Days, Comparison, Gen.Int[25, 40], (days, op, n) => $"{days} {op} {n}"),
        Gen.Select(Comparison, Span, (op, span) => $"now - orderedAt {op} {span}"),
        Gen.Select(Comparison, Span, (op, span) => $"orderedAt + {span} {op} now"),
        Gen.Select(Comparison, Span, (op, span) => $"greatest(now, orderedAt + {span}) {op} now"),
        Gen.Select(
            Gen.OneOf("orderedAt", "never", "orderedAt + 31 days", "orderedAt + 70 days"),
            Gen.OneOf("within last", "not within last", "within next", "not within next"),
            Span,
            (at, how, span) => $"{at} {how} {span}"
        ),
        Gen.Const("(now - orderedAt) is null"),
        Gen.Const("status = 'Shipped'")
    );

    private static readonly Gen<string> Condition = Gen.Recursive<string>(
        (depth, inner) =>
            depth > 2
                ? Test
                : Gen.Frequency(
                    (2, Test),
                    (
                        2,
                        Gen.Select(
                            Gen.OneOf("and", "or"),
                            inner,
                            inner,
                            (op, left, right) => $"({left}) {op} ({right})"
                        )
                    ),
                    (1, inner.Select(of => $"not ({of})"))
                )
    );

    [Fact]
    public void Until_the_moment_it_tells_a_condition_holds_or_does_not_as_it_did() =>
        Gen.Select(Condition, Gen.Double[0, 1], Gen.Double[0, 1])
            .Sample(
                (text, one, other) =>
                {
                    Expression<bool> condition = Compiled(text);
                    DateTimeOffset end = Orders.Today.AddDays(100);
                    DateTimeOffset now = Orders.Today;
                    for (int steps = 0; now < end; steps++)
                    {
                        steps.ShouldBeLessThan(2_000, text); // What only seems to change is not asked at each tick.
                        bool held = condition.Holds(At(now));
                        DateTimeOffset next = condition.CourseOf(At(now)).Until ?? end;
                        next.ShouldBeGreaterThan(now, text);
                        foreach (double share in new[] { one, other, 1 })
                        {
                            long ahead = (long)((next.UtcTicks - now.UtcTicks - 1) * share);
                            DateTimeOffset between = now.AddTicks(ahead);
                            condition.Holds(At(between)).ShouldBe(held, $"{text} at {between:O}");
                        }

                        now = next;
                    }
                },
                iter: 2_000 * Laws.Thoroughness
            );

    [Theory]
    [InlineData("orderedAt within last 30 days", null)]
    [InlineData("orderedAt within last 31 days", "2027-01-05T12:00:00Z")]
    [InlineData("orderedAt + 31 days within next 1 day", "2027-01-05T12:00:00Z")]
    [InlineData("orderedAt + 40 days within next 1 day", "2027-01-13T12:00:00Z")]
    [InlineData("orderedAt within next 1 day", null)]
    [InlineData("never within last 1 day", null)]
    [InlineData("now - orderedAt >= 31 days", "2027-01-05T12:00:00Z")]
    [InlineData("now - orderedAt > 31 days", "2027-01-05T12:00:00.000001Z")]
    [InlineData("now - orderedAt > 29 days", null)]
    [InlineData("now - orderedAt = 30 days", "2027-01-04T12:00:00.000001Z")]
    [InlineData("floor((now - orderedAt) / 1 day) >= 40", "2027-01-05T12:00:00Z")]
    [InlineData("(now - orderedAt) / 1 day >= 40", "2027-01-14T12:00:00Z")]
    [InlineData("total > 1 and orderedAt within last 31 days", "2027-01-05T12:00:00Z")]
    [InlineData("total < 1 and orderedAt within last 31 days", null)]
    [InlineData("total > 1 or orderedAt within last 31 days", null)]
    [InlineData(
        "now - orderedAt > 40 days and orderedAt within last 31 days",
        "2027-01-14T12:00:00.000001Z"
    )]
    [InlineData("now + 1 day > @9999-12-31", "9999-12-30T00:00:00.000001Z")]
    [InlineData("(now - orderedAt) / 1 day * 0.001 > 10000000000", null)]
    public void It_tells_the_first_moment_to_the_microsecond(string text, string? until)
    {
        const long step = TimeSpan.TicksPerMicrosecond;

        DateTimeOffset? told = Compiled(text).CourseOf(new Orders()).Until;

        string? up = told is { UtcTicks: var ticks }
            ? Rfc3339.Format(new DateTimeOffset((ticks + step - 1) / step * step, TimeSpan.Zero))
            : null;
        up.ShouldBe(until, text);
    }

    [Theory]
    [InlineData(
        "(now - orderedAt) / 1 day * ((now - orderedAt) / 1 day) > 4",
        "What changes all the time is neither multiplied with another such value nor divided by."
    )]
    [InlineData(
        "total / ((now - orderedAt) / 1 day) > 4",
        "What changes all the time is neither multiplied with another such value nor divided by."
    )]
    [InlineData(
        "(now - orderedAt) * 2 > 4 days",
        "A duration that changes all the time is divided by a duration, such as `1 day`, first."
    )]
    [InlineData(
        "2 * (now - orderedAt) > 4 days",
        "A duration that changes all the time is divided by a duration, such as `1 day`, first."
    )]
    [InlineData(
        "(now - orderedAt) / 1000 > 4 days",
        "A duration that changes all the time is divided by a duration, such as `1 day`, first."
    )]
    [InlineData(
        "(now - orderedAt) / 1 day in (1, 2)",
        "What changes all the time is compared, and not looked for in a set."
    )]
    public void What_cannot_be_told_beforehand_is_refused(string text, string message)
    {
        List<ExpressionError> errors = [];

        Orders.Compile(text, errors).ShouldBeNull();

        errors.ShouldHaveSingleItem().Message.ShouldBe(message);
    }

    private static Orders At(DateTimeOffset moment) => new() { Now = moment };

    private static Expression<bool> Compiled(string text)
    {
        List<ExpressionError> errors = [];
        CompiledExpression? compiled = Orders.Compile(text, errors);
        errors.ShouldBeEmpty(text);
        return (Expression<bool>)compiled!.Root;
    }
}
