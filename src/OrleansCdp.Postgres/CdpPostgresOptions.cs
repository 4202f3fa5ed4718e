using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansCdp;

/// <summary>How a silo uses PostgreSQL.</summary>
public sealed class CdpPostgresOptions
{
    /// <summary>Where these options are in the configuration. Its <c>ConnectionString</c> is not read there.</summary>
    public const string Section = "Cdp:Postgres";

    /// <summary>How to reach the database that <see cref="DatabaseSetup"/> prepared.</summary>
    [Required]
    public string ConnectionString { get; set; } = "";

    /// <summary>Connections for cluster membership. They are few and shared with nothing else: they decide who lives.</summary>
    /// <value>From 2 to 50. Default: 5.</value>
    [Range(2, 50)]
    public int ClusteringConnectionsMax { get; init; } = 5;

    /// <summary>Connections for states, identity, quarantine and counts.</summary>
    /// <value>From 4 to 200. Default: 12.</value>
    [Range(4, 200)]
    public int StorageConnectionsMax { get; init; } = 12;

    /// <summary>Connections for the log: writing, reading, checkpoints.</summary>
    /// <value>From 4 to 200. Default: 8.</value>
    [Range(4, 200)]
    public int StreamConnectionsMax { get; init; } = 8;

    /// <summary>Days that the log is kept; a day that some partition has not finished is kept longer.</summary>
    /// <value>From 1 to 90. Default: 7.</value>
    [Range(1, 90)]
    public int RetentionDays { get; init; } = 7;

    /// <summary>Events this silo may have waiting for their commit; further ones are refused, to be sent again.</summary>
    /// <value>From 2,500 to 10 million. Default: 100,000.</value>
    [Range(Limits.AppendBatchMax, 10_000_000)]
    public int PendingEventsMax { get; init; } = 100_000;

    /// <summary>Bytes of compressed events this silo may have waiting for their commit.</summary>
    /// <value>From 1 MiB to 1 GiB. Default: 64 MiB.</value>
    [Range(1024 * 1024, 1024 * 1024 * 1024)]
    public int PendingBytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>
    /// Events per partition and lane kept in memory for a local reader that is behind; older ones are read back
    /// from the database.
    /// </summary>
    /// <value>From 500 to 1 million. Default: 10,000.</value>
    [Range(500, 1_000_000)]
    public int TailEventsMax { get; init; } = 10_000;

    /// <summary>The same in bytes, as serialised.</summary>
    /// <value>From 256 KiB to 256 MiB. Default: 4 MiB.</value>
    [Range(256 * 1024, 256 * 1024 * 1024)]
    public int TailBytesMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>States that one statement saves.</summary>
    /// <value>From 1 to 2,000. Default: 500.</value>
    [Range(1, 2_000)]
    public int SaveBatchMax { get; init; } = 500;

    /// <summary>Saving statements at the same time.</summary>
    /// <value>From 1 to 4. Default: 2.</value>
    [Range(1, 4)]
    public int SaversMax { get; init; } = 2;

    /// <summary>Saves waiting for their turn; a further one waits for room.</summary>
    /// <value>From 1,000 to 1 million. Default: 50,000.</value>
    [Range(1_000, 1_000_000)]
    public int PendingSavesMax { get; init; } = 50_000;

    /// <summary>Loads waiting for their turn; a further one waits for room.</summary>
    /// <value>From 1,000 to 1 million. Default: 50,000.</value>
    [Range(1_000, 1_000_000)]
    public int PendingLoadsMax { get; init; } = 50_000;

    /// <summary>Items in quarantine. Beyond it replayed ones go first, then the oldest; that is logged as a warning.</summary>
    /// <value>From 1,000 to 100 million. Default: 1 million.</value>
    [Range(1_000, 100_000_000)]
    public int QuarantineItemsMax { get; init; } = 1_000_000;
}

[OptionsValidator]
internal sealed partial class CdpPostgresOptionsValidator : IValidateOptions<CdpPostgresOptions>;
