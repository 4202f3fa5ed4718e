using CsCheck;
using MathNet.Numerics.Distributions;

namespace OrleansCdp.Insights;

public sealed class FitTests
{
    private static readonly BgNbd Cdnow = new(0.243, 4.414, 0.793, 2.426, TimeUnit.Week);
    private static readonly GammaGamma CdnowValues = new(6.25, 3.74, 15.44);

    [Fact]
    public void The_parameters_that_made_the_customers_are_found_again()
    {
        RfmSummary[] customers = Simulated.Customers(Cdnow, CdnowValues, 20_000, seed: 1);

        BgNbd purchases = FitOf(customers).Model;
        GammaGamma values = ValueFitOf(customers).Model;

        purchases.R.ShouldBe(Cdnow.R, 0.02);
        purchases.Alpha.ShouldBe(Cdnow.Alpha, 0.4);
        (purchases.A / (purchases.A + purchases.B)).ShouldBe(Cdnow.A / (Cdnow.A + Cdnow.B), 0.02);
        values.P.ShouldBe(CdnowValues.P, 0.5);
        values.Q.ShouldBe(CdnowValues.Q, 0.2);
        values.PopulationMean.ShouldBe(CdnowValues.PopulationMean, 1);
    }

    [Fact]
    public void What_is_found_is_a_maximum_or_nothing_is() =>
        Gen.Select(Gen.Int[1, 300], Gen.Double[-1.5, 1.5].Array[4], Gen.Int)
            .Sample(
                (count, logs, seed) =>
                {
                    BgNbd truth = Moved(Cdnow, logs);
                    RfmSummary[] customers = Simulated.Customers(truth, CdnowValues, count, seed);

                    if (BgNbdFit.Of(customers) is ModelFit<BgNbd>.Fitted fit)
                    {
                        double best = customers.Sum(fit.Model.LogLikelihood);
                        fit.LogLikelihood.ShouldBe(best, 1e-9 * (1 + Math.Abs(best)));
                        best.ShouldBeGreaterThanOrEqualTo(
                            customers.Sum(truth.LogLikelihood) - 1e-9
                        );
                        foreach (double[] step in Steps(4))
                        {
                            BgNbd beside = Moved(fit.Model, step);
                            customers.Sum(beside.LogLikelihood).ShouldBeLessThan(best);
                        }
                    }
                },
                iter: 60 * Laws.Thoroughness
            );

    [Fact]
    public void A_fit_to_values_is_a_maximum_or_there_is_none() =>
        Gen.Select(Gen.Int[1, 300], Gen.Double[-1.5, 1.5].Array[3], Gen.Int)
            .Sample(
                (count, logs, seed) =>
                {
                    GammaGamma truth = new(
                        CdnowValues.P * Math.Exp(logs[0]),
                        1 + (CdnowValues.Q * Math.Exp(logs[1])),
                        CdnowValues.Gamma * Math.Exp(logs[2])
                    );
                    RfmSummary[] customers =
                    [
                        .. Simulated
                            .Customers(Cdnow, truth, count, seed)
                            .Where(customer => customer.Frequency > 0),
                    ];

                    if (GammaGammaFit.Of(customers) is ModelFit<GammaGamma>.Fitted fit)
                    {
                        double best = customers.Sum(fit.Model.LogLikelihood);
                        fit.LogLikelihood.ShouldBe(best, 1e-9 * (1 + Math.Abs(best)));
                        fit.SampleSize.ShouldBe(customers.Length);
                        foreach (double[] step in Steps(3))
                        {
                            GammaGamma beside = new(
                                fit.Model.P * Math.Exp(step[0]),
                                fit.Model.Q * Math.Exp(step[1]),
                                fit.Model.Gamma * Math.Exp(step[2])
                            );
                            customers.Sum(beside.LogLikelihood).ShouldBeLessThan(best);
                        }
                    }
                },
                iter: 60 * Laws.Thoroughness
            );

