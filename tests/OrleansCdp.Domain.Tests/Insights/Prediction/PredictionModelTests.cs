using System.Collections.Immutable;
using System.Globalization;
using CsCheck;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>What the definition of a model may say, how what is wrong with it is told, and that it is written as it is read.</summary>
public sealed class PredictionModelTests
{
    private const string Purchases =
        "purchases: { r: 0.2426, alpha: 4.4136, a: 0.7929, b: 2.4259 }";
    private const string Least = "unit: week\n" + Purchases + "\n";
    private const string Valued =
        Least + "values: { p: 6.2499, q: 3.7442, v: 15.4428, currency: USD }\n";

    [Fact]
    public void A_definition_says_how_is_counted_what_the_parameters_are_and_where_they_are_from()
    {
        PredictionModel model = Compile(
            """
            description: Buyers of music
            unit: week
            period: day
            offset: -05:00
            purchases: { r: 0.2426, alpha: 4.4136, a: 0.7929, b: 2.4259 }
            values: { p: 6.2499, q: 3.7442, v: 15.4428, currency: USD }
            fitted:
              at: 2026-11-30T12:00:00Z
              until: 1997-09-30
              customers: 2357
              repeatBuyers: 946
              logLikelihood: -9582.4
              valuesLogLikelihood: -4055.9
              cohort: every tenth customer of early 1997
            """
        );

        (model.Name, model.Description).ShouldBe(("shop", "Buyers of music"));
        model.Counting.ShouldBe(
            new RfmCounting { Unit = TimeUnit.Week, Offset = TimeSpan.FromHours(-5) }
        );
        model.Purchases.ShouldBe(new BgNbd(0.2426, 4.4136, 0.7929, 2.4259, TimeUnit.Week));
        model.Values.ShouldBe(new GammaGamma(6.2499, 3.7442, 15.4428));
        model.Currency.ShouldBe("USD");
        model.Fitted.ShouldBe(
            new FittedTo
            {
                At = new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero),
                Until = new DateTimeOffset(1997, 9, 30, 0, 0, 0, TimeSpan.Zero),
                Customers = 2_357,
                RepeatBuyers = 946,
                LogLikelihood = -9582.4,
                ValuesLogLikelihood = -4055.9,
                Cohort = "every tenth customer of early 1997",
            }
        );
    }

    [Fact]
    public void A_unit_and_the_parameters_of_purchases_are_enough()
    {
        PredictionModel model = Compile("unit: day\n" + Purchases);

        model.Counting.ShouldBe(new RfmCounting());
        model.Purchases.Unit.ShouldBe(TimeUnit.Day);
        (model.Values, model.Currency, model.Fitted, model.Description).ShouldBe(
            (null, null, null, null)
        );
    }

    [Fact]
    public void Json_is_yaml() =>
        Compile("""{"unit":"day","purchases":{"r":1,"alpha":2e1,"a":3,"b":4}}""")
            .Purchases.ShouldBe(new BgNbd(1, 20, 3, 4, TimeUnit.Day));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("90", 90)]
    [InlineData("-570", -570)]
    [InlineData("+5:45", 345)]
    [InlineData("05:45", 345)]
    [InlineData("-09:30", -570)]
    [InlineData("840", 840)]
    [InlineData("-14:00", -840)]
    public void An_offset_is_minutes_or_hours_and_minutes(string offset, int minutes) =>
        Compile(Least + "offset: " + offset)
            .Counting.Offset.ShouldBe(TimeSpan.FromMinutes(minutes));

    public static TheoryData<string, int, int, string> Mistakes { get; } =
        new()
        {
            { "", 1, 1, "empty" },
            { "[]", 1, 1, "Expected a map" },
            { Purchases, 1, 1, "`unit` is required" },
            { "unit: week", 1, 1, "`purchases` is required" },
            { "unit: month\n" + Purchases, 1, 7, "Known: `day`, `week`." },
            { "unit: days\n" + Purchases, 1, 7, "Did you mean `day`?" },
            { Least + "period: hour", 3, 9, "`hour` is not known here" },
            { Least + "values: 1", 3, 9, "Expected a map with the keys `p`, `q`, `v`" },
            { Least + "purchase: {}", 3, 1, "Did you mean `purchases`?" },
            { Least + "offset: 841", 3, 9, "minutes from -840 to 840" },
            { Least + "offset: -14:01", 3, 9, "minutes from -840 to 840" },
            { Least + "offset: '+-1:00'", 3, 9, "minutes from -840 to 840" },
            { Least + "offset: 1:60", 3, 9, "such as `+01:00`" },
            { Least + "offset: 1.5", 3, 9, "such as `+01:00`" },
            { Least + "offset: []", 3, 9, "such as `+01:00`" },
            { Least + "description: []", 3, 14, "Expected a text." },
            { "unit: day\npurchases: { r: 1, alpha: 1, a: 1 }", 2, 12, "has to say `b`" },
            { "unit: day\npurchases: {r: 1, alpha: 1, a: 1, b: .nan}", 2, 38, "Expected a number" },
            { "unit: day\npurchases: {r: 1, alpha: 1, a: NaN, b: 1}", 2, 32, "Expected a number" },
            {
                "unit: day\npurchases: {r: 1, alpha: 1e999, a: 1, b: 1}",
                2,
                26,
                "from 1E-09 to 1000000000000000."
            },
            { "unit: day\npurchases: {r: .inf, alpha: 1, a: 1, b: 1}", 2, 16, "to 1000000" },
            { "unit: day\npurchases: {r: Infinity, alpha: 1, a: 1, b: 1}", 2, 16, "to 1000000" },
            { "unit: day\npurchases: {r: -1, alpha: 1, a: 1, b: 1}", 2, 16, "from 1E-06" },
            { "unit: day\npurchases: {r: 0, alpha: 1, a: 1, b: 1}", 2, 16, "from 1E-06" },
            { "unit: day\npurchases: {r: '1', alpha: 1, a: 1, b: 1}", 2, 16, "Expected a number" },
            { Least + "values: { p: 6, q: 3, v: 15 }", 3, 9, "has to say `currency`" },
            { Least + "values: { p: 6, v: 15, currency: EUR }", 3, 9, "has to say `q`" },
            { Least + "values: { p: 6, q: 1, v: 15, currency: EUR }", 3, 20, "above 1" },
            { Least + "values: { p: 6, q: 0, v: 15, currency: EUR }", 3, 20, "from 1E-06" },
            { Least + "values: { p: 6, q: 3, v: 15, currency: eur }", 3, 40, "ISO 4217" },
            { Least + "values: { p: 6, q: 3, v: 15, currency: EURO }", 3, 40, "ISO 4217" },
            { Least + "values: { p: 6, q: 3, v: 15, w: 1, currency: EUR }", 3, 30, "Unknown key" },
            { Valued + "fitted: yes", 4, 9, "Expected a map" },
            { Valued + "fitted: { at: noon }", 4, 15, "Expected an instant" },
            { Valued + "fitted: { at: 1764504000000 }", 4, 15, "Expected an instant" },
            {
                Valued + "fitted: { at: 2026-01-01, until: 2026-01-02 }",
                4,
                34,
                "an earlier moment"
            },
            { Valued + "fitted: { customers: 0 }", 4, 22, "from 1" },
            { Valued + "fitted: { customers: 1.5 }", 4, 22, "a whole number" },
            { Valued + "fitted: { customers: 5, repeatBuyers: 6 }", 4, 39, "fewer `customers`" },
            { Valued + "fitted: { logLikelihood: NaN }", 4, 26, "Expected a number" },
            { Valued + "fitted: { sample: 5 }", 4, 11, "Unknown key" },
            { Least + "fitted: { valuesLogLikelihood: 1 }", 3, 32, "There are no `values`" },
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
        DefinitionError error = ErrorsOf(text).ShouldHaveSingleItem();
        error.Message.ShouldContain(message);
        (error.Line, error.Column).ShouldBe((line, column), error.Message);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once() =>
        ErrorsOf(
                "unit: month\npurchases: { r: 0, a: x }\nvalues: { q: 1 }\nfitted: { customers: -1 }"
            )
            .Select(error => error.Path)
            .ShouldBe([
                "unit",
                "purchases.r",
                "purchases.alpha",
                "purchases.a",
                "purchases.b",
                "values.p",
                "values.v",
                "values.currency",
                "values.q",
                "fitted.customers",
            ]);

    [Theory]
    [InlineData("unit: day\npurchases: { r: #, alpha: 1, a: 1, b: 1 }", 1e-6, 1e6)]
    [InlineData("unit: day\npurchases: { r: 1, alpha: #, a: 1, b: 1 }", 1e-9, 1e15)]
    [InlineData("unit: day\npurchases: { r: 1, alpha: 1, a: #, b: 1 }", 1e-6, 1e6)]
    [InlineData("unit: day\npurchases: { r: 1, alpha: 1, a: 1, b: # }", 1e-6, 1e6)]
    [InlineData(Least + "values: { p: #, q: 3, v: 15, currency: EUR }", 1e-6, 1e6)]
    [InlineData(Least + "values: { p: 6, q: #, v: 15, currency: EUR }", 1.0000000000000002, 1e6)]
    [InlineData(Least + "values: { p: 6, q: 3, v: #, currency: EUR }", 1e-9, 1e15)]
    [InlineData(Least + "fitted: { logLikelihood: # }", -1e15, 1e15)]
    [InlineData(Valued + "fitted: { valuesLogLikelihood: # }", -1e15, 1e15)]
    public void A_number_is_taken_at_its_bounds_and_not_beyond(string text, double min, double max)
    {
        ErrorsOf(With(text, min)).ShouldBeEmpty();
        ErrorsOf(With(text, max)).ShouldBeEmpty();
        ErrorsOf(With(text, Math.BitDecrement(min))).ShouldHaveSingleItem();
        ErrorsOf(With(text, Math.BitIncrement(max))).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("customers", 1, 1_000_000_000)]
    [InlineData("repeatBuyers", 0, 1_000_000_000)]
    public void A_count_is_taken_at_its_bounds_and_not_beyond(string key, int min, int max)
    {
        string text = Least + $"fitted: {{ {key}: # }}";

        ErrorsOf(With(text, min)).ShouldBeEmpty();
        ErrorsOf(With(text, max)).ShouldBeEmpty();
        ErrorsOf(With(text, min - 1)).ShouldHaveSingleItem();
        ErrorsOf(With(text, max + 1)).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("description: {0}", "description")]
    [InlineData("fitted: {{ cohort: {0} }}", "fitted.cohort")]
    public void A_text_has_a_limit(string form, string path)
    {
        string atLimit = new('x', PredictionModel.TextMax);

        ErrorsOf(Least + string.Format(null, form, atLimit)).ShouldBeEmpty();
        DefinitionError error = ErrorsOf(Least + string.Format(null, form, atLimit + "x"))
            .ShouldHaveSingleItem();
        error.Path.ShouldBe(path);
        error.Message.ShouldContain("1000 characters");
    }

    [Theory]
    [InlineData("shop-2", true)]
    [InlineData("Shop", false)]
    [InlineData("", false)]
    public void A_name_is_that_of_an_address(string name, bool isName) =>
        PredictionModel.Compile(name, Least).Errors.IsEmpty.ShouldBe(isName);

    [Fact]
    public void What_is_written_is_read_as_the_very_same_model() =>
        AnyModel.Model.Sample(
            model => Compile(PredictionModelWriter.Write(model)).ShouldBe(model),
            iter: 1_000 * Laws.Thoroughness
        );

    [Fact]
    public void A_reviewer_reads_what_the_numbers_mean()
    {
        string text = PredictionModelWriter.Write(Compile(Valued));

        text.ShouldContain("r/alpha =\n# 0.05497 times a week");
        text.ShouldContain("a/(a + b) = 0.2463 is gone");
        text.ShouldContain("p v/(q - 1) = 35.17 USD");
        text.Split('\n').ShouldAllBe(line => line.Length <= 130);
    }

    private static string With(string text, double number) =>
        text.Replace(
            "#",
            number.ToString("R", CultureInfo.InvariantCulture),
            StringComparison.Ordinal
        );

    private static PredictionModel Compile(string text)
    {
        var (model, errors) = PredictionModel.Compile("shop", text);
        errors.ShouldBeEmpty(text);
        return model.ShouldNotBeNull();
    }

    private static ImmutableArray<DefinitionError> ErrorsOf(string text)
    {
        var (model, errors) = PredictionModel.Compile("shop", text);
        (model is null).ShouldBe(errors.Length > 0);
        return errors;
    }
}
