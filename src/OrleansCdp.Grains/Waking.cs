using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>
/// Wakes individuals and accounts, a few at once, and rests between them. One that fails does not keep the others waiting: it is
/// put off, each time for longer.
/// </summary>
internal sealed partial class Waking(
    IGrainFactory grains,
    DueInstruments instruments,
    TimeProvider clock,
    ILogger<Waking> logger
)
{
    /// <summary>
    /// Individuals and accounts that are woken at once: enough that they share the statements that save them, and few enough that
    /// a read that comes then waits for a few milliseconds at most.
    /// </summary>
    public const int AtOnceMax = 32;

    /// <summary>How long one may take. What it does goes on, and the others are not kept waiting.</summary>
    public static readonly TimeSpan WithinMax = TimeSpan.FromSeconds(10);

    /// <summary>How long one is put off that failed for the first time; each further time it is twice as long.</summary>
    public static readonly TimeSpan PutOff = TimeSpan.FromMinutes(1);

    /// <summary>The longest that one is put off.</summary>
    public static readonly TimeSpan PutOffMax = TimeSpan.FromHours(1);

    /// <summary>How long one is put off.</summary>
    /// <param name="tries">How often in a row it failed before.</param>
    public static TimeSpan PutOffAfter(int tries)
    {
        TimeSpan delay = PutOff * Math.Pow(2, Math.Min(tries, 10));
        return delay < PutOffMax ? delay : PutOffMax;
    }

    /// <summary>Wakes all of them.</summary>
    /// <param name="due">Whom.</param>
    /// <param name="pace">How much of the time that may take, asked again after each few.</param>
    /// <param name="cancel">Stops it; who was woken was.</param>
    /// <returns>What came of each, in their order.</returns>
    public async Task<ImmutableArray<Look>> WakeAsync(
        IReadOnlyCollection<DueSubject> due,
        Func<Pace> pace,
        CancellationToken cancel
    )
    {
        var looks = ImmutableArray.CreateBuilder<Look>(due.Count);
        foreach (DueSubject[] some in due.Chunk(AtOnceMax))
        {
            cancel.ThrowIfCancellationRequested();
            long since = Stopwatch.GetTimestamp();
            looks.AddRange(await Task.WhenAll(some.Select(WakeAsync)));
            await pace().RestAsync(since, clock, cancel);
        }

        return looks.MoveToImmutable();
    }

    private async Task<Look> WakeAsync(DueSubject due)
    {
        try
        {
            DateTimeOffset? next = await WakeAsync(due.Id, due.At).WaitAsync(WithinMax);
            instruments.NoteWoken();
            return new Look(due, next);
        }
        catch (Exception e)
        {
            instruments.NoteFailed();
            TimeSpan delay = PutOffAfter(due.Tries);
            LogNotWoken(due.Id, delay, e);
            return new Look(due, clock.GetUtcNow() + delay, Failed: true)
            {
                IsDamaged = e is StateCorruptException,
            };
        }
    }

    private Task<DateTimeOffset?> WakeAsync(string id, DateTimeOffset dueAt) =>
        SubjectIds.IsAccount(id)
            ? grains.GetGrain<IAccountGrain>(id).WakeAsync(dueAt)
            : grains.GetGrain<IUnifiedIndividualGrain>(id).WakeAsync(dueAt);

    [LoggerMessage(
        LogEvents.NotWoken,
        LogLevel.Warning,
        "{Id} is due and could not be looked at; it is tried again in {Delay}"
    )]
    private partial void LogNotWoken(string id, TimeSpan delay, Exception exception);
}
