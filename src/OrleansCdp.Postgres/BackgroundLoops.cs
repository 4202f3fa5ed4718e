using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCdp;

/// <summary>Work that goes on as long as the silo does.</summary>
internal interface IBackgroundLoop
{
    /// <summary>What it does, for the log.</summary>
    string Name { get; }

    /// <summary>Works until told to stop, then finishes what is pending and returns.</summary>
    Task RunAsync(CancellationToken stop);
}

/// <summary>
/// Runs the background loops from before the first grain until after the last. A silo whose loop died would go on
/// answering and keep nothing, so the death of one is the silo's.
/// </summary>
internal sealed partial class BackgroundLoops(
    IEnumerable<IBackgroundLoop> loops,
    IHostApplicationLifetime host,
    ILogger<BackgroundLoops> logger
) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(
            nameof(BackgroundLoops),
            ServiceLifecycleStage.RuntimeStorageServices,
            StartAsync,
            StopAsync
        );

    public void Dispose() => stopping.Dispose();

    internal Task StartAsync(CancellationToken cancel)
    {
        running = Task.WhenAll([
            .. loops.Select(loop => Task.Run(() => SuperviseAsync(loop), cancel)),
        ]);
        return Task.CompletedTask;
    }

    internal async Task StopAsync(CancellationToken cancel)
    {
        await stopping.CancelAsync();
        await running.WaitAsync(cancel);
    }

    private async Task SuperviseAsync(IBackgroundLoop loop)
    {
        try
        {
            await loop.RunAsync(stopping.Token);
            if (!stopping.IsCancellationRequested)
            {
                throw new InvalidOperationException("The loop ended by itself.");
            }
        }
        catch (Exception e)
        {
            if (e is OperationCanceledException && stopping.IsCancellationRequested)
            {
                return;
            }

            LogDied(e, loop.Name);
            host.StopApplication();
        }
    }

    [LoggerMessage(
        LogEvents.BackgroundLoopDied,
        LogLevel.Error,
        "The {Loop} died; the silo cannot go on without it and stops"
    )]
    private partial void LogDied(Exception exception, string loop);
}
