using Microsoft.AspNetCore.Builder;

namespace OrleansCdp;

/// <summary>What the program says once it is up.</summary>
internal static class StartMessage
{
    /// <summary>Prints the address and, if it is ours to print, the key.</summary>
    public static void Print(WebApplication app, HostArguments arguments, string adminKey)
    {
        string address = app.Urls.First();
        Console.WriteLine($"OrleansCdp is ready at {address} (API: {address}/docs)");
        if (arguments.GatewayPort is { } port)
        {
            Console.WriteLine($"Stream producers connect to 127.0.0.1:{port}");
        }

        if (arguments.AdminKey is null)
        {
            Console.WriteLine($"Administrator's key: {adminKey}");
        }
    }
}
