namespace OrleansCdp.Identity;

public sealed class ConnectedPartsTests
{
    [Fact]
    public void Records_hang_together_through_others_in_whatever_order_they_are_joined()
    {
        (long, long)[] pairs = [(1, 2), (3, 4), (2, 3), (5, 6), (7, 7)];
        foreach (var order in new[] { pairs, [.. pairs.Reverse()] })
        {
            ConnectedParts parts = new();
            foreach (long record in Enumerable.Range(1, 7))
            {
                parts.Add(record).ShouldBeTrue();
                parts.Add(record).ShouldBeFalse();
            }

            foreach ((long left, long right) in order)
            {
                parts.Join(left, right);
            }

            parts.Join(1, 99); // Somebody who is in no part.
            parts
                .All()
                .Select(part => string.Join(' ', part.Order()))
                .Order(StringComparer.Ordinal)
                .ShouldBe(["1 2 3 4", "5 6", "7"]);
            parts.SizeTogether(1, 4).ShouldBe(4);
            parts.SizeTogether(1, 5).ShouldBe(6);
            parts.SizeTogether(7, 99).ShouldBe(2);
        }
    }
}
