using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace OrleansCdp;

/// <summary>
/// Waits for conditions, as long as a busy machine may need. The only place in the tests that may let time pass.
/// </summary>
public static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until a condition holds.</summary>
    /// <exception cref="TimeoutException">It did not within five minutes.</exception>
    public static Task BeAsync(
        Func<bool> condition,
        [CallerArgumentExpression(nameof(condition))] string what = ""
    ) => BeAsync(() => Task.FromResult(condition()), what);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="what">The condition in words.</param>
    /// <param name="seen">What there is instead, for the message.</param>
    /// <exception cref="TimeoutException">It did not within five minutes.</exception>
    public static async Task BeAsync(
        Func<Task<bool>> condition,
        [CallerArgumentExpression(nameof(condition))] string what = "",
        Func<string>? seen = null
    )
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > Deadline)
            {
                throw new TimeoutException($"Not within {watch.Elapsed}: {what}. {seen?.Invoke()}");
            }

            await Task.Delay(Pause);
        }
    }

    /// <summary>Tries an action that may fail for a while, e.g. while a server restarts.</summary>
    /// <returns>What it returned when it first succeeded.</returns>
    public static async Task<T> SucceedAsync<T>(Func<Task<T>> action)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await action();
            }
            catch (Exception) when (watch.Elapsed < Deadline)
            {
                await Task.Delay(Pause);
            }
        }
    }
}
