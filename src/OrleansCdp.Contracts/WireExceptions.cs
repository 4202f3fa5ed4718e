using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace OrleansCdp;

/// <summary>What goes wrong in a silo and is told in another process.</summary>
public static class WireExceptions
{
    private const string Driver = "Npgsql";

    /// <summary>
    /// Lets a database's exceptions cross processes as what they are: whoever called can tell an outage, which passes,
    /// from an error. Adding it twice adds it once.
    /// </summary>
    public static IServiceCollection AddCdpWireExceptions(this IServiceCollection services) =>
        services.Configure<ExceptionSerializationOptions>(options =>
            options.SupportedNamespacePrefixes.Add(Driver)
        );
}
