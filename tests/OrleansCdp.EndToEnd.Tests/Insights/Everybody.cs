using System.Collections.Concurrent;

namespace OrleansCdp.Insights;

/// <summary>Asks about many people at a time.</summary>
internal static class Everybody
{
    private const int AtATime = 8;

    /// <summary>What is wrong about whom.</summary>
    public static async Task<string[]> WrongAsync<T>(
        IEnumerable<T> people,
        Func<T, Task<IEnumerable<string>>> faultsOf
    )
    {
        ConcurrentBag<string> wrong = [];
        await Parallel.ForEachAsync(
            people,
            new ParallelOptions { MaxDegreeOfParallelism = AtATime },
            async (one, _) =>
            {
                foreach (string fault in await faultsOf(one))
                {
                    wrong.Add($"{one}: {fault}");
                }
            }
        );
        return [.. wrong.Order(StringComparer.Ordinal)];
    }
}
