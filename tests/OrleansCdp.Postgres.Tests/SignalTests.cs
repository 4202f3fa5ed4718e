using Microsoft.Extensions.Time.Testing;

namespace OrleansCdp;

public sealed class SignalTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider clock = new();
    private readonly Signal signal = new();

    [Fact]
    public async Task Everybody_who_waits_is_told()
    {
        Task<bool>[] waits = [Wait(0), Wait(0)];
        waits.ShouldAllBe(wait => !wait.IsCompleted);

        signal.Set();

        (await Task.WhenAll(waits)).ShouldBe([true, true]);
    }

    [Fact]
    public async Task What_happened_between_the_look_and_the_wait_is_not_missed()
    {
        long seen = signal.Times;
        signal.Set();

        (await Wait(seen)).ShouldBeTrue();

        Wait(signal.Times).IsCompleted.ShouldBeFalse("that was told already");
    }

    [Fact]
    public async Task A_wait_ends_in_time_though_nothing_happens()
    {
        Task<bool> wait = Wait(0);
        clock.Advance(Second - TimeSpan.FromTicks(1));
        wait.IsCompleted.ShouldBeFalse();

        clock.Advance(TimeSpan.FromTicks(1));

        (await wait).ShouldBeFalse();
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_ends_without_an_exception()
    {
        using CancellationTokenSource cancel = new();
        Task<bool> wait = signal.WaitAsync(0, Timeout.InfiniteTimeSpan, clock, cancel.Token);

        await cancel.CancelAsync();

        (await wait).ShouldBeFalse();
        (await signal.WaitAsync(0, Second, clock, cancel.Token)).ShouldBeFalse();
    }

    private Task<bool> Wait(long seen) => signal.WaitAsync(seen, Second, clock, default);
}
