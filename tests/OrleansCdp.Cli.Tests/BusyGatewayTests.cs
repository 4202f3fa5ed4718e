using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansCdp;

/// <summary>A gateway that is behind says when it takes more, and is obeyed as often as it says so.</summary>
public sealed class BusyGatewayTests
{
    private const int TimesBusy = 20;

    [Fact]
    public async Task What_is_turned_away_with_429_is_sent_again_however_often()
    {
        using HttpListener gateway = new();
        Uri address = new($"http://127.0.0.1:{FreePort()}/");
        gateway.Prefixes.Add(address.ToString());
        gateway.Start();
        using CdpApi api = new(address, "key", patience: TimeSpan.FromSeconds(1));
        Task<(HttpStatusCode Status, System.Text.Json.Nodes.JsonObject)> sent = api.TrySendAsync(
            HttpMethod.Post,
            "/v1/streams/web",
            "{}"u8.ToArray(),
            "application/json",
            default
        );

        int requests = await ServeAsync(gateway);

        (await sent).Status.ShouldBe(HttpStatusCode.Accepted);
        requests.ShouldBe(TimesBusy + 1);
    }

    private static async Task<int> ServeAsync(HttpListener gateway)
    {
        for (int request = 1; ; request++)
        {
            HttpListenerContext context = await gateway.GetContextAsync();
            using HttpListenerResponse answer = context.Response;
            bool isBusy = request <= TimesBusy;
            answer.StatusCode = isBusy ? 429 : 202;
            answer.Headers["Retry-After"] = "0";
            answer.ContentType = "application/json";
            await answer.OutputStream.WriteAsync(Encoding.UTF8.GetBytes("{}"));
            if (!isBusy)
            {
                return request;
            }
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
