using CsCheck;

namespace OrleansCdp.Expressions;

/// <summary>How expressions are read and written.</summary>
public sealed class ExpressionTextTests
{
    [Theory]
    [InlineData("  total>100  and\n status='x' ", "total > 100 and status = 'x'")]
    [InlineData("((total)) > (100)", "total > 100")]
    [InlineData("(paid or paid) and paid", "(paid or paid) and paid")]
    [InlineData("paid or (paid and paid)", "paid or paid and paid")]
    [InlineData("not (paid)", "not paid")]
    [InlineData("not (paid and paid)", "not (paid and paid)")]
    [InlineData("(not paid) = true", "(not paid) = true")]
    [InlineData("(total + 1) * 2", "(total + 1) * 2")]
    [InlineData("total - (1 - 2)", "total - (1 - 2)")]
    [InlineData("(total - 1) - 2", "total - 1 - 2")]
    [InlineData("-(total)", "-total")]
    [InlineData("- - 5", "-(-5)")]
    [InlineData("-(total + 1)", "-(total + 1)")]
    [InlineData("total = 1.50", "total = 1.5")]
    [InlineData("total = .5", "total = 0.5")]
    [InlineData("now - 24 hours", "now - 1 day")]
    [InlineData("now - 14 days", "now - 2 weeks")]
    [InlineData("now - 90 minutes", "now - 90 minutes")]
    [InlineData("now - 1 days", "now - 1 day")]
    [InlineData("orderedAt within last 365 days", "orderedAt within last 1 year")]
    [InlineData("status = \"it's\"", "status = 'it\\'s'")]
    [InlineData("status = 'a\\\\b\\n'", "status = 'a\\\\b\\u000a'")]
    [InlineData("status = '😀'", "status = '😀'")]
    [InlineData("`total` > 1", "total > 1")]
    [InlineData("`Région` is  not  null", "`Région` is not null")]
    [InlineData("@2027-01-04T00:00:00Z < now", "@2027-01-04 < now")]
    [InlineData("@2027-01-04T10:00:00+02:00 < now", "@2027-01-04T08:00:00Z < now")]
    [InlineData("status in('a' ,\"b\")", "status in ('a', 'b')")]
    [InlineData("account . industry = 'x'", "account.industry = 'x'")]
    [InlineData("if( paid,1 ,2)", "if(paid, 1, 2)")]
    public void There_is_one_way_to_write_it(string text, string normal)
    {
        List<ExpressionError> errors = [];

        CompiledExpression? compiled = Orders.Compile(text, errors);

        errors.ShouldBeEmpty();
        compiled!.NormalForm.ShouldBe(normal);
        Orders.Compile(normal, errors)!.NormalForm.ShouldBe(normal, "and it is read as written");
    }

    [Theory]
    [InlineData("", 0, "empty")]
    [InlineData("   ", 0, "empty")]
    [InlineData("total >", 7, "a value")]
    [InlineData("total > 1 and", 13, "a value")]
    [InlineData("total 1", 6, "`and`")]
    [InlineData("total > 1 status", 10, "`status`")]
    [InlineData("(total > 1", 10, "`)`")]
    [InlineData("total > 1)", 9, "the end")]
    [InlineData("total is 1", 9, "`null`")]
    [InlineData("status in 'a'", 10, "`(`")]
    [InlineData("status in ()", 11, "a value")]
    [InlineData("status starts 'a'", 14, "`with`")]
    [InlineData("orderedAt within 3 days", 17, "`last` or `next`")]
    [InlineData("orderedAt within last 3 moons", 24, "a unit")]
    [InlineData("orderedAt within last days", 22, "a duration")]
    [InlineData("account. = 1", 9, "a name")]
    [InlineData("total == 1", 7, "a value")]
    [InlineData("status = 'open", 9, "a value")]
    [InlineData("total > 1.2.3", 8, "no number")]
    [InlineData("total > 12345678901234567890123456789", 8, "no number")]
    [InlineData("now - 0 days", 6, "from 1")]
    [InlineData("now - 1.5 days", 6, "whole number")]
    [InlineData("now - 101 years", 6, "up to 100 years")]
    [InlineData("@2027-02-30 < now", 0, "no instant")]
    [InlineData("@soon < now", 0, "no instant")]
    [InlineData("status in ('a', -'b')", 16, "minus")]
    [InlineData("status = '\\u0000'", 9, "NUL")]
    [InlineData("total > 1 § 2", 10, "`§`")]
    public void What_is_not_well_formed_is_told_with_its_place(string text, int at, string message)
    {
        List<ExpressionError> errors = [];

        Orders.Compile(text, errors).ShouldBeNull();

        ExpressionError error = errors.ShouldHaveSingleItem();
        error.Message.ShouldContain(message);
        error.At.ShouldBe(at, error.Message);
    }

