using CsCheck;

namespace OrleansCdp.Insights;

/// <summary>The closed forms against what they are derived from, and what holds of any customer.</summary>
public sealed class BgNbdLawTests
{
    private const double Tolerance = 1e-8;
    private const int TermsMax = 2_000;

    private static readonly Gen<BgNbd> AnyModel =
        from r in Gen.Double[0.2, 6]
        from alpha in Gen.Double[0.5, 20]
        from a in Gen.Double[0.2, 6]
        from b in Gen.Double[0.2, 6]
        select new BgNbd(r, alpha, a, b, TimeUnit.Week);

    private static readonly Gen<BgNbd> WildModel =
        from r in Gen.Double[-7, 7]
        from alpha in Gen.Double[-7, 7]
        from a in Gen.Double[-7, 7]
        from b in Gen.Double[-7, 7]
        select new BgNbd(Math.Exp(r), Math.Exp(alpha), Math.Exp(a), Math.Exp(b), TimeUnit.Week);

    private static readonly Gen<RfmSummary> AnyCustomer =
        from x in Gen.Int[0, 12]
        from age in Gen.Double[0, 60]
        from share in Gen.Double[0, 1]
        select new RfmSummary(x, x == 0 ? 0 : share * age, age, 0, TimeUnit.Week);

    private static readonly Gen<RfmSummary> WildCustomer =
        from x in Gen.OneOf(0, 1, 2, 17, 300, 10_000)
        from age in Gen.OneOf(0, 1e-9, 1, 365, 1e4, 1e6, RfmSummary.AgeMax)
        from share in Gen.OneOf(Gen.OneOf(0.0, 1.0), Gen.Double[0, 1])
        select new RfmSummary(x, x == 0 ? 0 : share * age, age, 0, TimeUnit.Week);

    private static readonly Gen<double> AnyHorizon = Gen.Double[0.01, 80];

    [Fact]
    public void A_customer_s_closed_forms_are_the_integrals_over_rates_and_dropouts() =>
        Gen.Select(AnyModel, AnyCustomer, AnyHorizon)
            .Sample(
                (model, customer, horizon) =>
                {
                    double alive = Mixture.OverCustomers(
                        model,
                        (rate, _, q) => Alive(customer, rate, q)
                    );
                    double gone = Mixture.OverCustomers(
                        model,
                        (rate, p, q) => Gone(customer, rate, p, q)
                    );
                    double silent = Mixture.OverCustomers(
                        model,
                        (rate, _, q) => Alive(customer, rate, q) * Math.Exp(-rate * horizon)
                    );
                    double expected = Mixture.OverCustomers(
                        model,
                        (rate, p, q) =>
                            Alive(customer, rate, q) * Complement(rate * p * horizon) / p
                    );
                    double all = alive + gone;

                    Near(model.LogLikelihood(customer), Math.Log(all));
                    Near(model.ProbabilityAlive(customer), alive / all);
                    Near(model.ProbabilityOfNoPurchase(customer, horizon), (silent + gone) / all);
                    Near(model.ExpectedPurchases(customer, horizon), expected / all);
                },
                iter: 100 * Laws.Thoroughness
            );

    [Fact]
    public void The_probabilities_of_a_new_customer_are_the_integrals_over_rates_and_dropouts() =>
        Gen.Select(AnyModel, Gen.Int[0, 12], AnyHorizon)
            .Sample(
                (model, count, time) =>
                    Near(
                        model.ProbabilityOfPurchases(count, time),
                        Mixture.OverCustomers(model, (rate, p, q) => Buys(count, rate * time, p, q))
                    ),
                iter: 100 * Laws.Thoroughness
            );

    [Fact]
    public void Probabilities_of_all_counts_add_up_to_one_and_to_what_is_expected() =>
        Gen.Select(AnyModel, AnyCustomer, Gen.Double[0.05, 0.9])
            .Sample(
                (model, customer, bought) =>
                {
                    // So long that t/(α + T + t) is what was drawn: the terms fall off by that.
                    double horizon = (model.Alpha + customer.Age) * bought / (1 - bought);
                    double sum = model.ProbabilityOfNoPurchase(customer, horizon);
                    double expected = 0;
                    for (int n = 1; n < TermsMax; n++)
                    {
                        double term = model.ProbabilityOfPurchases(customer, n, horizon);
                        sum += term;
                        expected += n * term;
                    }

                    Near(sum, 1);
                    Near(model.ExpectedPurchases(customer, horizon), expected);
                    Near(
                        model.ProbabilityOfPurchases(customer, 0, horizon),
                        model.ProbabilityOfNoPurchase(customer, horizon)
                    );
                },
                iter: 100 * Laws.Thoroughness
            );

