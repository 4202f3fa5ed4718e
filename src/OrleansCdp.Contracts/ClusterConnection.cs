using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace OrleansCdp;

/// <summary>How long a client waits for a cluster that is not there yet.</summary>
/// <param name="Max">The longest; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
public sealed record ClusterPatience(TimeSpan Max);

/// <summary>Keeps trying to reach a cluster that starts later than its client. Needs a <see cref="ClusterPatience"/>.</summary>
public sealed partial class ClusterConnection(
    ClusterPatience patience,
    TimeProvider clock,
    ILogger<ClusterConnection> logger
) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly long started = clock.GetTimestamp();

    /// <inheritdoc/>
    public async Task<bool> ShouldRetryConnectionAttempt(
        Exception exception,
        CancellationToken cancellationToken
    )
    {
        bool isPatient =
            patience.Max == Timeout.InfiniteTimeSpan
            || clock.GetElapsedTime(started) + Pause <= patience.Max;
        if (!isPatient)
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
