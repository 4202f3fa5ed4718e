using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>Whether the process lives, and whether it may be sent work.</summary>
internal static class Health
{
    private const string Ready = "ready";

    /// <summary>Adds the checks.</summary>
    public static void AddCdpHealth(this WebApplicationBuilder builder) =>
        builder.Services.AddHealthChecks().AddCheck<ReadyCheck>(Ready, tags: [Ready]);

    /// <summary>Maps <c>/health/live</c> and <c>/health/ready</c>. They need no key and say nothing but yes or no.</summary>
    public static void MapCdpHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false })
            .AllowAnonymous();
        app.MapHealthChecks(
                "/health/ready",
                new HealthCheckOptions { Predicate = check => check.Tags.Contains(Ready) }
            )
            .AllowAnonymous();
    }
}

/// <summary>Ready once definitions are loaded and the database answers; not while stopping.</summary>
internal sealed partial class ReadyCheck(
    IGrainFactory grains,
    DefinitionCatalogue catalogue,
    IHostApplicationLifetime lifetime,
    ILogger<ReadyCheck> logger
) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy("stopping");
        }

        if (!catalogue.Loaded.IsCompletedSuccessfully)
        {
            return HealthCheckResult.Unhealthy("definitions are not loaded");
        }

        try
        {
            await grains
                .GetGrain<IStatusGrain>(0)
                .GetPartitionsAsync()
                .WaitAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotAnswering(e);
            return HealthCheckResult.Unhealthy("the database does not answer", e);
        }
    }

    [LoggerMessage(
        LogEvents.DatabaseNotAnswering,
        LogLevel.Warning,
        "Not ready: the database does not answer"
    )]
    private partial void LogNotAnswering(Exception exception);
}