    [Fact]
    public void The_expectation_is_the_paper_s_closed_form_where_that_has_a_value() =>
        Gen.Select(AnyModel, Gen.Double[0.01, 0.9])
            .Where((model, _) => Math.Abs(model.A - 1) > 0.05 && model.A + model.B > 1.1)
            .Sample(
                (model, z) =>
                {
                    double time = model.Alpha * z / (1 - z);
                    double c = model.A + model.B - 1;
                    double closed =
                        c
                        / (model.A - 1)
                        * (1 - (Math.Pow(1 - z, model.R) * Gauss(model.R, model.B, c, z)));

                    Near(model.ExpectedPurchases(time), closed);
                },
                iter: 500 * Laws.Thoroughness
            );

    [Fact]
    public void Everything_is_finite_and_in_range_and_monotone_in_the_horizon() =>
        Gen.Select(WildModel, WildCustomer, Gen.OneOf(0, 1e-6, 1, 30, 1e4, 1e9))
            .Sample(
                (model, customer, horizon) =>
                {
                    double later = (2 * horizon) + 1;
                    double none = model.ProbabilityOfNoPurchase(customer, horizon);
                    double expected = model.ExpectedPurchases(customer, horizon);
                    double alive = model.ProbabilityAlive(customer);

                    double.IsFinite(model.LogLikelihood(customer)).ShouldBeTrue();
                    alive.ShouldBeInRange(0, 1);
                    none.ShouldBeInRange(0, 1);
                    none.ShouldBeGreaterThanOrEqualTo(1 - alive);
                    double.IsFinite(expected).ShouldBeTrue();
                    expected.ShouldBeGreaterThanOrEqualTo(((1 - none) * (1 - Tolerance)) - 1e-15);
                    model.ProbabilityOfNoPurchase(customer, later).ShouldBeLessThanOrEqualTo(none);
                    model
                        .ExpectedPurchases(customer, later)
                        .ShouldBeGreaterThanOrEqualTo(expected * (1 - Tolerance));
                    model.ProbabilityOfPurchases(customer, 10_000, horizon).ShouldBeInRange(0, 1);
                    model.ProbabilityOfPurchases(3, horizon).ShouldBeInRange(0, 1);
                },
                iter: 2_000 * Laws.Thoroughness
            );

    [Fact]
    public void What_is_expected_is_never_more_than_the_rate_times_the_horizon() =>
        Gen.Select(WildModel, Gen.OneOf(1e-6, 1, 30, 1e4, 1e9))
            .Sample(
                (model, time) =>
                    model
                        .ExpectedPurchases(time)
                        .ShouldBeLessThanOrEqualTo(model.R / model.Alpha * time * (1 + Tolerance)),
                iter: 2_000 * Laws.Thoroughness
            );

    /// <summary>How likely the purchases are of one who is alive at the end, without the density of their times.</summary>
    private static double Alive(RfmSummary customer, double rate, double q) =>
        Math.Pow(q * rate, customer.Frequency) * Math.Exp(-rate * customer.Age);

    private static double Gone(RfmSummary customer, double rate, double p, double q) =>
        customer.Frequency == 0
            ? 0
            : p
                * Math.Pow(q, customer.Frequency - 1)
                * Math.Pow(rate, customer.Frequency)
                * Math.Exp(-rate * customer.Recency);

    /// <summary>The probability of so many purchases where without dropout their mean is <paramref name="mean"/>.</summary>
    private static double Buys(int count, double mean, double p, double q)
    {
        double fewer = 0;
        double term = Math.Exp(-mean);
        for (int j = 0; j < count; j++)
        {
            fewer += term;
            term *= mean / (j + 1);
        }

        return count == 0
            ? term
            : (Math.Pow(q, count) * term) + (p * Math.Pow(q, count - 1) * (1 - fewer));
    }

    /// <summary>1 - e^-z, by its series where that would cancel.</summary>
    private static double Complement(double z) =>
        z < 1e-5 ? z * (1 - (z / 2 * (1 - (z / 3)))) : 1 - Math.Exp(-z);

    /// <summary>The hypergeometric function 2F1 by its series.</summary>
    private static double Gauss(double a, double b, double c, double z)
    {
        double sum = 1;
        double term = 1;
        for (int n = 0; n < TermsMax; n++)
        {
            term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * z;
            sum += term;
        }

        return sum;
    }

    private static void Near(double actual, double expected) =>
        actual.ShouldBe(expected, Tolerance * (1 + Math.Abs(expected)));
}
