using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace OrleansCdp;

/// <summary>What the program says once it is up.</summary>
internal static class StartMessage
{
    /// <summary>Prints what the process is, its address and, if it is ours to print, the key.</summary>
    public static void Print(WebApplication app, HostArguments arguments, string? adminKey)
    {
        string address = app.Urls.First();
        Console.WriteLine(
            arguments.Role switch
            {
                HostRole.Silo =>
                    $"The silo is ready at {address} (only /health and /metrics), in the cluster as {NameOf(app)}",
                HostRole.Gateway => $"The gateway is ready at {address} (API: {address}/docs)",
                _ => $"OrleansCdp is ready at {address} (API: {address}/docs)",
            }
        );
        if (arguments.GatewayPort is { } port && arguments.Role != HostRole.Gateway)
        {
            Console.WriteLine($"Stream producers connect to {arguments.Advertise}:{port}");
        }

        if (arguments.AdminKey is null && adminKey is not null)
        {
            Console.WriteLine($"Administrator's key: {adminKey}");
        }
    }

    /// <summary>As the status names it.</summary>
    private static string NameOf(WebApplication app)
    {
        ILocalSiloDetails silo = app.Services.GetRequiredService<ILocalSiloDetails>();
        return $"{silo.Name}, {silo.SiloAddress}";
    }
}
