using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace OrleansCdp.Governance;

/// <summary>Every valid key.</summary>
[GenerateSerializer, Alias("cdp.access-keys-state")]
internal sealed record AccessKeysState
{
    /// <summary>Grows with every change.</summary>
    [Id(0)]
    public long Version { get; init; }

    /// <summary>The keys.</summary>
    [Id(1)]
    public ImmutableArray<AccessKey> Keys { get; init; } = [];
}

/// <summary>Keeps the keys.</summary>
[GrainType("cdp.access-keys")]
[KeepAlive]
internal sealed partial class AccessKeysGrain(
    [PersistentState("access-keys")] IPersistentState<AccessKeysState> stored,
    ILogger<AccessKeysGrain> logger
) : Grain, IAccessKeysGrain
{
    public async Task<bool> AddAsync(AccessKey key)
    {
        if (stored.State.Keys.Any(known => known.Hash == key.Hash))
        {
            return true;
        }

        if (stored.State.Keys.Length >= IAccessKeysGrain.KeysMax)
        {
            return false;
        }

        await BecomeAsync(stored.State.Keys.Add(key));
        LogAdded(key.Id, string.Join(' ', key.Scopes));
        return true;
    }

    public async Task<bool> RevokeAsync(string id)
    {
        ImmutableArray<AccessKey> rest = stored.State.Keys.RemoveAll(key => key.Id == id);
        if (rest.Length == stored.State.Keys.Length)
        {
            return false;
        }

        await BecomeAsync(rest);
        LogRevoked(id);
        return true;
    }

    public Task<AccessKeySet?> ListAsync(long known) =>
        Task.FromResult(
            known == stored.State.Version
                ? null
                : new AccessKeySet { Version = stored.State.Version, Keys = stored.State.Keys }
        );

    private async Task BecomeAsync(ImmutableArray<AccessKey> keys)
    {
        AccessKeysState before = stored.State;
        stored.State = new AccessKeysState { Version = before.Version + 1, Keys = keys };
        try
        {
            await stored.WriteStateAsync();
        }
        catch
        {
            stored.State = before; // Not stored, so not true.
            DeactivateOnIdle();
            throw;
        }
    }

    [LoggerMessage(LogEvents.KeyAdded, LogLevel.Information, "Key {Key} added for {Scopes}")]
    private partial void LogAdded(string key, string scopes);

    [LoggerMessage(LogEvents.KeyRevoked, LogLevel.Information, "Key {Key} revoked")]
    private partial void LogRevoked(string key);
}
