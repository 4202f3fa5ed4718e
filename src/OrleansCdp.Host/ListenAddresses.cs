using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace OrleansCdp;

/// <summary>
/// Where HTTP is to listen, looked at before anything is started: a port that is taken is then one line, not a
/// cluster that falls over.
/// </summary>
internal static class ListenAddresses
{
    /// <summary>Makes sure that every address can be listened on.</summary>
    /// <param name="urls">Addresses, separated by semicolons.</param>
    /// <exception cref="StartRefusedException">One cannot, or is none.</exception>
    public static void Demand(string urls)
    {
        foreach (
            string url in urls.Split(
                ';',
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
            )
        )
        {
            BindingAddress address = Parse(url);
            if (address is { IsUnixPipe: false, IsNamedPipe: false, Port: > 0 })
            {
                Try(url, address);
            }
        }
    }

    private static BindingAddress Parse(string url)
    {
        try
        {
            return BindingAddress.Parse(url);
        }
        catch (FormatException e)
        {
            throw new StartRefusedException($"--urls: {e.Message}");
        }
    }

    private static void Try(string url, BindingAddress address)
    {
        try
        {
            using TcpListener listener = new(IpOf(address.Host), address.Port);
            listener.Start();
        }
        catch (SocketException e)
        {
            throw new StartRefusedException(
                $"{url} cannot be listened on: {e.Message}. Choose another address with --urls."
            );
        }
    }

    /// <summary>As the server reads it: a name that is no address of this machine stands for all of them.</summary>
    private static IPAddress IpOf(string host) =>
        IPAddress.TryParse(host, out IPAddress? ip) ? ip
        : host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
        : IPAddress.Any;
}
