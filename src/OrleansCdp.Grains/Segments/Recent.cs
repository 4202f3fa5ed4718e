namespace OrleansCdp.Segments;

/// <summary>
/// Something that is found anew by the first who asks once it is old; others wait for the same. It is old after
/// <see cref="AgeMin"/>, and where finding takes long only after <see cref="RestTimes"/> as long, at most <see cref="AgeMax"/>:
/// however many ask, the database works at it for no more than a tenth of the time, as long as that takes less than six seconds.
/// What failed is tried again <see cref="AgeMin"/> later, however long that took.
/// </summary>
/// <typeparam name="T">What is found.</typeparam>
/// <param name="clock">The clock.</param>
/// <param name="find">Finds it.</param>
internal sealed class Recent<T>(TimeProvider clock, Func<Task<T>> find)
{
    /// <summary>How old it may be at least.</summary>
    public static readonly TimeSpan AgeMin = TimeSpan.FromSeconds(1);

    /// <summary>How old it may be at most.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromMinutes(1);

    /// <summary>How many times as long as finding took it is not found anew.</summary>
    public const int RestTimes = 9;

    private long begun;
    private TimeSpan age;
    private Task<T>? latest;

    /// <summary>What was found lately. One caller at a time begins it; all may wait for it.</summary>
    public Task<T> GetAsync()
    {
        bool isUsable =
            latest is { IsCompleted: false }
            || (latest is not null && clock.GetElapsedTime(begun) < age);
        return isUsable ? latest! : latest = FindAsync();
    }

    private async Task<T> FindAsync()
    {
        begun = clock.GetTimestamp();
        try
        {
            T found = await find();
            TimeSpan rested = clock.GetElapsedTime(begun) * (1 + RestTimes);
            age =
                rested < AgeMin ? AgeMin
                : rested < AgeMax ? rested
                : AgeMax;
            return found;
        }
        catch
        {
            age = clock.GetElapsedTime(begun) + AgeMin;
            throw;
        }
    }
}
