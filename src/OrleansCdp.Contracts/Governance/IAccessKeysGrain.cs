using System.Collections.Immutable;

namespace OrleansCdp.Governance;

/// <summary>The keys to the HTTP API. One grain, key <c>keys</c>. Knows hashes only.</summary>
[Alias("cdp.access-keys")]
public interface IAccessKeysGrain : IGrainWithStringKey
{
    /// <summary>The grain's only key.</summary>
    const string Key = "keys";

    /// <summary>Most keys, revoked ones and the administrator's not counted.</summary>
    const int KeysMax = 1_000;

    /// <summary>Characters of a key's secret; nothing longer is looked up.</summary>
    const int SecretMax = 512;

    /// <summary>Most revoked keys of the administrator that are remembered; beyond it the oldest are forgotten.</summary>
    const int RevokedAdminsMax = 1_000;

    /// <summary>What the id of the administrator's key begins with, and that of no other.</summary>
    const string AdminPrefix = "admin-";

    /// <summary>Stores a key. The same hash again changes nothing.</summary>
    /// <returns>False when there are <see cref="KeysMax"/> already.</returns>
    [Alias("add")]
    Task<bool> AddAsync(AccessKey key);

    /// <summary>Puts the administrator's key in the one place there is for it; the former one is no key any more.</summary>
    /// <param name="key">The key, with an id that begins with <see cref="AdminPrefix"/>.</param>
    [Alias("set-admin")]
    Task<AdminKeyOutcome> SetAdminAsync(AccessKey key);

    /// <summary>Revokes a key at once. The administrator's can never be set again.</summary>
    /// <returns>False when there is none with this id.</returns>
    [Alias("revoke")]
    Task<bool> RevokeAsync(string id);

    /// <summary>All valid keys, if the set is newer than <paramref name="known"/>; null otherwise.</summary>
    [Alias("list")]
    Task<AccessKeySet?> ListAsync(long known);
}

/// <summary>What became of the administrator's key.</summary>
public enum AdminKeyOutcome
{
    /// <summary>It is the administrator's key.</summary>
    Valid = 0,

    /// <summary>It was revoked; nothing was changed.</summary>
    Revoked = 1,

    /// <summary>Its secret is that of another key, with other scopes; nothing was changed.</summary>
    Taken = 2,
}

/// <summary>One key, without its secret.</summary>
[GenerateSerializer, Immutable, Alias("cdp.access-key")]
public sealed record AccessKey
{
    /// <summary>Public id, used to revoke it.</summary>
    [Id(0)]
    public required string Id { get; init; }

    /// <summary>What it is for, in its owner's words.</summary>
    [Id(1)]
    public required string Name { get; init; }

    /// <summary>Lower-case hex SHA-256 of the secret (the secret has 256 random bits, so no salt is needed).</summary>
    [Id(2)]
    public required string Hash { get; init; }

    /// <summary>ingest, context, read, author, approve, operate, privacy, admin.</summary>
    [Id(3)]
    public required ImmutableArray<string> Scopes { get; init; }

    /// <summary>Sources it may ingest for; empty for every source.</summary>
    [Id(4)]
    public ImmutableArray<string> Sources { get; init; } = [];

    /// <summary>When it was made.</summary>
    [Id(5)]
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>All valid keys.</summary>
[GenerateSerializer, Immutable, Alias("cdp.access-key-set")]
public sealed record AccessKeySet
{
    /// <summary>Grows with every change.</summary>
    [Id(0)]
    public required long Version { get; init; }

    /// <summary>The keys.</summary>
    [Id(1)]
    public required ImmutableArray<AccessKey> Keys { get; init; }
}
