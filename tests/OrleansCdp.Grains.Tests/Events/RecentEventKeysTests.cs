namespace OrleansCdp.Events;

public sealed class RecentEventKeysTests
{
    private const int KeysMax = 1_000_000;
    private static readonly DateTimeOffset Start = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Every_key_is_known_and_no_other_through_many_growths()
    {
        RecentEventKeys keys = new(TimeSpan.FromHours(24), KeysMax);
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
        RecentEventKeys keys = new(TimeSpan.FromHours(25), KeysMax);
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
        RecentEventKeys keys = new(TimeSpan.FromHours(24), KeysMax);

        keys.Contains(UInt128.Zero).ShouldBeFalse();
        keys.Add(UInt128.Zero, Start);
        keys.Add(UInt128.Zero, Start);

        keys.Contains(UInt128.Zero).ShouldBeTrue();
        keys.Count.ShouldBe(1);
    }

    [Fact]
    public void At_its_bound_every_key_is_known_and_one_past_it_an_eighth_is_forgotten()
    {
        const int max = 8_000;
        RecentEventKeys keys = new(TimeSpan.FromHours(24), max);
        for (int i = 0; i < max; i++)
        {
            keys.Add(KeyOf(i), Start);
        }

        keys.Count.ShouldBe(max);
        keys.ForgottenEarly.ShouldBe(0);
        keys.Add(KeyOf(max), Start);

        keys.Count.ShouldBe((max * 7 / 8) + 1);
        keys.ForgottenEarly.ShouldBe(max / 8);
        keys.Contains(KeyOf(0)).ShouldBeFalse();
        keys.Contains(KeyOf(max / 8)).ShouldBeTrue();
        keys.Contains(KeyOf(max)).ShouldBeTrue();
    }

    [Fact]
    public void What_is_read_back_out_of_order_is_forgotten_in_the_order_of_time()
    {
        RecentEventKeys keys = new(TimeSpan.FromHours(2), KeysMax);
        keys.Add(KeyOf(2), Start.AddHours(2));
        keys.Add(KeyOf(0), Start);
        keys.Add(KeyOf(1), Start.AddHours(1));

        keys.Forget(Start.AddHours(3));

        keys.Contains(KeyOf(0)).ShouldBeFalse();
        keys.Contains(KeyOf(1)).ShouldBeTrue();
        keys.Contains(KeyOf(2)).ShouldBeTrue();
    }

    private static UInt128 KeyOf(int i) => Partitions.EventKey("source", $"event {i}", 42);
}
