using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>What the program was told on its command line and in its environment.</summary>
internal sealed partial record HostArguments
{
    private static readonly string[] Options =
    [
        "urls",
        "data",
        "partitions",
        "gateway-port",
        "roles",
        "cluster",
        "advertise",
        "silo-port",
    ];

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

    /// <summary>
    /// Port where stream producers and gateways connect to the silo, on <see cref="Advertise"/>; null for any free one.
    /// </summary>
    public int? GatewayPort { get; init; }

    /// <summary>What of the platform this process is. Default: <see cref="HostRole.All"/>.</summary>
    public HostRole Role { get; init; } = HostRole.All;

    /// <summary>
    /// The cluster: a database has one. 1 to 63 letters, digits, dots, dashes and underscores. Default:
    /// <see cref="EventStreams.ClusterId"/>.
    /// </summary>
    public string Cluster { get; init; } = EventStreams.ClusterId;

    /// <summary>Address under which other machines reach this silo. Default: loopback, one machine for all of them.</summary>
    public IPAddress Advertise { get; init; } = IPAddress.Loopback;

    /// <summary>Port where other silos connect to this one, on <see cref="Advertise"/>; null for any free one.</summary>
    public int? SiloPort { get; init; }

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

        HostRole role = RoleOf(configuration["roles"]);
        string? connection = configuration.GetConnectionString("Cdp") is { Length: > 0 } given
            ? given
            : null;
        if (role is HostRole.Silo or HostRole.Gateway && connection is null)
        {
            throw new StartRefusedException(
                $"A {configuration["roles"]} shares its database with others: set ConnectionStrings__Cdp. "
                    + "A process with --roles database starts one and says how to reach it."
            );
        }

        if (role == HostRole.Database && connection is not null)
        {
            throw new StartRefusedException(
                "--roles database starts a PostgreSQL of its own: it takes no ConnectionStrings__Cdp."
            );
        }

        return new HostArguments
        {
            Urls = configuration["urls"] ?? "http://127.0.0.1:5080",
            DataFolder = Path.GetFullPath(configuration["data"] ?? ".data"),
            Partitions = NumberOf(configuration, "partitions"),
            ConnectionString = connection,
            AdminKey = adminKey,
            GatewayPort = PortOf(configuration, "gateway-port"),
            Role = role,
            Cluster = ClusterOf(configuration["cluster"]),
            Advertise = AddressOf(configuration["advertise"]),
            SiloPort = PortOf(configuration, "silo-port"),
        };
    }

    private static bool IsKnown(string name) =>
        Options.Contains(name, StringComparer.OrdinalIgnoreCase)
        || Sections.Any(section =>
            name.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase)
        );

    private static HostRole RoleOf(string? roles) =>
        roles?.ToLowerInvariant() switch
        {
            null or "all" or "silo,gateway" or "gateway,silo" => HostRole.All,
            "silo" => HostRole.Silo,
            "gateway" => HostRole.Gateway,
            "database" => HostRole.Database,
            _ => throw new StartRefusedException(
                $"--roles must be all, silo, gateway or database, not '{roles}'."
            ),
        };

    private static string ClusterOf(string? name) =>
        name is null ? EventStreams.ClusterId
        : ClusterName().IsMatch(name) ? name
        : throw new StartRefusedException(
            "--cluster must be 1 to 63 letters, digits, dots, dashes and underscores."
        );

    private static IPAddress AddressOf(string? text) =>
        text is null ? IPAddress.Loopback
        : IPAddress.TryParse(text, out IPAddress? address)
        && !address.Equals(IPAddress.Any)
        && !address.Equals(IPAddress.IPv6Any)
            ? address
        : throw new StartRefusedException(
            $"--advertise must be an address of this machine, not '{text}'."
        );

    [GeneratedRegex("^[A-Za-z0-9._-]{1,63}$", RegexOptions.None, 1000)]
    private static partial Regex ClusterName();

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
