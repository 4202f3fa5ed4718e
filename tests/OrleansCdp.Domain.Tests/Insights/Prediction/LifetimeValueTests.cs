namespace OrleansCdp.Insights;

public sealed class LifetimeValueTests
{
    private static readonly BgNbd Purchases = new(0.243, 4.414, 0.793, 2.426, TimeUnit.Week);
    private static readonly GammaGamma Values = new(6.25, 3.74, 15.44);
    private static readonly RfmSummary Customer = new(2, 30.43, 38.86, 22.35, TimeUnit.Week);

    [Fact]
    public void Without_a_discount_the_periods_add_up_to_the_whole() =>
        new LifetimeValue(12, 4.5, 0)
            .Of(Purchases, Values, Customer)
            .ShouldBe(
                Purchases.ExpectedPurchases(Customer, 54) * Values.ExpectedValue(Customer),
                1e-9
            );

    [Fact]
    public void Each_period_is_discounted_to_today_from_its_end()
    {
        double first = Purchases.ExpectedPurchases(Customer, 4);
        double second = Purchases.ExpectedPurchases(Customer, 8) - first;

        new LifetimeValue(2, 4, 0.25)
            .DiscountedPurchases(Purchases, Customer)
            .ShouldBe((first / 1.25) + (second / 1.5625), 1e-12);
    }

    [Fact]
    public void So_many_periods_are_looked_ahead_and_no_more()
    {
        double.IsFinite(
                new LifetimeValue(LifetimeValue.PeriodsMax, 30, 0.01).Of(
                    Purchases,
                    Values,
                    Customer
                )
            )
            .ShouldBeTrue();
        Should.Throw<ArgumentOutOfRangeException>(() =>
            new LifetimeValue(LifetimeValue.PeriodsMax + 1, 30, 0.01)
        );
    }

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(1, 0, 0)]
    [InlineData(1, double.NaN, 0)]
    [InlineData(1, 1, -0.01)]
    [InlineData(1, 1, double.NaN)]
    [InlineData(1, double.PositiveInfinity, 0)]
    public void What_is_no_plan_is_refused(int periods, double length, double rate) =>
        Should.Throw<ArgumentOutOfRangeException>(() => new LifetimeValue(periods, length, rate));
}
