using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>Adds the HTTP API to an application.</summary>
public static class GatewayHosting
{
    /// <summary>
    /// Adds what tells who may ask, for a process with addresses of its own that need a key, such as its metrics.
    /// Adding it twice adds it once.
    /// </summary>
    /// <param name="services">The application's services; a grain factory must be among them.</param>
    public static IServiceCollection AddCdpKeys(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(KeyRing)))
        {
            return services;
        }

        services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section);
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        services.AddCdpIntake();
        services.AddSingleton<KeyRing>();
        services.AddHostedService(s => s.GetRequiredService<KeyRing>());
        services.AddSingleton<IssuerTokens>();
        return services;
    }

    /// <summary>Adds the gateway's services.</summary>
    /// <param name="services">The application's services; a grain factory must be among them.</param>
    /// <param name="configure">Changes the options.</param>
    public static IServiceCollection AddCdpGateway(
        this IServiceCollection services,
        Action<GatewayOptions>? configure = null
    )
    {
        services.AddCdpKeys();
        services.AddOptions<GatewayOptions>().Configure(configure ?? (_ => { })).ValidateOnStart();
        services.AddSingleton<IdentifierCache>();
        services.AddSingleton<ContextReader>();
        services.AddSingleton<TrackingIntake>();
        services.AddSingleton<QuarantineReplay>();
        services.AddSingleton<KeysInBodies>();
        services.AddSingleton<IngestRequests>();
        services.AddSingleton<ChangeStreams>();
        services.AddOpenApi("v1", ApiDescription.Complete);
        // Else a wrong parameter is answered with an empty 400.
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        return services;
    }

    /// <summary>Lets nobody pass to an address that needs a key without one. Call it before such addresses are mapped.</summary>
    public static void UseCdpKeys(this WebApplication app)
    {
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UseMiddleware<KeyCheck>();
    }

    /// <summary>Maps every address. Call it once, after the application's own addresses that need no key.</summary>
    public static void MapCdpGateway(this WebApplication app)
    {
        app.UseCdpKeys();
        app.UseMiddleware<IngestRequests>(); // After the keys: a wrong one takes nobody's place.
        StreamEndpoints.Map(app);
        TrackingEndpoints.Map(app);
        CloudEventEndpoints.Map(app);
        ReceiptEndpoints.Map(app);
        ContextEndpoints.Map(app);
        IndividualEndpoints.Map(app);
        InsightEndpoints.Map(app);
        ReviewEndpoints.Map(app);
        PreviewEndpoints.Map(app);
        SegmentEndpoints.Map(app);
        ChangeEndpoints.Map(app);
        MembershipEndpoints.Map(app);
        WhyEndpoints.Map(app);
        MatchEndpoints.Map(app);
        LimitEndpoints.Map(app);
        RulesetEndpoints.Map(app);
        FitEndpoints.Map(app);
        StewardEndpoints.Map(app);
        StewardListEndpoints.Map(app);
        KeyEndpoints.Map(app);
        QuarantineEndpoints.Map(app);
        DefinitionEndpoints.Map(app);
        PlanEndpoints.Map(app);
        StatusEndpoints.Map(app);
        VerifyEndpoints.Map(app);
        ApiDescription.Map(app);
    }
}
