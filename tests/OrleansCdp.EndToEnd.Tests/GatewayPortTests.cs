using System.Net;
using System.Net.Sockets;

namespace OrleansCdp;

public sealed class GatewayPortTests
{
    [Theory]
    [InlineData("0", "from 1 to 65535")]
    [InlineData("65536", "from 1 to 65535")]
    [InlineData("many", "must be a number")]
    public async Task A_port_that_makes_no_sense_is_refused_in_words(string port, string words) =>
        await RefuseAsync(port, words);

    [Fact]
    public async Task A_port_that_is_taken_is_refused_in_words()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;

        await RefuseAsync($"{port}", $"Port {port} is taken");
    }

    private static async Task RefuseAsync(string port, string words)
    {
        (int exitCode, string output) = await RunningHost.RunAsync(["--gateway-port", port]);

        exitCode.ShouldBe(1, output);
        output.ShouldContain(words);
        output.ShouldNotContain("   at ");
    }
}
