using System.Buffers.Text;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansCdp.Governance;

/// <summary>The valid keys in this process's memory, by hash; polled by version once a second.</summary>
internal sealed partial class KeyRing(
    IGrainFactory grains,
    IOptions<GatewayOptions> options,
    TimeProvider clock,
    ILogger<KeyRing> logger
) : BackgroundService
{
    private static readonly TimeSpan PollPeriod = TimeSpan.FromSeconds(1);
    private bool isAdminSet = options.Value.AdminKey is null;
    private volatile Snapshot current = new(-1, FrozenDictionary<string, AccessKey>.Empty);

    /// <summary>Whether the keys are here; before that nobody can be told that theirs is none.</summary>
    public bool IsLoaded => current.Version >= 0;

    /// <summary>All valid keys.</summary>
    public IReadOnlyCollection<AccessKey> Keys => current.ByHash.Values;

    /// <summary>The key of a secret; null when it is none, or revoked.</summary>
    public AccessKey? Find(ReadOnlySpan<char> secret)
    {
        if (secret.Length is 0 or > IAccessKeysGrain.SecretMax)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[IAccessKeysGrain.SecretMax * 4];
        int length = Encoding.UTF8.GetBytes(secret, bytes);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(bytes[..length], hash);
        Span<char> hex = stackalloc char[64];
        Convert.TryToHexStringLower(hash, hex, out _);
        var byHash = current.ByHash.GetAlternateLookup<ReadOnlySpan<char>>();
        return byHash.TryGetValue(hex, out AccessKey? key) ? key : null;
    }

    /// <summary>Makes a secret.</summary>
    public static string NewSecret() =>
        "cdp_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>The hash under which a secret is known.</summary>
    public static string HashOf(string secret) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Fetches the newest keys now.</summary>
    public async Task RefreshAsync()
    {
        var grain = grains.GetGrain<IAccessKeysGrain>(IAccessKeysGrain.Key);
        if (await grain.ListAsync(current.Version) is { } newer)
        {
            var byHash = newer.Keys.ToFrozenDictionary(key => key.Hash, StringComparer.Ordinal);
            current = new Snapshot(newer.Version, byHash);
        }
    }

    /// <summary>Sets the administrator's key before anybody may ask.</summary>
    /// <exception cref="AdminKeyRefusedException">It was revoked, or is another key.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await PollAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(PollPeriod, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await PollAsync(stoppingToken);
        }
    }

    private async Task PollAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (!isAdminSet)
            {
                await SetAdminAsync(options.Value.AdminKey!);
                isAdminSet = true;
            }

            await RefreshAsync();
        }
        catch (Exception e)
            when (e is not AdminKeyRefusedException && !stoppingToken.IsCancellationRequested)
        {
            LogPollFailed(e); // The cluster may be away; the next poll asks again.
        }
    }

    private async Task SetAdminAsync(string secret)
    {
        string hash = HashOf(secret);
        AdminKeyOutcome outcome = await grains
            .GetGrain<IAccessKeysGrain>(IAccessKeysGrain.Key)
            .SetAdminAsync(
                new AccessKey
                {
                    Id = IAccessKeysGrain.AdminPrefix + hash[..8],
                    Name = "Administrator, from the environment",
                    Hash = hash,
                    Scopes = [Scopes.Admin],
                    CreatedAt = clock.GetUtcNow(),
                }
            );
        if (outcome != AdminKeyOutcome.Valid)
        {
            throw new AdminKeyRefusedException(outcome);
        }
    }

    [LoggerMessage(
        LogEvents.KeysNotPolled,
        LogLevel.Warning,
        "Could not poll keys; the last known ones stay valid"
    )]
    private partial void LogPollFailed(Exception exception);

    private sealed record Snapshot(long Version, FrozenDictionary<string, AccessKey> ByHash);
}

/// <summary>The administrator's key of the environment can be none; the message is for whoever set it.</summary>
public sealed class AdminKeyRefusedException : Exception
{
    internal AdminKeyRefusedException(AdminKeyOutcome outcome)
        : base(
            outcome == AdminKeyOutcome.Revoked
                ? "The administrator's key (CDP_ADMIN_KEY, or admin-key in the data folder) was revoked. "
                    + "Set a new one, or delete that file."
                : "The administrator's key (CDP_ADMIN_KEY) is another key already. Set one of its own."
        ) { }
}
