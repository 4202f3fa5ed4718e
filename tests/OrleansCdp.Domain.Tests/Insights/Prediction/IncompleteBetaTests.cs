using CsCheck;
using MathNet.Numerics;

namespace OrleansCdp.Insights;

public sealed class IncompleteBetaTests
{
    [Fact]
    public void It_is_what_the_library_has_for_small_parameters() =>
        Gen.Select(Gen.Double[0.1, 20], Gen.Double[0.1, 20], Gen.Double[0, 1])
            .Sample(
                (a, b, x) =>
                    IncompleteBeta
                        .Regularized(x, 1 - x, a, b)
                        .ShouldBe(SpecialFunctions.BetaRegularized(a, b, x), 1e-11)
            );

    [Fact]
    public void Ten_thousand_purchases_keep_the_recurrence()
    {
        // The logarithms of gamma functions of ten thousand leave nine decimals.
        // I_x(a, b) - I_x(a + 1, b) = x^a (1 - x)^b/(a B(a, b)), around the mean, where both are far from 0 and 1.
        foreach (double a in new[] { 10.0, 500, 10_000 })
        {
            foreach (double b in new[] { 0.25, 3, 10_000 })
            {
                double x = a / (a + b);
                double y = b / (a + b);
                double step = Math.Exp(
                    (a * Math.Log(x)) + (b * Math.Log(y)) - LogSpace.LogBeta(a, b)
                );
                double low = IncompleteBeta.Regularized(x, y, a, b);
                double high = IncompleteBeta.Regularized(x, y, a + 1, b);

                low.ShouldBeInRange(0.1, 0.9);
                (low - high).ShouldBe(step / a, 2e-9);
            }
        }
    }

    [Fact]
    public void The_ends_are_0_and_1()
    {
        IncompleteBeta.Regularized(0, 1, 2, 3).ShouldBe(0);
        IncompleteBeta.Regularized(1, 0, 2, 3).ShouldBe(1);
    }
}
