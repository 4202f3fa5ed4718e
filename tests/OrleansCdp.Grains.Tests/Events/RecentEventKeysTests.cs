namespace OrleansCdp.Events;

public sealed class RecentEventKeysTests
{
    private static readonly DateTimeOffset Start = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Every_key_is_known_and_no_other_through_many_growths()
    {
        RecentEventKeys keys = new(TimeSpan.FromHours(24));
        for (int i = 0; i < 100_000; i += 2)
        {
            keys.Add(KeyOf(i), Start);
        }

        for (int i = 0; i < 100_000; i++)
        {
            keys.Contains(KeyOf(i)).ShouldBe(i % 2 == 0);
        }

        keys.Count.ShouldBe(50_000);
    }

    [Fact]
    public void A_key_is_known_through_24_hours_and_forgotten_some_time_after_25()
    {
        RecentEventKeys keys = new(TimeSpan.FromHours(25));
        keys.Add(KeyOf(1), Start);

        keys.Forget(Start.AddHours(24));
        keys.Contains(KeyOf(1)).ShouldBeTrue();
        keys.Forget(Start.AddHours(27));
        keys.Contains(KeyOf(1)).ShouldBeFalse();
        keys.Count.ShouldBe(0);
    }

    [Fact]
    public void The_key_zero_is_a_key_like_any_other()
    {
        RecentEventKeys keys = new(TimeSpan.FromHours(24));

        keys.Contains(UInt128.Zero).ShouldBeFalse();
        keys.Add(UInt128.Zero, Start);
        keys.Add(UInt128.Zero, Start);

        keys.Contains(UInt128.Zero).ShouldBeTrue();
        keys.Count.ShouldBe(1);
    }

    private static UInt128 KeyOf(int i) => Partitions.EventKey("source", $"event {i}", 42);
}
