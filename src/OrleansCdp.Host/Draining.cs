using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansCdp;

/// <summary>
/// A gateway that is told to stop goes on answering for a while, not ready any more, so that a load balancer sends
/// nobody to it by the time it closes.
/// </summary>
internal sealed class Draining(IOptions<GatewayOptions> options, TimeProvider clock)
    : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Before anything stops; health says so already.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) =>
        Task.Delay(options.Value.DrainTime, clock, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
