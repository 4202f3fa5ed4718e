using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>Registers what every process needs that takes events in.</summary>
public static class IntakeHosting
{
    /// <summary>Adds the definitions' catalogue, the intake and its counts. Adding them twice adds them once.</summary>
    public static IServiceCollection AddCdpIntake(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        if (services.Any(service => service.ServiceType == typeof(Intake)))
        {
            return services;
        }

        services.AddSingleton<DefinitionCatalogue>();
        services.AddHostedService(s => s.GetRequiredService<DefinitionCatalogue>());
        services.AddSingleton<IntakeCounts>();
        services.AddSingleton<Intake>();
        return services;
    }
}