    [Fact]
    public void The_unit_of_time_and_the_currency_make_no_difference()
    {
        RfmSummary[] weeks = Simulated.Customers(Cdnow, CdnowValues, 2_000, seed: 2);
        RfmSummary[] days =
        [
            .. weeks.Select(customer => new RfmSummary(
                customer.Frequency,
                customer.Recency * 7,
                customer.Age * 7,
                customer.MonetaryValue * 100,
                TimeUnit.Day
            )),
        ];

        BgNbd inWeeks = FitOf(weeks).Model;
        BgNbd inDays = FitOf(days).Model;
        GammaGamma inEuros = ValueFitOf(weeks).Model;
        GammaGamma inCents = ValueFitOf(days).Model;

        inDays.Unit.ShouldBe(TimeUnit.Day);
        inDays.R.ShouldBe(inWeeks.R, 1e-6);
        inDays.Alpha.ShouldBe(inWeeks.Alpha * 7, 1e-4);
        inDays.A.ShouldBe(inWeeks.A, 1e-5);
        inDays.B.ShouldBe(inWeeks.B, 1e-5);
        inCents.Q.ShouldBe(inEuros.Q, 1e-5);
        inCents.Gamma.ShouldBe(inEuros.Gamma * 100, 1e-2);
    }

    [Fact]
    public void A_weight_of_three_is_three_customers()
    {
        RfmSummary[] customers = Simulated.Customers(Cdnow, CdnowValues, 2_000, seed: 3);
        double[] weights = [.. customers.Select((_, i) => i % 4.0)];
        RfmSummary[] repeated =
        [
            .. customers.SelectMany((customer, i) => Enumerable.Repeat(customer, i % 4)),
        ];

        var weighted = BgNbdFit.Of(customers, weights).ShouldBeOfType<ModelFit<BgNbd>.Fitted>();
        var values = GammaGammaFit
            .Of(customers, weights)
            .ShouldBeOfType<ModelFit<GammaGamma>.Fitted>();

        weighted.SampleSize.ShouldBe(repeated.Length);
        weighted.LogLikelihood.ShouldBe(FitOf(repeated).LogLikelihood, 1e-6);
        weighted.Model.B.ShouldBe(FitOf(repeated).Model.B, 1e-5);
        values.LogLikelihood.ShouldBe(ValueFitOf(repeated).LogLikelihood, 1e-6);
        values.Model.Q.ShouldBe(ValueFitOf(repeated).Model.Q, 1e-5);
    }

    [Fact]
    public void The_same_customers_give_the_same_fit_to_the_last_bit()
    {
        RfmSummary[] customers = Simulated.Customers(Cdnow, CdnowValues, 500, seed: 4);

        BgNbdFit.Of(customers).ShouldBe(BgNbdFit.Of(customers));
        GammaGammaFit.Of(customers).ShouldBe(GammaGammaFit.Of(customers));
    }

    [Fact]
    public void Without_a_repeat_buyer_there_is_no_fit()
    {
        RfmSummary[] once = [new(0, 0, 10, 0, TimeUnit.Day), new(0, 0, 20, 0, TimeUnit.Day)];

        ObstacleOf(once).ShouldBe(FitObstacle.NoRepeatPurchases);
        ObstacleOf([]).ShouldBe(FitObstacle.NoRepeatPurchases);
        ValueObstacleOf(once).ShouldBe(FitObstacle.NoRepeatPurchases);
        ValueObstacleOf([new(2, 5, 10, 0, TimeUnit.Day)]).ShouldBe(FitObstacle.NoRepeatPurchases);
        BgNbdFit
            .Of([once[0], new(3, 5, 10, 0, TimeUnit.Day)], [1, 0])
            .ShouldBeOfType<ModelFit<BgNbd>.NotFitted>()
            .Obstacle.ShouldBe(FitObstacle.NoRepeatPurchases);
    }

