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
    private volatile Snapshot current = new(-1, FrozenDictionary<string, AccessKey>.Empty);

    /// <summary>Whether the keys are here; before that nobody can be told that theirs is none.</summary>
    public bool IsLoaded => current.Version >= 0;

    /// <summary>All valid keys.</summary>
    public IReadOnlyCollection<AccessKey> Keys => current.ByHash.Values;

    /// <summary>The key of a secret; null when it is none, or revoked.</summary>
    public AccessKey? Find(ReadOnlySpan<char> secret)
    {
        if (secret.Length is 0 or > 512)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[2048];
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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bool adminKnown = options.Value.AdminKey is null;
        using PeriodicTimer timer = new(PollPeriod, clock);
        do
        {
            try
            {
                if (!adminKnown)
                {
                    await AddAdminAsync(options.Value.AdminKey!);
                    adminKnown = true;
                }

                await RefreshAsync();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogPollFailed(e);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private Task<bool> AddAdminAsync(string secret) =>
        grains
            .GetGrain<IAccessKeysGrain>(IAccessKeysGrain.Key)
            .AddAsync(
                new AccessKey
                {
                    Id = "admin-" + HashOf(secret)[..8],
                    Name = "Administrator, from the environment",
                    Hash = HashOf(secret),
                    Scopes = [Scopes.Admin],
                    CreatedAt = clock.GetUtcNow(),
                }
            );

    [LoggerMessage(
        LogEvents.KeysNotPolled,
        LogLevel.Warning,
        "Could not poll keys; the last known ones stay valid"
    )]
    private partial void LogPollFailed(Exception exception);

    private sealed record Snapshot(long Version, FrozenDictionary<string, AccessKey> ByHash);
}
