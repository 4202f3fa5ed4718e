using System.Globalization;
using System.Text.Json;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

public sealed class RfmSummaryTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero);
    private static readonly RfmCounting Days = new();

    private static readonly RfmCounting DaysInWeeks = new() { Unit = TimeUnit.Week };

    private static readonly RfmCounting Weeks = new()
    {
        Unit = TimeUnit.Week,
        Period = TimeUnit.Week,
    };

    [Fact]
    public void Purchases_of_one_day_are_one_and_their_values_are_added()
    {
        Purchase[] purchases =
        [
            new(Start.AddHours(9), 10),
            new(Start.AddHours(23), 20),
            new(Start.AddDays(3).AddHours(1), 5),
            new(Start.AddDays(3).AddHours(2), 6),
            new(Start.AddDays(10), 7),
        ];

        RfmSummary
            .Of(purchases, Start.AddDays(14), Days)
            .ShouldBe(new RfmSummary(2, 10, 14, 9, TimeUnit.Day));
        RfmSummary
            .Of(purchases, Start.AddDays(14), DaysInWeeks)
            .ShouldBe(new RfmSummary(2, 10 / 7.0, 2, 9, TimeUnit.Week));
        RfmSummary
            .Of(purchases, Start.AddDays(14), Weeks)
            .ShouldBe(new RfmSummary(1, 1, 2, 7, TimeUnit.Week));
    }

    [Fact]
    public void A_day_is_one_of_the_stated_calendar()
    {
        Purchase[] evening = [new(Start.AddHours(20), 1), new(Start.AddHours(26), 1)];
        DateTimeOffset end = Start.AddDays(2);

        RfmSummary.Of(evening, end, Days)!.Value.Frequency.ShouldBe(1);
        RfmCounting east = new() { Offset = TimeSpan.FromHours(5) };
        RfmSummary.Of(evening, end, east)!.Value.Frequency.ShouldBe(0);
    }

    [Fact]
    public void Weeks_begin_on_Monday()
    {
        Purchase[] purchases = [new(Start.AddDays(6), 1), new(Start.AddDays(7), 1)];

        Start.DayOfWeek.ShouldBe(DayOfWeek.Monday);
        RfmSummary.Of(purchases, Start.AddDays(7), Weeks)!.Value.Frequency.ShouldBe(1);
        RfmSummary
            .Of([purchases[0], new(Start, 1)], Start.AddDays(7), Weeks)!
            .Value.Frequency.ShouldBe(0);
        RfmCounting weeksInDays = new() { Period = TimeUnit.Week };
        RfmSummary.Of(purchases, Start.AddDays(7), weeksInDays)!.Value.Recency.ShouldBe(7);
    }

    [Fact]
    public void What_is_bought_after_the_end_is_left_out()
    {
        Purchase[] purchases = [new(Start, 1), new(Start.AddDays(1), 2), new(Start.AddDays(2), 4)];

        RfmSummary
            .Of(purchases, Start.AddDays(2).AddTicks(-1), Days)
            .ShouldBe(new RfmSummary(1, 1, 1, 2, TimeUnit.Day));
        RfmSummary.Of(purchases, Start.AddTicks(-1), Days).ShouldBeNull();
        RfmSummary.Of([], Start, Days).ShouldBeNull();
    }

    [Fact]
    public void A_negative_value_is_refused() =>
        Should.Throw<ArgumentOutOfRangeException>(() =>
            RfmSummary.Of([new(Start, -1)], Start, Days)
        );

    [Theory]
    [InlineData(-1, 0, 1, 0)]
    [InlineData(1, -1, 1, 0)]
    [InlineData(1, double.NaN, 1, 0)]
    [InlineData(1, 1, double.NaN, 0)]
    [InlineData(1, 1, double.PositiveInfinity, 0)]
    [InlineData(1, 2, 1, 0)]
    [InlineData(0, 1, 1, 0)]
    [InlineData(0, 0, -1, 0)]
    [InlineData(0, 0, 1, 1)]
    [InlineData(1, 0, 1, -1)]
    [InlineData(1, 0, 1, double.NaN)]
    [InlineData(1, 0, 1.000_001 * RfmSummary.AgeMax, 0)]
    [InlineData(1, 0, 1, 1.000_001 * RfmSummary.MonetaryValueMax)]
    public void What_no_customer_can_be_is_refused(
        int x,
        double recency,
        double age,
        double value
    ) =>
        Should.Throw<ArgumentOutOfRangeException>(() =>
            new RfmSummary(x, recency, age, value, TimeUnit.Day)
        );

    [Fact]
    public void The_largest_age_and_value_are_taken() =>
        new RfmSummary(
            1,
            1,
            RfmSummary.AgeMax,
            RfmSummary.MonetaryValueMax,
            TimeUnit.Day
        ).Age.ShouldBe(RfmSummary.AgeMax);

    [SkippableFact]
    public void The_published_cases_come_out_in_days_and_in_weeks()
    {
        using JsonDocument file = JsonDocument.Parse(
            File.ReadAllText(PurchaseFiles.Find("bgnbd_test_vectors.json"))
        );
        DateTimeOffset end = new(2015, 2, 7, 0, 0, 0, TimeSpan.Zero);
        JsonElement set = file.RootElement.GetProperty("rfm_cases")[0];
        var customers = set.GetProperty("transactions")
            .EnumerateArray()
            .ToLookup(
                row => row[0].GetDouble(),
                row => new Purchase(DayOf(row[1].GetString()!), row[2].GetDecimal())
            );

        int numbers = 0;
        foreach (JsonElement row in set.GetProperty("expected_days").EnumerateArray())
        {
            double[] expected = PublishedModels.Numbers(row);
            RfmSummary found = RfmSummary.Of(customers[expected[0]], end, Days)!.Value;
            NumbersOf(found).ShouldBe(expected[1..]);
            numbers += expected.Length - 1;
        }

        foreach (JsonElement row in set.GetProperty("expected_weeks").EnumerateArray())
        {
            double[] expected = PublishedModels.Numbers(row);
            RfmSummary found = RfmSummary.Of(customers[expected[0]], end, Weeks)!.Value;
            NumbersOf(found)[..3].ShouldBe(expected[1..]);
            numbers += expected.Length - 1;
        }

        numbers.ShouldBe((6 * 4) + (6 * 3));
    }

    [SkippableFact]
    public void The_CDNOW_sample_is_summarised_as_published()
    {
        Dictionary<string, SummaryRow> expected = PurchaseFiles
            .Cdnow("exact")
            .ToDictionary(row => row.Id);
        var customers = DataSets
            .Rows(PurchaseFiles.Find("cdnow_sample_transactions.csv"))
            .GroupBy(
                row => int.Parse(row.Values[1], CultureInfo.InvariantCulture),
                row => new Purchase(
                    DayOf(row.Values[2]),
                    decimal.Parse(row.Values[4], CultureInfo.InvariantCulture)
                )
            );

        int found = 0;
        foreach (var customer in customers)
        {
            RfmSummary summary = RfmSummary.Of(customer, DayOf("1997-09-30"), DaysInWeeks)!.Value;
            RfmSummary published = expected[$"{customer.Key}"].Summary;
            summary.Frequency.ShouldBe(published.Frequency);
            summary.Recency.ShouldBe(published.Recency, 1e-12);
            summary.Age.ShouldBe(published.Age, 1e-12);
            summary.MonetaryValue.ShouldBe(published.MonetaryValue, 1e-9);
            found++;
        }

        found.ShouldBe(expected.Count);
    }

    [SkippableFact]
    public void The_example_transactions_are_summarised_as_published()
    {
        List<SummaryRow> expected = PurchaseFiles.Summaries(
            "example_transactions_cbs.csv",
            TimeUnit.Day
        );
        ILookup<string, Purchase> customers = DataSets
            .Rows(PurchaseFiles.Find("example_transactions.csv"))
            .ToLookup(row => row.Values[1], row => new Purchase(DayOf(row.Values[0]), 0));

        foreach (SummaryRow row in expected)
        {
            RfmSummary.Of(customers[row.Id], DayOf("2014-12-31"), Days).ShouldBe(row.Summary);
        }

        expected.Count.ShouldBe(customers.Count);
    }

    [SkippableFact]
    public void The_repeat_buyers_of_the_CDNOW_sample_spend_as_published()
    {
        using JsonDocument file = JsonDocument.Parse(
            File.ReadAllText(PurchaseFiles.Find("bgnbd_test_vectors.json"))
        );
        JsonElement facts = file.RootElement.GetProperty("sample_facts");
        double[] values =
        [
            .. PurchaseFiles
                .Cdnow("exact")
                .Where(row => row.Summary.Frequency > 0)
                .Select(row => row.Summary.MonetaryValue)
                .Order(),
        ];
        double mean = values.Average();
        double variance =
            values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1);

        values.Length.ShouldBe(facts.GetProperty("repeat_buyers").GetInt32());
        Math.Round(mean).ShouldBe(facts.GetProperty("mean").GetDouble());
        Math.Round(Math.Sqrt(variance)).ShouldBe(facts.GetProperty("std").GetDouble());
        Math.Round(values[0]).ShouldBe(facts.GetProperty("min").GetDouble());
        Math.Round((values[(values.Length / 2) - 1] + values[values.Length / 2]) / 2)
            .ShouldBe(facts.GetProperty("median").GetDouble());
        Math.Round(values[^1]).ShouldBe(facts.GetProperty("max").GetDouble());
    }

    [SkippableFact]
    public void The_weeks_of_the_CDNOW_sample_have_the_published_repeat_purchases()
    {
        using JsonDocument file = JsonDocument.Parse(
            File.ReadAllText(PurchaseFiles.Find("bgnbd_test_vectors.json"))
        );
        double[] published = PublishedModels.Numbers(
            file.RootElement.GetProperty("sample_facts").GetProperty("repeat_by_week_20_25")
        );
        DateTimeOffset start = DayOf("1997-01-01");
        ILookup<string, Purchase> customers = DataSets
            .Rows(PurchaseFiles.Find("cdnow_sample_transactions.csv"))
            .ToLookup(row => row.Values[1], row => new Purchase(DayOf(row.Values[2]), 0));
        int until(int week) =>
            customers.Sum(customer =>
                RfmSummary.Of(customer, start.AddDays((7 * week) - 1), Days)?.Frequency ?? 0
            );

        Enumerable
            .Range(20, 6)
            .Select(week => (double)(until(week) - until(week - 1)))
            .ShouldBe(published);
    }

    private static double[] NumbersOf(RfmSummary summary) =>
        [summary.Frequency, summary.Recency, summary.Age, summary.MonetaryValue];

    private static DateTimeOffset DayOf(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
