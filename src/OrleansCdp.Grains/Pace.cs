using System.Diagnostics;

namespace OrleansCdp;

/// <summary>How much of its time work in the background works; the rest it rests, so that events and reads hardly notice.</summary>
/// <param name="Share">The share, above 0 and up to 1.</param>
internal readonly record struct Pace(double Share)
{
    /// <summary>It rests as long as it works.</summary>
    public static Pace Half => new(0.5);

    /// <summary>The longest rest: a piece of work that took long waited for something, and did not work.</summary>
    public static readonly TimeSpan RestMax = TimeSpan.FromSeconds(10);

    /// <summary>Rests after a piece of work.</summary>
    /// <param name="since">When that began: <see cref="Stopwatch.GetTimestamp"/>.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancel">Ends the rest.</param>
    public Task RestAsync(long since, TimeProvider clock, CancellationToken cancel) =>
        Task.Delay(RestAfter(Stopwatch.GetElapsedTime(since)), clock, cancel);

    /// <summary>How long it rests after work that took so long; at most <see cref="RestMax"/>.</summary>
    public TimeSpan RestAfter(TimeSpan work)
    {
        double seconds = work.TotalSeconds * ((1 / Share) - 1);
        return TimeSpan.FromSeconds(Math.Min(seconds, RestMax.TotalSeconds));
    }
}
