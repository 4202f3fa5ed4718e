using CsCheck;

namespace OrleansCdp.Insights;

public sealed class GammaGammaTests
{
    private static readonly GammaGamma Cdnow = new(6.25, 3.74, 15.44);

    private static readonly Gen<GammaGamma> AnyModel =
        from p in Gen.Double[0.5, 8]
        from q in Gen.Double[1.1, 6]
        from gamma in Gen.Double[0.5, 40]
        select new GammaGamma(p, q, gamma);

    private static readonly Gen<RfmSummary> AnyCustomer =
        from x in Gen.Int[1, 12]
        from mean in Gen.Double[0.5, 200]
        select new RfmSummary(x, 1, 2, mean, TimeUnit.Day);

    [Fact]
    public void The_closed_forms_are_the_integrals_over_what_customers_spend() =>
        Gen.Select(AnyModel, AnyCustomer)
            .Sample(
                (model, customer) =>
                {
                    double shape = model.P * customer.Frequency;
                    double logGamma = MathNet.Numerics.SpecialFunctions.GammaLn(shape);
                    double densityAt(double rate) =>
                        Math.Exp(
                            (shape * Math.Log(customer.Frequency * rate))
                                + ((shape - 1) * Math.Log(customer.MonetaryValue))
                                - (customer.Frequency * rate * customer.MonetaryValue)
                                - logGamma
                        );
                    double density = Mixture.OverGamma(model.Q, model.Gamma, densityAt);
                    double spent = Mixture.OverGamma(
                        model.Q,
                        model.Gamma,
                        rate => densityAt(rate) * model.P / rate
                    );

                    Near(model.LogLikelihood(customer), Math.Log(density));
                    Near(model.ExpectedValue(customer), spent / density);
                    Near(
                        model.PopulationMean,
                        Mixture.OverGamma(model.Q, model.Gamma, rate => model.P / rate)
                    );
                },
                iter: 300 * Laws.Thoroughness
            );

    [Fact]
    public void What_is_expected_lies_between_the_customer_s_mean_and_that_of_all() =>
        Gen.Select(AnyModel, AnyCustomer)
            .Sample(
                (model, customer) =>
                {
                    double low = Math.Min(model.PopulationMean, customer.MonetaryValue);
                    double high = Math.Max(model.PopulationMean, customer.MonetaryValue);
                    double room = 1e-12 * high;
                    model.ExpectedValue(customer).ShouldBeInRange(low - room, high + room);
                }
            );

    [Fact]
    public void Of_who_bought_once_the_mean_of_all_is_expected() =>
        Cdnow
            .ExpectedValue(new RfmSummary(0, 0, 30, 0, TimeUnit.Week))
            .ShouldBe(6.25 * 15.44 / 2.74, 1e-12);

    [Fact]
    public void Extremes_stay_finite()
    {
        foreach (int x in new[] { 1, 10_000, int.MaxValue })
        {
            foreach (double mean in new[] { 1e-9, 1, RfmSummary.MonetaryValueMax })
            {
                RfmSummary customer = new(x, 1, 2, mean, TimeUnit.Week);
                double.IsFinite(Cdnow.LogLikelihood(customer)).ShouldBeTrue();
                double.IsFinite(Cdnow.ExpectedValue(customer)).ShouldBeTrue();
            }
        }
    }

    [Theory]
    [InlineData(0, 2, 1)]
    [InlineData(1, 1, 1)]
    [InlineData(1, 0.5, 1)]
    [InlineData(1, 2, -1)]
    [InlineData(double.NaN, 2, 1)]
    [InlineData(1, double.NaN, 1)]
    [InlineData(1, 2, double.PositiveInfinity)]
    public void Parameters_without_a_mean_are_refused(double p, double q, double gamma) =>
        Should.Throw<ArgumentOutOfRangeException>(() => new GammaGamma(p, q, gamma));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Who_spent_nothing_has_no_likelihood(int frequency) =>
        Should.Throw<ArgumentOutOfRangeException>(() =>
            Cdnow.LogLikelihood(new RfmSummary(frequency, 0, 1, 0, TimeUnit.Day))
        );

    private static void Near(double actual, double expected) =>
        actual.ShouldBe(expected, 1e-8 * (1 + Math.Abs(expected)));
}
