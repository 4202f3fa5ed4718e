namespace OrleansCdp.Events;

/// <summary>
/// Events are applied more slowly than they come, so a partition takes no more of them for now. Nothing of the refused
/// batch was written. What of a request's other partitions was written counts once when all of it is sent again.
/// </summary>
[GenerateSerializer, Alias("cdp.log-behind")]
public sealed class LogBehindException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="lag">See <see cref="Lag"/>.</param>
    /// <param name="lagMax">See <see cref="LagMax"/>.</param>
    /// <param name="retryAfter">See <see cref="RetryAfter"/>.</param>
    public LogBehindException(long lag, int lagMax, TimeSpan retryAfter)
        : base(
            $"{lag} events of the partition are not applied yet, more than {lagMax}. "
                + "Nothing was written; send the same events again later."
        )
    {
        Lag = lag;
        LagMax = lagMax;
        RetryAfter = retryAfter;
    }

    /// <summary>Events of the partition and lane that are taken and not yet in their durable state.</summary>
    [Id(0)]
    public long Lag { get; private init; }

    /// <summary>How many there may be for further ones to be taken.</summary>
    [Id(1)]
    public int LagMax { get; private init; }

    /// <summary>
    /// How long to wait before sending again: about until half as many are left as there may be, at the pace seen lately.
    /// From 100 ms to the silo's <c>RetryAfterMax</c>.
    /// </summary>
    [Id(2)]
    public TimeSpan RetryAfter { get; private init; }
}