    [Fact]
    public void Without_time_there_is_no_fit() =>
        ObstacleOf([new(1, 0, 0, 0, TimeUnit.Day), new(0, 0, 0, 0, TimeUnit.Day)])
            .ShouldBe(FitObstacle.NoTimeObserved);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 10)]
    [InlineData(3, 17)]
    [InlineData(3, 20)]
    [InlineData(400, 19)]
    public void Customers_who_are_all_alike_determine_no_parameters(int frequency, double recency)
    {
        RfmSummary[] alike =
        [
            .. Enumerable.Repeat(new RfmSummary(frequency, recency, 20, 5, TimeUnit.Day), 100),
        ];

        var none = BgNbdFit.Of(alike).ShouldBeOfType<ModelFit<BgNbd>.NotFitted>();
        none.Obstacle.ShouldBe(FitObstacle.NoInteriorMaximum);
        none.Explanation.ShouldContain("runs to");
        ValueObstacleOf(alike).ShouldBe(FitObstacle.NoInteriorMaximum);
        ObstacleOf(alike[..1]).ShouldBe(FitObstacle.NoInteriorMaximum);
    }

    [Fact]
    public void Customers_of_whom_none_can_have_left_determine_no_dropout()
    {
        RfmSummary[] loyal =
        [
            .. Enumerable
                .Range(0, 60)
                .Select(i => new RfmSummary(1 + (i % 9), 30, 30, 5, TimeUnit.Day)),
        ];

        ObstacleOf(loyal).ShouldBe(FitObstacle.NoInteriorMaximum);
    }

    [Fact]
    public void Values_that_differ_by_orders_of_magnitude_have_no_mean()
    {
        Random chance = new(6);
        RfmSummary[] customers =
        [
            .. Enumerable
                .Range(0, 1_000)
                .Select(_ => Gamma.Sample(chance, 6 * 2, 2 * Gamma.Sample(chance, 0.6, 10)))
                .Select(mean => new RfmSummary(2, 10, 20, mean, TimeUnit.Day)),
        ];

        ValueObstacleOf(customers).ShouldBe(FitObstacle.NoPopulationMean);
    }

    [Fact]
    public void A_customer_may_have_so_many_repeat_purchases_and_no_more()
    {
        RfmSummary[] others = Simulated.Customers(Cdnow, CdnowValues, 200, seed: 5);
        RfmSummary most = new(BgNbdFit.FrequencyMax, 30, 30, 5, TimeUnit.Week);
        RfmSummary tooMany = new(BgNbdFit.FrequencyMax + 1, 30, 30, 5, TimeUnit.Week);

        BgNbdFit.Of([.. others, most]).ShouldNotBeNull();
        Should.Throw<ArgumentOutOfRangeException>(() => BgNbdFit.Of([.. others, tooMany]));
    }

    [Fact]
    public void A_customer_stands_for_so_many_and_no_more()
    {
        RfmSummary[] one = [new(0, 0, 1, 0, TimeUnit.Week)];

        BgNbdFit.Of(one, [FitWeights.WeightMax]).ShouldNotBeNull();
        foreach (double weight in new[] { 1.000_001 * FitWeights.WeightMax, -1, double.NaN })
        {
            Should.Throw<ArgumentOutOfRangeException>(() => BgNbdFit.Of(one, [weight]));
            Should.Throw<ArgumentOutOfRangeException>(() => GammaGammaFit.Of(one, [weight]));
        }
    }

    [Fact]
    public void Units_are_not_mixed_and_every_customer_has_a_weight()
    {
        RfmSummary week = new(1, 1, 2, 3, TimeUnit.Week);
        RfmSummary day = new(1, 1, 2, 3, TimeUnit.Day);

        Should.Throw<ArgumentException>(() => BgNbdFit.Of([week, day]));
        Should.Throw<ArgumentException>(() => GammaGammaFit.Of([week, day]));
        Should.Throw<ArgumentException>(() => BgNbdFit.Of([week, week], [1]));
    }

    private static ModelFit<BgNbd>.Fitted FitOf(RfmSummary[] customers) =>
        BgNbdFit.Of(customers).ShouldBeOfType<ModelFit<BgNbd>.Fitted>();

    private static ModelFit<GammaGamma>.Fitted ValueFitOf(RfmSummary[] customers) =>
        GammaGammaFit.Of(customers).ShouldBeOfType<ModelFit<GammaGamma>.Fitted>();

    private static FitObstacle ObstacleOf(RfmSummary[] customers) =>
        BgNbdFit.Of(customers).ShouldBeOfType<ModelFit<BgNbd>.NotFitted>().Obstacle;

    private static FitObstacle ValueObstacleOf(RfmSummary[] customers) =>
        GammaGammaFit.Of(customers).ShouldBeOfType<ModelFit<GammaGamma>.NotFitted>().Obstacle;

    private static BgNbd Moved(BgNbd model, double[] logs) =>
        new(
            model.R * Math.Exp(logs[0]),
            model.Alpha * Math.Exp(logs[1]),
            model.A * Math.Exp(logs[2]),
            model.B * Math.Exp(logs[3]),
            model.Unit
        );

    /// <summary>A step to each side along every axis, and along the diagonals of pairs, where ridges lie.</summary>
    private static IEnumerable<double[]> Steps(int parameters)
    {
        const double size = 0.05;
        for (int i = 0; i < parameters; i++)
        {
            for (int j = i; j < parameters; j++)
            {
                foreach (double side in new[] { -size, size })
                {
                    double[] step = new double[parameters];
                    step[i] = side;
                    step[j] = side;
                    yield return step;
                }
            }
        }
    }
}
