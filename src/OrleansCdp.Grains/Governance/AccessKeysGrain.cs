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

    /// <summary>Hashes of administrator's keys that were revoked, the oldest first.</summary>
    [Id(2)]
    public ImmutableArray<string> RevokedAdmins { get; init; } = [];
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

        if (stored.State.Keys.Count(known => !IsAdmin(known)) >= IAccessKeysGrain.KeysMax)
        {
            return false;
        }

        await BecomeAsync(stored.State with { Keys = stored.State.Keys.Add(key) });
        LogAdded(key.Id, string.Join(' ', key.Scopes));
        return true;
    }

    public async Task<AdminKeyOutcome> SetAdminAsync(AccessKey key)
    {
        if (!IsAdmin(key))
        {
            throw new ArgumentException("Its id is none of an administrator's key.", nameof(key));
        }

        if (RevokedAdmins.Contains(key.Hash))
        {
            return AdminKeyOutcome.Revoked;
        }

        ImmutableArray<AccessKey> former = [.. stored.State.Keys.Where(IsAdmin)];
        ImmutableArray<AccessKey> others = stored.State.Keys.RemoveAll(IsAdmin);
        if (others.Any(known => known.Hash == key.Hash))
        {
            return AdminKeyOutcome.Taken;
        }

        if (former is [{ } same] && same.Hash == key.Hash)
        {
            return AdminKeyOutcome.Valid;
        }

        await BecomeAsync(stored.State with { Keys = others.Add(key) });
        LogAdded(key.Id, string.Join(' ', key.Scopes));
        foreach (AccessKey replaced in former.Where(replaced => replaced.Id != key.Id))
        {
            LogRevoked(replaced.Id);
        }

        return AdminKeyOutcome.Valid;
    }

    public async Task<bool> RevokeAsync(string id)
    {
        if (stored.State.Keys.FirstOrDefault(key => key.Id == id) is not { } revoked)
        {
            return false;
        }

        AccessKeysState next = stored.State with { Keys = stored.State.Keys.Remove(revoked) };
        if (IsAdmin(revoked))
        {
            ImmutableArray<string> all = RevokedAdmins.Add(revoked.Hash);
            int oldest = Math.Max(0, all.Length - IAccessKeysGrain.RevokedAdminsMax);
            next = next with { RevokedAdmins = all[oldest..] };
        }

        await BecomeAsync(next);
        LogRevoked(id);
        return true;
    }

    public Task<AccessKeySet?> ListAsync(long known) =>
        Task.FromResult(
            known == stored.State.Version
                ? null
                : new AccessKeySet { Version = stored.State.Version, Keys = stored.State.Keys }
        );

    /// <summary>A state stored by an earlier version has none.</summary>
    private ImmutableArray<string> RevokedAdmins =>
        stored.State.RevokedAdmins.IsDefault ? [] : stored.State.RevokedAdmins;

    private static bool IsAdmin(AccessKey key) =>
        key.Id.StartsWith(IAccessKeysGrain.AdminPrefix, StringComparison.Ordinal);

    private async Task BecomeAsync(AccessKeysState next)
    {
        AccessKeysState before = stored.State;
        stored.State = next with { Version = before.Version + 1 };
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
