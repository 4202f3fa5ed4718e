using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace OrleansCdp;

/// <summary>Keeps trying to reach a cluster that starts later than the producer.</summary>
internal sealed partial class ClusterConnection(
    CdpProducerOptions options,
    TimeProvider clock,
    ILogger<ClusterConnection> logger
) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly long started = clock.GetTimestamp();

    public async Task<bool> ShouldRetryConnectionAttempt(
        Exception exception,
        CancellationToken cancellationToken
    )
    {
        if (clock.GetElapsedTime(started) + Pause > options.ConnectTimeout)
        {
            return false;
        }

        LogRetried(exception.Message);
        await Task.Delay(Pause, clock, cancellationToken);
        return true;
    }

    [LoggerMessage(
        LogEvents.ConnectRetried,
        LogLevel.Warning,
        "The cluster cannot be reached yet: {Reason}"
    )]
    private partial void LogRetried(string reason);
}
