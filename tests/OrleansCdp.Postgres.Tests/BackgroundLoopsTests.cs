using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace OrleansCdp;

public sealed class BackgroundLoopsTests
{
    [Fact]
    public async Task The_death_of_a_loop_stops_the_host()
    {
        StoppableHost host = new();
        using BackgroundLoops loops = Loops(host, _ => throw new InvalidOperationException("dead"));

        await loops.StartAsync(default);

        await Eventually.BeAsync(() => host.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task A_loop_that_ends_by_itself_stops_the_host()
    {
        StoppableHost host = new();
        using BackgroundLoops loops = Loops(host, _ => Task.CompletedTask);

        await loops.StartAsync(default);

        await Eventually.BeAsync(() => host.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task A_loop_that_is_told_to_end_is_awaited_and_stops_nobody()
    {
        StoppableHost host = new();
        TaskCompletionSource told = new();
        using BackgroundLoops loops = Loops(
            host,
            async stop =>
            {
                await using CancellationTokenRegistration on = stop.Register(told.SetResult);
                await told.Task;
            }
        );
        await loops.StartAsync(default);

        await loops.StopAsync(default);

        told.Task.IsCompleted.ShouldBeTrue();
        host.ApplicationStopping.IsCancellationRequested.ShouldBeFalse();
    }

    [Fact]
    public void Options_outside_their_range_are_refused()
    {
        CdpPostgresOptionsValidator validator = new();
        CdpPostgresOptions good = new() { ConnectionString = "Host=x" };
        foreach (var property in typeof(CdpPostgresOptions).GetProperties())
        {
            var range = (RangeAttribute?)
                Attribute.GetCustomAttribute(property, typeof(RangeAttribute));
            if (range is null)
            {
                continue;
            }

            int min = (int)range.Minimum;
            int max = (int)range.Maximum;
            foreach (
                (int value, bool ok) in new[]
                {
                    (min, true),
                    (max, true),
                    (min - 1, false),
                    (max + 1, false),
                }
            )
            {
                CdpPostgresOptions options = new() { ConnectionString = good.ConnectionString };
                property.SetValue(options, value);
                validator
                    .Validate(null, options)
                    .Succeeded.ShouldBe(ok, $"{property.Name} = {value}");
            }
        }

        validator
            .Validate(null, new CdpPostgresOptions())
            .Failed.ShouldBeTrue("no connection string");
        ValidateOptionsResult result = validator.Validate(null, good);
        result.Succeeded.ShouldBeTrue();
    }

    private static BackgroundLoops Loops(StoppableHost host, Func<CancellationToken, Task> run) =>
        new([new Loop(run)], host, NullLogger<BackgroundLoops>.Instance);

    private sealed class Loop(Func<CancellationToken, Task> run) : IBackgroundLoop
    {
        public string Name => "loop of a test";

        public Task RunAsync(CancellationToken stop) => run(stop);
    }
}
