using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Adds the HTTP API to an application.</summary>
public static class GatewayHosting
{
    /// <summary>Adds the gateway's services.</summary>
    /// <param name="services">The application's services; a grain factory must be among them.</param>
    /// <param name="configure">Changes the options.</param>
    public static IServiceCollection AddCdpGateway(
        this IServiceCollection services,
        Action<GatewayOptions>? configure = null
    )
    {
        services
            .AddOptions<GatewayOptions>()
            .BindConfiguration(GatewayOptions.Section)
            .Configure(configure ?? (_ => { }))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        services.AddCdpIntake();
        services.AddSingleton<KeyRing>();
        services.AddHostedService(s => s.GetRequiredService<KeyRing>());
        services.AddSingleton<IdentifierCache>();
        services.AddSingleton<ContextReader>();
        services.AddSingleton<TrackingIntake>();
        services.AddSingleton<QuarantineReplay>();
        services.AddSingleton<IssuerTokens>();
        services.AddSingleton<KeysInBodies>();
        services.AddSingleton<IngestRequests>();
        services.AddOpenApi("v1", ApiDescription.Complete);
        // Else a wrong parameter is answered with an empty 400.
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        return services;
    }

    /// <summary>Maps every address. Call it once, after the application's own addresses that need no key.</summary>
    public static void MapCdpGateway(this WebApplication app)
    {
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UseMiddleware<KeyCheck>();
        app.UseMiddleware<IngestRequests>(); // After the keys: a wrong one takes nobody's place.
        StreamEndpoints.Map(app);
        TrackingEndpoints.Map(app);
        CloudEventEndpoints.Map(app);
        ReceiptEndpoints.Map(app);
        ContextEndpoints.Map(app);
        IndividualEndpoints.Map(app);
        KeyEndpoints.Map(app);
        QuarantineEndpoints.Map(app);
        DefinitionEndpoints.Map(app);
        StatusEndpoints.Map(app);
        ApiDescription.Map(app);
    }
}
