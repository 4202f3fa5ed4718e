using System.Collections.Immutable;
using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

public sealed class DistinctCountTests
{
    private static readonly Gen<DistinctCount> Any = Gen.Int[0, 400]
        .Array[0, 300]
        .Select(values => Of(values.Select(value => $"v{value}")));

    [Fact]
    public void Up_to_128_values_are_counted_exactly_and_129_are_estimated()
    {
        DistinctCount exact = Of(Values(DistinctCount.ExactMax));
        (exact.Count, exact.IsEstimated).ShouldBe((128, false));

        exact.Add(Partitions.HashOf("v1")).ShouldBeSameAs(exact);
        DistinctCount estimated = exact.Add(Partitions.HashOf("one more"));
        estimated.IsEstimated.ShouldBeTrue();
        estimated.Count.ShouldBeInRange(129 - 9, 129 + 9); // three standard errors
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(10_000)]
    [InlineData(100_000)]
    public void An_estimate_is_within_three_standard_errors(int count)
    {
        DistinctCount estimated = DistinctCount.None;
        for (int i = 0; i < count; i++)
        {
            estimated = estimated.Add(Partitions.HashOf($"customer {i}"));
        }

        double error = (estimated.Count - count) / (double)count;
        Math.Abs(error).ShouldBeLessThan(3 * 1.04 / Math.Sqrt(1_024));
    }

    [Fact]
    public void Joining_is_commutative_associative_and_idempotent() =>
        Gen.Select(Any, Any, Any)
            .Sample(
                (a, b, c) =>
                {
                    Said(a.Join(b)).ShouldBe(Said(b.Join(a)));
                    Said(a.Join(b).Join(c)).ShouldBe(Said(a.Join(b.Join(c))));
                    Said(a.Join(a)).ShouldBe(Said(a));
                    Said(a.Join(b).Join(b)).ShouldBe(Said(a.Join(b)));
                },
                iter: 200 * Laws.Thoroughness
            );

    [Fact]
    public void Joining_is_what_counting_all_of_it_gives() =>
        Gen.Select(Gen.Int[0, 300].Array[0, 200], Gen.Int[0, 300].Array[0, 200])
            .Sample(
                (left, right) =>
                    Said(Of(Names(left)).Join(Of(Names(right))))
                        .ShouldBe(Said(Of(Names([.. left, .. right])))),
                iter: 100 * Laws.Thoroughness
            );

    private static string Said(DistinctCount count) =>
        $"{count.Count}: {string.Join(',', count.Hashes)} {string.Join(',', count.Ranks)}";

    private static IEnumerable<string> Values(int count) =>
        Enumerable.Range(0, count).Select(i => $"v{i}");

    private static IEnumerable<string> Names(int[] values) => values.Select(value => $"v{value}");

    private static DistinctCount Of(IEnumerable<string> values) =>
        values.Aggregate(DistinctCount.None, (count, value) => count.Add(Partitions.HashOf(value)));
}
