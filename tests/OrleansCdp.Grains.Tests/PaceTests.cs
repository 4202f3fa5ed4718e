namespace OrleansCdp;

public sealed class PaceTests
{
    [Theory]
    [InlineData(0.5, 2, 2)]
    [InlineData(0.25, 1, 3)]
    [InlineData(1, 5, 0)]
    [InlineData(0.5, 10, 10)]
    [InlineData(0.5, 11, 10)]
    [InlineData(0.001, 3600, 10)]
    public void It_rests_as_its_share_says_but_never_longer_than_ten_seconds(
        double share,
        double work,
        double rest
    ) =>
        new Pace(share)
            .RestAfter(TimeSpan.FromSeconds(work))
            .TotalSeconds.ShouldBe(rest, tolerance: 1e-9);
}
