namespace OrleansCdp.Insights;

public sealed class BgNbdTests
{
    private static readonly BgNbd Cdnow = new(0.243, 4.414, 0.793, 2.426, TimeUnit.Week);

    [Fact]
    public void Who_bought_once_is_alive_for_ever_but_less_and_less_likely_to_buy()
    {
        RfmSummary fresh = new(0, 0, 1, 0, TimeUnit.Week);
        RfmSummary stale = new(0, 0, 200, 0, TimeUnit.Week);

        Cdnow.ProbabilityAlive(stale).ShouldBe(1);
        Cdnow.ProbabilityOfNoPurchase(fresh, 13).ShouldBe(0.7427, 5e-5);
        Cdnow.ProbabilityOfNoPurchase(stale, 13).ShouldBe(0.9851, 5e-5);
    }

    [Fact]
    public void A_horizon_of_nothing_brings_nothing()
    {
        RfmSummary customer = new(3, 5, 9, 0, TimeUnit.Week);

        Cdnow.ExpectedPurchases(0).ShouldBe(0);
        Cdnow.ExpectedPurchases(customer, 0).ShouldBe(0);
        Cdnow.ProbabilityOfNoPurchase(customer, 0).ShouldBe(1);
        Cdnow.ProbabilityOfPurchases(0, 0).ShouldBe(1);
        Cdnow.ProbabilityOfPurchases(1, 0).ShouldBe(0);
    }

    [Fact]
    public void Nothing_happens_at_a_of_1_where_the_closed_form_has_no_value()
    {
        double at = new BgNbd(0.5, 3, 1, 2, TimeUnit.Week).ExpectedPurchases(40);

        double below = new BgNbd(0.5, 3, 1 - 1e-7, 2, TimeUnit.Week).ExpectedPurchases(40);
        double above = new BgNbd(0.5, 3, 1 + 1e-7, 2, TimeUnit.Week).ExpectedPurchases(40);

        at.ShouldBe((below + above) / 2, 1e-12);
    }

    [Fact]
    public void Without_dropout_or_difference_it_is_a_Poisson_process()
    {
        BgNbd alike = new(1e7, 1e7, 1e-7, 1e4, TimeUnit.Day);

        alike.ExpectedPurchases(3).ShouldBe(3, 1e-5);
        alike.ProbabilityOfPurchases(2, 3).ShouldBe(4.5 * Math.Exp(-3), 1e-5);
    }

    [Theory]
    [InlineData(0, 1, 1, 1)]
    [InlineData(1, -1, 1, 1)]
    [InlineData(1, 1, double.NaN, 1)]
    [InlineData(1, 1, 1, double.PositiveInfinity)]
    public void Parameters_are_finite_and_above_0(double r, double alpha, double a, double b) =>
        Should.Throw<ArgumentOutOfRangeException>(() => new BgNbd(r, alpha, a, b, TimeUnit.Day));

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_time_is_finite_and_not_negative(double time)
    {
        RfmSummary customer = new(3, 5, 9, 0, TimeUnit.Week);

        Should.Throw<ArgumentOutOfRangeException>(() => Cdnow.ExpectedPurchases(time));
        Should.Throw<ArgumentOutOfRangeException>(() => Cdnow.ExpectedPurchases(customer, time));
        Should.Throw<ArgumentOutOfRangeException>(() =>
            Cdnow.ProbabilityOfNoPurchase(customer, time)
        );
        Should.Throw<ArgumentOutOfRangeException>(() => Cdnow.ProbabilityOfPurchases(2, time));
        Should.Throw<ArgumentOutOfRangeException>(() =>
            Cdnow.ProbabilityOfPurchases(customer, 2, time)
        );
    }

    [Fact]
    public void A_count_is_not_negative() =>
        Should.Throw<ArgumentOutOfRangeException>(() => Cdnow.ProbabilityOfPurchases(-1, 1));

    [Fact]
    public void Days_are_not_taken_for_weeks()
    {
        RfmSummary days = new(3, 5, 9, 0, TimeUnit.Day);

        Should.Throw<ArgumentException>(() => Cdnow.LogLikelihood(days));
        Should.Throw<ArgumentException>(() => Cdnow.ProbabilityAlive(days));
        Should.Throw<ArgumentException>(() => Cdnow.ProbabilityOfNoPurchase(days, 1));
    }
}
