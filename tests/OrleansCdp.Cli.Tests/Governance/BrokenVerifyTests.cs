using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansCdp.Governance;

/// <summary>A comparison that broke off goes on, even where its silo takes it for running still.</summary>
public sealed class BrokenVerifyTests
{
    private const string Line =
        """{"events":1,"links":1,"states":1,"notCompared":0,"differences":0,"cursor":"c","ended":END}""";

    private const string Running =
        """{"code":"verification_running","detail":"A comparison is running."}""";

    [Fact]
    public async Task What_still_runs_after_it_broke_off_is_waited_for()
    {
        int exit = await VerifyAsync(
            TimeSpan.FromMinutes(1),
            (200, Line.Replace("END", "false", StringComparison.Ordinal)),
            (409, Running),
            (200, Line.Replace("END", "true", StringComparison.Ordinal))
        );

        exit.ShouldBe(0);
    }

    [Fact]
    public async Task Beyond_the_patience_of_the_command_nobody_waits()
    {
        CommandFailedException refused = await Should.ThrowAsync<CommandFailedException>(() =>
            VerifyAsync(
                TimeSpan.Zero,
                (200, Line.Replace("END", "false", StringComparison.Ordinal)),
                (409, Running)
            )
        );

        refused.Code.ShouldBe("verification_running");
    }

    [Fact]
    public async Task The_comparison_of_somebody_else_is_not_waited_for()
    {
        CommandFailedException refused = await Should.ThrowAsync<CommandFailedException>(() =>
            VerifyAsync(TimeSpan.FromMinutes(1), (409, Running))
        );

        refused.Code.ShouldBe("verification_running");
    }

    private static async Task<int> VerifyAsync(
        TimeSpan patience,
        params (int Status, string Body)[] answers
    )
    {
        using HttpListener gateway = new();
        Uri address = new($"http://127.0.0.1:{FreePort()}/");
        gateway.Prefixes.Add(address.ToString());
        gateway.Start();
        Task<int> verified = VerifyAsync(address, patience);
        foreach (var (status, body) in answers)
        {
            HttpListenerContext context = await gateway.GetContextAsync();
            using HttpListenerResponse answer = context.Response;
            answer.StatusCode = status;
            answer.ContentType = "application/json";
            await answer.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body + "\n"));
        }

        return await verified;
    }

    private static async Task<int> VerifyAsync(Uri address, TimeSpan patience)
    {
        using CdpApi api = new(address, "key", patience);
        return await VerifyCommand.VerifyAsync(api, sample: null, default);
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