    [Theory]
    [InlineData("totl > 1", 0, "`totl` is not declared. Did you mean `total`?")]
    [InlineData("total > 'a'", 6, "`total`, a number, and `'a'`, a text")]
    [InlineData("paid + 1", 5, "`paid`, a condition")]
    [InlineData("paid < true", 5, "`<` does not go between")]
    [InlineData("total and paid", 0, "`total` is a number; a condition is expected here.")]
    [InlineData("not total", 4, "a condition is expected here")]
    [InlineData("-status", 0, "a minus", true)]
    [InlineData("status in ('a', 1)", 16, "`1` is a number; `status` is a text.")]
    [InlineData("total within last 1 day", 6, "Only an instant is `within` a span")]
    [InlineData("lowr(status)", 0, "There is no function `lowr`. Did you mean `lower`?")]
    [InlineData("lower(total)", 0, "`lower` wants a text; it is given a number.")]
    [InlineData("lower()", 0, "it is given nothing")]
    [InlineData("if(paid, 1, 'a')", 0, "two values of one type")]
    [InlineData("coalesce(total)", 0, "two or more values")]
    [InlineData("least(paid, paid)", 0, "two or more numbers")]
    [InlineData("orderedAt + orderedAt", 10, "`+` does not go between")]
    public void What_does_not_fit_is_told_with_its_place_and_what_would(
        string text,
        int at,
        string message,
        bool ignoringCase = false
    )
    {
        List<ExpressionError> errors = [];

        Orders.Compile(text, errors).ShouldBeNull();

        ExpressionError error = errors.ShouldHaveSingleItem();
        error.Message.ShouldContain(message, ignoringCase ? Case.Insensitive : Case.Sensitive);
        error.At.ShouldBe(at);
    }

    [Theory]
    [InlineData("now > orderedAt", "now")]
    [InlineData("orderedAt within last 1 day", "within")]
    public void Where_a_value_must_not_change_by_itself_time_is_unknown(string text, string word)
    {
        List<ExpressionError> errors = [];

        Orders.Compile(text, errors, knowsNow: false).ShouldBeNull();

        errors.ShouldHaveSingleItem().Message.ShouldContain($"`{word}` is not known here");
    }

    [Fact]
    public void A_value_of_another_type_than_wanted_is_refused()
    {
        List<ExpressionError> errors = [];

        Orders.Compile("total + 1", errors, wanted: ExpressionType.Boolean).ShouldBeNull();

        errors
            .ShouldHaveSingleItem()
            .Message.ShouldBe("`total + 1` is a number; a condition is expected here.");
        Orders.Compile("total + 1", [], wanted: ExpressionType.Number).ShouldNotBeNull();
    }

    [Fact]
    public void A_place_has_a_line_and_a_column()
    {
        const string text = "total > 1\n  and totl > 2";
        List<ExpressionError> errors = [];

        Orders.Compile(text, errors);

        errors.ShouldHaveSingleItem().PlaceIn(text).ShouldBe((2, 7));
    }

