using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansCdp;

/// <summary>How to run a private PostgreSQL.</summary>
public sealed record EmbeddedPostgresOptions
{
    /// <summary>Folder for the server's files, its log and its password. Made when missing, reused otherwise.</summary>
    public required string DataFolder { get; init; }

    /// <summary>TCP port on loopback; null for any free one.</summary>
    /// <value>From 1 to 65,535. Default: null.</value>
    [Range(1, 65_535)]
    public int? Port { get; init; }

    /// <summary>Folder with the server's programs; null to look for them.</summary>
    public string? BinariesFolder { get; init; }

    /// <summary>Connections the server admits.</summary>
    /// <value>From 10 to 1,000. Default: 100.</value>
    [Range(10, 1_000)]
    public int ConnectionsMax { get; init; } = 100;

    /// <summary>Memory for shared buffers, in PostgreSQL's notation.</summary>
    public string SharedBuffers { get; init; } = "256MB";
}

[OptionsValidator]
internal sealed partial class EmbeddedPostgresOptionsValidator
    : IValidateOptions<EmbeddedPostgresOptions>;

/// <summary>How a server is told to stop.</summary>
public enum PostgresStop
{
    /// <summary>Sessions are ended, everything is written: the normal way.</summary>
    Fast = 0,

    /// <summary>As in a crash: the next start recovers from the write-ahead log.</summary>
    Immediate = 1,
}

/// <summary>The private PostgreSQL cannot be started. The message is one line for a person.</summary>
public sealed class EmbeddedPostgresException : Exception
{
    /// <summary>Creates the exception.</summary>
    public EmbeddedPostgresException(string message, Exception? inner = null)
        : base(message, inner) { }
}
