using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>What the program was told on its command line and in its environment.</summary>
internal sealed record HostArguments
{
    private static readonly string[] Options = ["urls", "data", "partitions", "gateway-port"];

    /// <summary>Sections of settings that the command line may name: ours, and those of what we are made of.</summary>
    private static readonly string[] Sections = ["Cdp", "ConnectionStrings", "Kestrel", "Logging"];

    /// <summary>Where HTTP listens. Default: <c>http://127.0.0.1:5080</c>.</summary>
    public required string Urls { get; init; }

    /// <summary>Where the private PostgreSQL keeps its data. Default: <c>.data</c> in the working directory.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Partitions of the log; null for what the database has, or the default.</summary>
    public int? Partitions { get; init; }

    /// <summary>An existing PostgreSQL; null for a private one.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>The first key; null to have one made.</summary>
    public string? AdminKey { get; init; }

    /// <summary>Loopback port where stream producers connect to the silo; null for any free one.</summary>
    public int? GatewayPort { get; init; }

    /// <summary>Makes sure that every word of the command line is understood: nobody reads the others.</summary>
    /// <exception cref="StartRefusedException">One is not, or lacks its value.</exception>
    public static void DemandKnown(string[] args)
    {
        for (int i = 0; i < args.Length; i++)
        {
            string[] parts = args[i].Split('=', 2);
            string name = parts[0].StartsWith("--", StringComparison.Ordinal) ? parts[0][2..] : "";
            if (!IsKnown(name))
            {
                string known = string.Join(", ", Options.Select(option => "--" + option));
                throw new StartRefusedException(
                    $"Unknown option {parts[0]}. There are {known}, and settings as --Cdp:Gateway:IngestRequestsMax."
                );
            }

            bool hasValue = parts.Length == 2;
            if (!hasValue && ++i < args.Length)
            {
                hasValue = !args[i].StartsWith("--", StringComparison.Ordinal);
            }

            if (!hasValue)
            {
                throw new StartRefusedException($"{parts[0]} needs a value.");
            }
        }
    }

    /// <summary>Reads them.</summary>
    /// <exception cref="StartRefusedException">A value makes no sense.</exception>
    public static HostArguments Read(IConfiguration configuration)
    {
        string? adminKey = configuration["CDP_ADMIN_KEY"];
        if (adminKey is { Length: < 16 })
        {
            throw new StartRefusedException("CDP_ADMIN_KEY must have at least 16 characters.");
        }

        if (adminKey is { Length: > IAccessKeysGrain.SecretMax })
        {
            throw new StartRefusedException(
                $"CDP_ADMIN_KEY may have at most {IAccessKeysGrain.SecretMax} characters."
            );
        }

        return new HostArguments
        {
            Urls = configuration["urls"] ?? "http://127.0.0.1:5080",
            DataFolder = Path.GetFullPath(configuration["data"] ?? ".data"),
            Partitions = NumberOf(configuration, "partitions"),
            ConnectionString = configuration.GetConnectionString("Cdp") is { Length: > 0 } given
                ? given
                : null,
            AdminKey = adminKey,
            GatewayPort = PortOf(configuration, "gateway-port"),
        };
    }

    private static bool IsKnown(string name) =>
        Options.Contains(name, StringComparer.OrdinalIgnoreCase)
        || Sections.Any(section =>
            name.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase)
        );

    private static int? PortOf(IConfiguration configuration, string name)
    {
        int? port = NumberOf(configuration, name);
        return port is null or (> IPEndPoint.MinPort and <= IPEndPoint.MaxPort)
            ? port
            : throw new StartRefusedException(
                $"--{name} must be from 1 to {IPEndPoint.MaxPort}, not {port}."
            );
    }

    private static int? NumberOf(IConfiguration configuration, string name)
    {
        if (configuration[name] is not { } text)
        {
            return null;
        }

        return int.TryParse(text, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new StartRefusedException($"--{name} must be a number, not '{text}'.");
    }
}

/// <summary>The program cannot start; the message is for the person who started it.</summary>
internal sealed class StartRefusedException(string message) : Exception(message);