    [Fact]
    public void What_an_expression_names_and_whether_it_changes_by_itself_is_known()
    {
        CompiledExpression still = Orders.Compile("status = 'a' and total > 1", [])!;
        CompiledExpression moving = Orders.Compile("orderedAt within last 1 day", [])!;

        still.Slots.ShouldBe([0, 1]);
        still.UsesNow.ShouldBeFalse();
        moving.Slots.ShouldBe([2]);
        moving.UsesNow.ShouldBeTrue();
        still.Cost.ShouldBe(7);
    }

    [Theory]
    [InlineData(ExpressionParser.TextMax, true)]
    [InlineData(ExpressionParser.TextMax + 1, false)]
    public void A_text_has_a_limit(int length, bool isRead)
    {
        List<ExpressionError> errors = [];

        Orders.Compile("paid".PadRight(length), errors).ShouldBe(isRead);

        errors.Count.ShouldBe(isRead ? 0 : 1);
    }

    [Theory]
    [InlineData(ExpressionParser.DepthMax, true)]
    [InlineData(ExpressionParser.DepthMax + 1, false)]
    [InlineData(1_900, false)]
    public void Brackets_have_a_limit(int depth, bool isRead)
    {
        string text = new string('(', depth) + "paid" + new string(')', depth);
        List<ExpressionError> errors = [];

        Orders.Compile(text, errors).ShouldBe(isRead);

        errors.Count.ShouldBe(isRead ? 0 : 1);
    }

    [Theory]
    [InlineData(ExpressionCompiler.PartsMax / 2, true)]
    [InlineData((ExpressionCompiler.PartsMax / 2) + 1, false)]
    public void Parts_have_a_limit(int names, bool isRead)
    {
        // So many names, and one `or` less.
        string text = string.Join(" or ", Enumerable.Repeat("paid", names));
        List<ExpressionError> errors = [];

        Orders.Compile(text, errors).ShouldBe(isRead);

        errors.Count.ShouldBe(isRead ? 0 : 1);
    }

    [Fact]
    public void Whatever_is_written_is_read_again_as_the_same()
    {
        Trees.Condition.Sample(
            tree =>
            {
                string text = ExpressionPrinter.Print(tree);
                List<ExpressionError> errors = [];
                Syntax? read = ExpressionParser.Parse(text, errors);

                errors.ShouldBeEmpty(text);
                ExpressionPrinter.Print(read!).ShouldBe(text);
                Orders.ValueOf(text).ShouldBe(Orders.ValueOf(Spaced(text)));
            },
            iter: 2_000
        );
    }

    /// <summary>Whatever somebody writes, reading ends with a tree or with one error at a place in the text.</summary>
    [Fact]
    public void No_text_whatever_breaks_the_reading()
    {
        Gen<string> words = Gen.OneOf(
            "total",
            "and",
            "or",
            "not",
            "(",
            ")",
            ",",
            "'",
            "`",
            "@",
            ".",
            "-",
            "1",
            "day",
            "in",
            "is",
            "null",
            "within",
            "last",
            "\\",
            "\0",
            "\ud800",
            "if(",
            "=",
            "<"
        );
        words
            .Array[0, 40]
            .Select(parts => string.Join(' ', parts))
            .Sample(
                text =>
                {
                    List<ExpressionError> errors = [];
                    bool isRead = Orders.Compile(text, errors) is not null;
                    errors.Count.ShouldBe(isRead ? 0 : errors.Count, text);
                    (isRead || errors.Count > 0).ShouldBeTrue(text);
                    errors.ShouldAllBe(error => error.At >= 0 && error.At <= text.Length);
                },
                iter: 20_000
            );
    }

    private static string Spaced(string text) =>
        text.Contains('\'', StringComparison.Ordinal)
            ? text
            : text.Replace(" ", "  \n", StringComparison.Ordinal);
}

/// <summary>Expectations of what is compiled.</summary>
internal static class CompiledExpectations
{
    public static void ShouldBe(this CompiledExpression? compiled, bool exists) =>
        (compiled is not null).ShouldBe(exists);
}
