using OrleansCdp.Context;

namespace OrleansCdp;

/// <summary>
/// What an activation does whose stored state is damaged: while it is made anew everybody waits, and where it cannot be,
/// nobody gets an answer, until somebody has restored it.
/// </summary>
/// <typeparam name="T">The state.</typeparam>
/// <param name="id">The individual or account.</param>
/// <param name="cell">Its stored state.</param>
/// <param name="repair">Makes it anew.</param>
/// <param name="clock">Says when to look again.</param>
/// <param name="reload">Ends the activation, so that the next call reads what is stored then.</param>
internal sealed class Recovery<T>(
    string id,
    SnapshotCell<T> cell,
    StateRepair repair,
    TimeProvider clock,
    Action reload
)
    where T : class
{
    /// <summary>How long a damaged state is taken for that before it is read once more.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);

    private Task<bool> made = Task.FromResult(true);
    private long lostAt;

    /// <summary>Whether the state can be used now.</summary>
    public bool IsReady { get; private set; } = true;

    /// <summary>Begins to make it anew. Reading the log may take longer than an activation may.</summary>
    /// <param name="found">What is wrong.</param>
    /// <param name="rebuild">Folds it anew; null where a person must look.</param>
    /// <param name="linksOf">Its links.</param>
    /// <param name="become">Takes the new state once it is durable.</param>
    public void Begin(
        CorruptSnapshotException found,
        Func<StateDamage, Task<Rebuilt<T>?>> rebuild,
        Func<T, LinkSet> linksOf,
        Action<T> become
    )
    {
        IsReady = false;
        made = MakeAsync(found, rebuild, linksOf, become);
    }

    /// <summary>Waits until it is known whether the state can be used.</summary>
    public async Task<bool> IsMadeAsync()
    {
        bool usable = await made;
        if (!usable && clock.GetElapsedTime(lostAt) > LookAgain)
        {
            reload();
        }

        return usable;
    }

    /// <summary>Waits until the state can be used.</summary>
    /// <exception cref="StateCorruptException">It cannot.</exception>
    public async Task WhenMadeAsync()
    {
        if (!IsReady && !await IsMadeAsync())
        {
            throw new StateCorruptException(id);
        }
    }

    /// <summary>Answers once the state can be used.</summary>
    /// <exception cref="StateCorruptException">It cannot.</exception>
    public async ValueTask<ContextAnswer?> WhenMadeAsync(Func<ValueTask<ContextAnswer?>> answer)
    {
        await WhenMadeAsync();
        return await answer();
    }

    private async Task<bool> MakeAsync(
        CorruptSnapshotException found,
        Func<StateDamage, Task<Rebuilt<T>?>> rebuild,
        Func<T, LinkSet> linksOf,
        Action<T> become
    )
    {
        try
        {
            StateDamage damage = new(
                id,
                found.Found.Version,
                found.Part,
                found.Message,
                found.MayBeNewer
            );
            if (await rebuild(damage) is not { } rebuilt)
            {
                lostAt = clock.GetTimestamp();
                return false;
            }

            await cell.SaveAsync(
                cell.PrepareInstead(found.Found, rebuilt.State) with
                {
                    IdentifiersAdded = [.. linksOf(rebuilt.State).Identifiers()],
                    Fates = rebuilt.Fates,
                    // It has forgotten what it told its account, and what it has written.
                    DueAt = clock.GetUtcNow(),
                }
            );
            become(rebuilt.State);
            await repair.SettleAsync(damage);
            IsReady = true;
            return true;
        }
        catch
        {
            reload(); // The database is away, or another activation was first.
            throw;
        }
    }
}
