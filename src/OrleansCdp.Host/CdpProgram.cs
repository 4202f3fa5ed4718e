using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Starts everything, in order, and turns what can go wrong into one line a person can act on.</summary>
internal static class CdpProgram
{
    /// <summary>Runs until Ctrl-C or SIGTERM.</summary>
    /// <returns>0 after a clean stop, 1 when it could not start or something essential died.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        using StopSignals signals = new();
        try
        {
            HostArguments.DemandKnown(args);
            WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
            HostArguments arguments = HostArguments.Read(builder.Configuration);
            Settings.Demand(builder.Configuration);
            DemandPorts(arguments);
            await using EmbeddedPostgres? postgres = arguments.ConnectionString is null
                ? await StartPostgresAsync(arguments, signals.Told)
                : null;
            string connection = arguments.ConnectionString ?? postgres!.ConnectionString;
            DatabaseTerms terms = new()
            {
                PartitionCount = arguments.Partitions,
                ClusterId = arguments.Cluster,
                IsAlone = postgres is not null,
                Anchors = AnchorsOf(builder.Configuration, arguments.Role),
            };
            LogShape shape = await DatabaseSetup.PrepareAsync(connection, terms, signals.Told);
            if (postgres is not null)
            {
                await DatabaseSetup.DeclareMembersDeadAsync(connection, signals.Told);
            }

            string? adminKey =
                arguments.Role == HostRole.Silo
                    ? null
                    : arguments.AdminKey
                        ?? await AdminKeyFile.ReadOrMakeAsync(arguments, signals.Told);
            if (arguments.Role == HostRole.Database)
            {
                return await DatabaseProcess.RunAsync(arguments, postgres!, signals.Told);
            }

            await using WebApplication app = CdpApplication.Build(
                builder,
                arguments,
                connection,
                shape,
                adminKey
            );
            await app.StartAsync(signals.Told);
            StartMessage.Print(app, arguments, adminKey);
            await app.WaitForShutdownAsync();
            return signals.Told.IsCancellationRequested ? 0 : 1; // Nobody asked it to stop.
        }
        catch (Exception e) when (ReasonOf(e) is { } reason)
        {
            await Console.Error.WriteLineAsync($"OrleansCdp cannot start: {reason}");
            return 1;
        }
        catch (OperationCanceledException) when (signals.Told.IsCancellationRequested)
        {
            return 0; // Told to stop before it was up.
        }
    }

    /// <summary>The anchors of a process that decides who somebody is; null for others.</summary>
    private static AnchorPolicy? AnchorsOf(ConfigurationManager configuration, HostRole role) =>
        role is HostRole.All or HostRole.Silo
            ? (
                configuration.GetSection(IdentityOptions.Section).Get<IdentityOptions>()
                ?? new IdentityOptions()
            ).ToPolicy()
            : null;

    private static void DemandPorts(HostArguments arguments)
    {
        if (arguments.Role is HostRole.All or HostRole.Silo)
        {
            Ports.Demand(arguments.Advertise, arguments.GatewayPort, "gateway-port");
            Ports.Demand(arguments.Advertise, arguments.SiloPort, "silo-port");
        }

        if (arguments.Role != HostRole.Database)
        {
            ListenAddresses.Demand(arguments.Urls);
        }
    }

    private static string? ReasonOf(Exception e) =>
        e switch
        {
            StartRefusedException
            or DatabaseRefusedException
            or EmbeddedPostgresException
            or AdminKeyRefusedException => e.Message,
            IOException { InnerException: AddressInUseException or SocketException } =>
                $"{e.Message} Choose another address with --urls.",
            _ => null,
        };

    private static async Task<EmbeddedPostgres> StartPostgresAsync(
        HostArguments arguments,
        CancellationToken cancel
    )
    {
        Console.WriteLine($"Starting PostgreSQL in {arguments.DataFolder}");
        return await EmbeddedPostgres.StartAsync(
            new EmbeddedPostgresOptions { DataFolder = arguments.DataFolder },
            cancel
        );
    }
}
