using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>A state made anew.</summary>
/// <typeparam name="T">The state.</typeparam>
/// <param name="State">The state, up to the log's head.</param>
/// <param name="Fates">Events in it, or not, that no checkpoint has passed: a redelivery counts them as it would have.</param>
internal sealed record Rebuilt<T>(T State, ImmutableArray<EventFate> Fates);

/// <summary>
/// What is done about a state whose stored bytes are damaged: they are kept for a person, and the state is folded anew
/// from the log, but only where the log tells all of it, and never over what a newer program may have written. Otherwise
/// the damage is reported, and nothing is served.
/// </summary>
internal sealed partial class StateRepair(
    IStateRepairs store,
    IQuarantineStore quarantine,
    LogReplay replay,
    EventFates fates,
    ILogger<StateRepair> logger
) : IDisposable
{
    /// <summary>
    /// States that one silo makes anew at a time: each may read much of the log. The others wait, and so do those who
    /// want something of them.
    /// </summary>
    public const int RebuildsMax = 2;

    private readonly SemaphoreSlim rebuilds = new(RebuildsMax);

    /// <summary>Makes an individual anew.</summary>
    /// <returns>Null when a person must look at it.</returns>
    public Task<Rebuilt<UnifiedIndividual>?> IndividualAsync(StateDamage damage) =>
        RebuildAsync(damage, () => replay.IndividualAsync(damage.Id));

    /// <summary>Makes an account anew.</summary>
    /// <returns>Null when a person must look at it.</returns>
    public Task<Rebuilt<Account>?> AccountAsync(StateDamage damage) =>
        RebuildAsync(damage, () => replay.AccountAsync(damage.Id));

    /// <summary>Says that a state made anew is stored now.</summary>
    public async Task SettleAsync(StateDamage damage)
    {
        await store.SettleAsync(damage, DamageOutcome.Rebuilt, null, CancellationToken.None);
        LogRebuilt(damage.Id, damage.Version, damage.Part, damage.Flaw);
    }

    /// <summary>Refuses events of a state that cannot be read: they wait in quarantine.</summary>
    public async Task<ImmutableArray<EventOutcome>> RefuseAsync(SequencedEvent[] events)
    {
        EventOutcome refused = EventOutcome.Refused(ReasonCodes.StateCorrupt);
        await quarantine.AddAsync(
            Array.ConvertAll(events, e => fates.Of(e, refused).Kept!),
            CancellationToken.None
        );
        return [.. events.Select(_ => refused)];
    }

    /// <summary>Says that an account that cannot be read was told something about its people.</summary>
    public void SayNotKept(string account, int changes) => LogNotKept(account, changes);

    public void Dispose() => rebuilds.Dispose();

    private async Task<T> OneOfFewAsync<T>(Func<Task<T>> rebuild)
    {
        await rebuilds.WaitAsync();
        try
        {
            return await rebuild();
        }
        finally
        {
            rebuilds.Release();
        }
    }

    private async Task<Rebuilt<T>?> RebuildAsync<T>(
        StateDamage damage,
        Func<Task<(Rebuilt<T>? Made, string? WhyNot)>> rebuild
    )
    {
        DamageOutcome known = await store.KeepAsync(damage, CancellationToken.None);
        if (known == DamageOutcome.NotRebuilt)
        {
            return null; // What the log did not tell then it does not tell now.
        }

        (Rebuilt<T>? made, string? whyNot) = damage.MayBeNewer
            ? (null, "written by a newer program, or damaged")
            : await OneOfFewAsync(rebuild);
        if (
            made is null
            && await store.SettleAsync(
                damage,
                DamageOutcome.NotRebuilt,
                whyNot,
                CancellationToken.None
            )
        )
        {
            LogNotRebuilt(damage.Id, damage.Version, damage.Part, damage.Flaw, whyNot);
        }

        return made;
    }

    [LoggerMessage(
        LogEvents.StateRebuilt,
        LogLevel.Error,
        "Version {Version} of {Id} was damaged (part '{Part}': {Flaw}) and is rebuilt from the log"
    )]
    private partial void LogRebuilt(string id, long version, string part, string flaw);

    [LoggerMessage(
        LogEvents.StateNotRebuilt,
        LogLevel.Error,
        "Version {Version} of {Id} is damaged (part '{Part}': {Flaw}) and is not served; it cannot be rebuilt: {Reason}"
    )]
    private partial void LogNotRebuilt(
        string id,
        long version,
        string part,
        string flaw,
        string? reason
    );

    [LoggerMessage(
        LogEvents.NewsNotKept,
        LogLevel.Warning,
        "{Account} is damaged and does not take {Count} changes about its people; verify when it is restored"
    )]
    private partial void LogNotKept(string account, int count);
}
