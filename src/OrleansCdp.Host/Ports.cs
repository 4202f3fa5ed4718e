using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace OrleansCdp;

/// <summary>Ports for silos.</summary>
internal static class Ports
{
    private const int Min = 20_000;
    private const int Max = 32_000;

    /// <summary>
    /// A port below those that systems give to outgoing connections, so that none of them takes it before the silo
    /// does.
    /// </summary>
    public static int Free(IPAddress address)
    {
        while (true)
        {
            int port = RandomNumberGenerator.GetInt32(Min, Max);
            if (IsFree(address, port))
            {
                return port;
            }
        }
    }

    /// <summary>Makes sure that a port, if one was given, can be listened on.</summary>
    /// <exception cref="StartRefusedException">It is taken, or the address is none of this machine.</exception>
    public static void Demand(IPAddress address, int? port, string option)
    {
        try
        {
            if (!IsFree(address, port ?? 0))
            {
                throw new StartRefusedException(
                    $"Port {port} is taken. Choose another with --{option}."
                );
            }
        }
        catch (SocketException e)
        {
            throw new StartRefusedException($"{address} cannot be listened on: {e.Message}.");
        }
    }

    /// <summary>Whether nobody listens there.</summary>
    public static bool IsFree(IPAddress address, int port)
    {
        try
        {
            using TcpListener listener = new(address, port);
            listener.Start();
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
