using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace OrleansCdp.Governance;

/// <summary>Which kind of definition a file is, and in which order they go.</summary>
public sealed class ApplyFilesTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cdp-files-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Rulesets_go_first_then_streams_models_and_insights_by_the_endings_of_their_names()
    {
        string[] files =
        [
            "a.model.yaml",
            "a_spent.insight.yaml",
            "b.model.json",
            "c.yaml",
            "d-model.yml",
            "e.ruleset.yaml",
            "notes.model.txt",
        ];
        foreach (string file in files)
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, file), "unit: day");
        }

        var (code, seen) = await AppliedAsync(HashOf);

        code.ShouldBe(0);
        seen.ShouldBe([
            "PUT /v1/definitions/ruleset/e application/yaml",
            "PUT /v1/definitions/stream/c application/yaml",
            "PUT /v1/definitions/stream/d-model application/yaml",
            "PUT /v1/definitions/model/a application/yaml",
            "PUT /v1/definitions/model/b application/json",
            "PUT /v1/definitions/insight/a_spent application/yaml",
        ]);
    }

    [Fact]
    public async Task A_gateway_that_read_another_text_is_not_sent_the_rest()
    {
        foreach (string file in (string[])["a.yaml", "b.yaml"])
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, file), "unit: day");
        }

        var (code, seen) = await AppliedAsync(_ => HashOf("unit: week"u8.ToArray()));

        code.ShouldNotBe(0);
        seen.ShouldBe(["PUT /v1/definitions/stream/a application/yaml"]);
    }

    private static string HashOf(byte[] text) => Convert.ToHexStringLower(SHA256.HashData(text));

    /// <summary>Applies the folder to a gateway that takes everything, until the command ends.</summary>
    /// <param name="hashOf">The hash that the gateway says a text has.</param>
    private async Task<(int Code, List<string> Seen)> AppliedAsync(Func<byte[], string> hashOf)
    {
        using HttpListener gateway = new();
        string address = $"http://127.0.0.1:{FreePort()}/";
        gateway.Prefixes.Add(address);
        gateway.Start();
        Task<int> applied = ApplyCommand
            .Create()
            .Parse(["-f", folder.FullName, "--url", address, "--key", "key"])
            .InvokeAsync();
        List<string> seen = [];
        Task<HttpListenerContext> asked = gateway.GetContextAsync();
        while (await Task.WhenAny(asked, applied) == asked)
        {
            HttpListenerContext context = await asked;
            HttpListenerRequest request = context.Request;
            seen.Add($"{request.HttpMethod} {request.RawUrl} {request.ContentType}");
            using MemoryStream text = new();
            await request.InputStream.CopyToAsync(text);
            using HttpListenerResponse answer = context.Response;
            answer.ContentType = "application/json";
            await answer.OutputStream.WriteAsync(
                Encoding.UTF8.GetBytes(
                    $$"""{"version":1,"changed":true,"hash":"{{hashOf(text.ToArray())}}"}"""
                )
            );
            asked = gateway.GetContextAsync();
        }

        return (await applied, seen);
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
