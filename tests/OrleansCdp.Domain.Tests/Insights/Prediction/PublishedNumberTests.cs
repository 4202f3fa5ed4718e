using System.Text.Json;
using Xunit.Abstractions;

namespace OrleansCdp.Insights;

/// <summary>
/// The numbers that the papers, BTYD, CLVTools, lifetimes and PyMC-Marketing print, each to the tolerance that stands with it.
/// </summary>
public sealed class PublishedNumberTests(ITestOutputHelper output)
{
    private const int HoldoutWeeks = 39;
    private const int LastBin = 7;

    private readonly PublishedModels models = new();

    [SkippableFact]
    public void All_138_published_numbers_come_out_at_their_tolerances()
    {
        using JsonDocument file = JsonDocument.Parse(
            File.ReadAllText(PurchaseFiles.Find("bgnbd_test_vectors.json"))
        );
        List<string> misses = [];
        int numbers = 0;
        foreach (JsonElement vector in file.RootElement.GetProperty("vectors").EnumerateArray())
        {
            string id = vector.GetProperty("id").GetString()!;
            double[] expected = PublishedModels.Numbers(vector.GetProperty("expected"));
            double[] actual = Compute(vector);
            actual.Length.ShouldBe(expected.Length, id);
            for (int i = 0; i < expected.Length; i++)
            {
                double tolerance = ToleranceOf(vector, expected[i]);
                double error = Math.Abs(actual[i] - expected[i]);
                string line = FormattableString.Invariant(
                    $"{id}[{i}]: {actual[i]:R}, published {expected[i]:R}, off by {error:0.0e0} of {tolerance:0.0e0}"
                );
                output.WriteLine(line);
                if (!(error <= tolerance))
                {
                    misses.Add(line);
                }

                numbers++;
            }
        }

        misses.ShouldBeEmpty();
        numbers.ShouldBe(138);
    }

    // Printed decimals are rounded; where the publisher's optimiser stopped a little elsewhere, a relative tolerance is
    // stated beside them.
    private static double ToleranceOf(JsonElement vector, double expected) =>
        vector.TryGetProperty("rtol", out JsonElement relative)
            ? relative.GetDouble() * Math.Abs(expected)
            : 0.5000001 * Math.Pow(10, -vector.GetProperty("dp").GetInt32());

    private double[] Compute(JsonElement vector) =>
        vector.GetProperty("kind").GetString() switch
        {
            "fit_bgnbd" => PurchaseFit(vector),
            "fit_gg" => ValueFit(vector),
            "ll_sum" => [LogLikelihood(vector)],
            "ll_one" => [Purchases(vector).LogLikelihood(Customer(In(vector)))],
            "p_alive" => [Purchases(vector).ProbabilityAlive(Customer(In(vector)))],
            "expected" => [.. In(vector).Select(Purchases(vector).ExpectedPurchases)],
            "cond_expected" => Each(
                vector,
                row => Purchases(vector).ExpectedPurchases(Customer(row[1..]), row[0])
            ),
            "pmf" =>
            [
                .. In(vector)
                    .Select(x =>
                        Purchases(vector)
                            .ProbabilityOfPurchases((int)x, vector.GetProperty("t").GetDouble())
                    ),
            ],
            "bins" => Bins(vector),
            "tracking_cum" => Tracking(vector, week => Cumulative(vector, week)),
            "tracking_inc" => Tracking(
                vector,
                week => Cumulative(vector, week) - Cumulative(vector, week - 1)
            ),
            "gg_ll_sum" => [ValueLogLikelihood(vector)],
            "gg_expected" => Each(vector, row => Values(vector).ExpectedValue(Spender(row))),
            "gg_mean_all" =>
            [
                PublishedModels
                    .Data("published")
                    .Average(row => Values(vector).ExpectedValue(row.Summary)),
            ],
            "clv_dcf" => Each(vector, row => LifetimeValueOf(vector, row)),
            "clv_dcf_unit" => Each(
                vector,
                row =>
                    Ahead(vector)
                        .DiscountedPurchases(Purchases(vector), Customer(row, TimeUnit.Day))
            ),
            string kind => throw new InvalidDataException($"What is {kind}?"),
            null => throw new InvalidDataException("A vector has no kind."),
        };

