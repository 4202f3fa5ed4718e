using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>Metrics for Prometheus, and metrics and traces over OTLP where an endpoint is configured.</summary>
internal static class Telemetry
{
    /// <summary>Adds them. OTLP is on when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.</summary>
    public static void AddCdpTelemetry(this WebApplicationBuilder builder)
    {
        bool otlp = builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 };
        var telemetry = builder
            .Services.AddOpenTelemetry()
            .WithMetrics(metrics =>
            {
                metrics.AddMeter("Microsoft.Orleans", "Npgsql", "OrleansCdp");
                metrics.AddView(LimitOf);
                metrics.AddRuntimeInstrumentation().AddAspNetCoreInstrumentation();
                metrics.AddPrometheusExporter();
                if (otlp)
                {
                    metrics.AddOtlpExporter();
                }
            });
        if (otlp)
        {
            telemetry.WithTracing(traces =>
                traces
                    .AddSource("Microsoft.Orleans.*")
                    .AddNpgsql()
                    .AddAspNetCoreInstrumentation()
                    .AddOtlpExporter()
            );
        }
    }

    /// <summary>Room for both lanes of as many partitions as there may be; the usual limit is a little less.</summary>
    private static MetricStreamConfiguration? LimitOf(Instrument instrument) =>
        instrument.Name.StartsWith("cdp.partition.", StringComparison.Ordinal)
            ? new MetricStreamConfiguration { CardinalityLimit = 2 * Partitions.CountMax }
            : null;

    /// <summary>Maps <c>/metrics</c> for keys with the scope <c>operate</c>.</summary>
    public static void MapCdpMetrics(this WebApplication app) =>
        app.MapPrometheusScrapingEndpoint("/metrics").RequireScope(Scopes.Operate);
}
