using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>Silo, gateway or both in one process, put together.</summary>
internal static class CdpApplication
{
    /// <summary>Builds the application; nothing runs yet.</summary>
    public static WebApplication Build(
        WebApplicationBuilder builder,
        HostArguments arguments,
        string connection,
        LogShape shape,
        string? adminKey
    )
    {
        builder.WebHost.UseUrls(arguments.Urls);
        AddLogging(builder.Logging);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(60));
        if (arguments.Role == HostRole.Gateway)
        {
            CdpPostgresOptions postgres = new() { ConnectionString = connection };
            builder.Host.UseOrleansClient(client =>
            {
                client.AddCdpPostgres(postgres);
                ClusterSettings.Configure(client, arguments);
            });
        }
        else
        {
            builder.Host.UseOrleans(silo =>
            {
                silo.AddCdpGrains();
                silo.AddCdpPostgres(connection, shape);
                ClusterSettings.Configure(silo, arguments);
            });
        }

        builder.AddCdpTelemetry();
        builder.AddCdpHealth();
        if (arguments.Role == HostRole.Silo)
        {
            builder.Services.AddCdpKeys();
        }
        else
        {
            builder.Services.AddCdpGateway(gateway => gateway.AdminKey = adminKey);
            builder.Services.AddHostedService<Draining>();
        }

        WebApplication app = builder.Build();
        app.MapCdpHealth();
        if (arguments.Role == HostRole.Silo)
        {
            app.UseCdpKeys();
        }
        else
        {
            app.MapCdpGateway();
        }

        app.MapCdpMetrics();
        return app;
    }

    private static void AddLogging(ILoggingBuilder logging)
    {
        logging
            .ClearProviders()
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss ";
            });
        logging.SetMinimumLevel(LogLevel.Warning);
        logging.AddFilter(nameof(OrleansCdp), LogLevel.Information);
        logging.AddFilter("Polly", LogLevel.Warning);
        // Its first look has nothing to compare with, and takes the machine's uptime for a deadlock.
        logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        // It calls a process that is still starting an error. What an operator must see the check says itself.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        // Sessions are not protected by stored keys here: there are none.
        logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
    }
}
