using Microsoft.Extensions.Time.Testing;

namespace OrleansCdp.Segments;

/// <summary>What is counted is counted again only as often as counting can be afforded.</summary>
public sealed class RecentTests
{
    private readonly FakeTimeProvider clock = new();
    private TimeSpan work = TimeSpan.Zero;
    private int found;
    private bool fails;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.1, 1)]
    [InlineData(0.5, 5)]
    [InlineData(6, 60)]
    [InlineData(7, 60)]
    public async Task It_is_found_anew_after_a_second_or_ten_times_what_finding_took_or_a_minute(
        double seconds,
        double age
    )
    {
        work = TimeSpan.FromSeconds(seconds);
        Recent<int> recent = new(clock, FindAsync);
        (await recent.GetAsync()).ShouldBe(1);
        TimeSpan left = TimeSpan.FromSeconds(age) - work;

        clock.Advance(left - TimeSpan.FromTicks(1));
        (await recent.GetAsync()).ShouldBe(1);
        clock.Advance(TimeSpan.FromTicks(1));
        (await recent.GetAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task All_who_ask_while_it_is_being_found_get_the_same()
    {
        TaskCompletionSource<int> finding = new();
        Recent<int> recent = new(
            clock,
            () =>
            {
                found++;
                return finding.Task;
            }
        );
        Task<int> first = recent.GetAsync();
        clock.Advance(TimeSpan.FromHours(1));
        Task<int> second = recent.GetAsync();
        finding.SetResult(7);

        (await first, await second, found).ShouldBe((7, 7, 1));
    }

    [Fact]
    public async Task What_failed_is_not_tried_again_before_it_is_old_either()
    {
        work = TimeSpan.FromSeconds(30);
        Recent<int> recent = new(clock, FindAsync);
        fails = true;
        await Should.ThrowAsync<TimeoutException>(recent.GetAsync);
        fails = false;

        await Should.ThrowAsync<TimeoutException>(recent.GetAsync);
        clock.Advance(Recent<int>.AgeMin - TimeSpan.FromTicks(1));
        await Should.ThrowAsync<TimeoutException>(recent.GetAsync);
        found.ShouldBe(1);
        clock.Advance(TimeSpan.FromTicks(1));
        (await recent.GetAsync()).ShouldBe(2);
    }

    private Task<int> FindAsync()
    {
        clock.Advance(work);
        found++;
        return fails
            ? Task.FromException<int>(new TimeoutException("The database is away."))
            : Task.FromResult(found);
    }
}