    private double[] PurchaseFit(JsonElement vector)
    {
        ModelFit<BgNbd>.Fitted fit = models.PurchaseFit(vector.GetProperty("data").GetString()!);
        BgNbd model = fit.Model;
        double[] all = [model.R, model.Alpha, model.A, model.B, fit.LogLikelihood];
        return all[..vector.GetProperty("expected").GetArrayLength()];
    }

    private double[] ValueFit(JsonElement vector)
    {
        var fit = models.ValueFit(vector.GetProperty("data").GetString()!);
        double[] all = [fit.Model.P, fit.Model.Q, fit.Model.Gamma, fit.LogLikelihood];
        return all[..vector.GetProperty("expected").GetArrayLength()];
    }

    private double LogLikelihood(JsonElement vector)
    {
        BgNbd model = Purchases(vector);
        return PublishedModels.Data("exact").Sum(row => model.LogLikelihood(row.Summary));
    }

    private double ValueLogLikelihood(JsonElement vector)
    {
        GammaGamma model = Values(vector);
        return PublishedModels
            .Data("exact")
            .Where(row => row.Summary.MonetaryValue > 0)
            .Sum(row => model.LogLikelihood(row.Summary));
    }

    // By purchases in the first 39 weeks, 7 or more together: the mean of what was bought in the next 39, of what was
    // expected, and the customers.
    private double[] Bins(JsonElement vector)
    {
        BgNbd model = Purchases(vector);
        int column = vector.GetProperty("col").GetInt32();
        return
        [
            .. PublishedModels
                .Data("exact")
                .GroupBy(row => Math.Min(row.Summary.Frequency, LastBin))
                .OrderBy(bin => bin.Key)
                .Select(bin =>
                    column switch
                    {
                        0 => bin.Average(row => row.HoldoutPurchases),
                        1 => bin.Average(row => model.ExpectedPurchases(row.Summary, HoldoutWeeks)),
                        _ => bin.Count(),
                    }
                ),
        ];
    }

    private static double[] Tracking(JsonElement vector, Func<double, double> of) =>
        [.. PublishedModels.Numbers(vector.GetProperty("weeks")).Select(of)];

    // Repeat purchases expected of all by the end of a week, counted from the first customer's first purchase.
    private double Cumulative(JsonElement vector, double week)
    {
        BgNbd model = Purchases(vector);
        List<SummaryRow> rows = PublishedModels.Data("exact");
        double oldest = rows.Max(row => row.Summary.Age);
        return rows.GroupBy(row => row.Summary.Age)
            .Sum(born =>
                born.Count() * model.ExpectedPurchases(Math.Max(0, week - (oldest - born.Key)))
            );
    }

    private double LifetimeValueOf(JsonElement vector, double[] row)
    {
        RfmSummary customer = new((int)row[0], row[1], row[2], row[3], TimeUnit.Week);
        GammaGamma values = models.Values(vector.GetProperty("gg"));
        return Ahead(vector).Of(Purchases(vector), values, customer);
    }

    private static LifetimeValue Ahead(JsonElement vector)
    {
        JsonElement options = vector.GetProperty("opt");
        return new LifetimeValue(
            options.GetProperty("months").GetInt32(),
            options.GetProperty("step").GetDouble(),
            options.GetProperty("d").GetDouble()
        );
    }

    private BgNbd Purchases(JsonElement vector) => models.Purchases(vector.GetProperty("params"));

    private GammaGamma Values(JsonElement vector) => models.Values(vector.GetProperty("params"));

    private static double[] In(JsonElement vector) =>
        PublishedModels.Numbers(vector.GetProperty("in"));

    private static double[] Each(JsonElement vector, Func<double[], double> of) =>
        [.. vector.GetProperty("in").EnumerateArray().Select(PublishedModels.Numbers).Select(of)];

    private static RfmSummary Customer(double[] row, TimeUnit unit = TimeUnit.Week) =>
        new((int)row[0], row[1], row[2], 0, unit);

    private static RfmSummary Spender(double[] row) =>
        new((int)row[0], 0, 0, row[1], TimeUnit.Week);
}
