using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace OrleansCdp;

/// <summary>What goes wrong in a silo and is told in another process.</summary>
public static class WireExceptions
{
    /// <summary>
    /// Lets a database's exceptions cross processes as what they are: whoever called can tell an outage, which passes,
    /// from an error. Adding it twice adds it once.
    /// </summary>
    public static IServiceCollection AddCdpWireExceptions(this IServiceCollection services) =>
        services.Configure<ExceptionSerializationOptions>(options =>
        {
            Func<Type, bool> before = options.SupportedExceptionTypeFilter;
            options.SupportedExceptionTypeFilter = type =>
                type.IsAssignableTo(typeof(DbException)) || before(type);
        });
}
