using System.Diagnostics;

namespace OrleansCdp.Insights;

/// <summary>Looks again and again how far something is that goes on in the background, from when it is made on.</summary>
/// <param name="look">How far it is.</param>
/// <param name="hasEnded">Whether that is the end.</param>
internal sealed class ProgressWatch<T>(Func<Task<T>> look, Predicate<T> hasEnded)
    where T : class
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private readonly long started = Stopwatch.GetTimestamp();

    /// <summary>The last look before the end; null until there was one.</summary>
    public T? Before { get; private set; }

    /// <summary>The look that saw the end; null until then.</summary>
    public T? End { get; private set; }

    /// <summary>How long it took, up to a quarter of a second too much; zero until it has ended.</summary>
    public TimeSpan Took { get; private set; }

    /// <summary>Follows it to its end, or until a time since it was made is over.</summary>
    public async Task FollowAsync(TimeSpan most)
    {
        while (End is null && Stopwatch.GetElapsedTime(started) < most)
        {
            T seen = await look();
            if (hasEnded(seen))
            {
                (End, Took) = (seen, Stopwatch.GetElapsedTime(started));
                return;
            }

            Before = seen;
            await Task.Delay(Pause);
        }
    }
}
