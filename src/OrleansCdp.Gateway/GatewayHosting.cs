using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using Scalar.AspNetCore;

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
            .BindConfiguration("Cdp:Gateway")
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
        services.AddOpenApi("v1");
        services.AddAuthentication().AddJwtBearer(o => o.MapInboundClaims = false);
        services
            .AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IOptions<GatewayOptions>>(
                (jwt, gateway) =>
                {
                    jwt.Authority = gateway.Value.JwtAuthority;
                    jwt.Audience = gateway.Value.JwtAudience;
                }
            );
        return services;
    }

    /// <summary>Maps every address. Call it once, after the application's own addresses that need no key.</summary>
    public static void MapCdpGateway(this WebApplication app)
    {
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UseMiddleware<KeyCheck>();
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
        RequiredScope page = new(Scopes.Read, FromQuery: true);
        app.MapOpenApi("/openapi/{documentName}.json").WithMetadata(page);
        app.MapScalarApiReference("/docs").WithMetadata(page);
    }
}
