using System.Net;
using System.Net.Sockets;

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

        (await AppliedAsync(requests: 6)).ShouldBe([
            "PUT /v1/definitions/ruleset/e application/yaml",
            "PUT /v1/definitions/stream/c application/yaml",
            "PUT /v1/definitions/stream/d-model application/yaml",
            "PUT /v1/definitions/model/a application/yaml",
            "PUT /v1/definitions/model/b application/json",
            "PUT /v1/definitions/insight/a_spent application/yaml",
        ]);
    }

    private async Task<List<string>> AppliedAsync(int requests)
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
        while (seen.Count < requests)
        {
            HttpListenerContext context = await gateway.GetContextAsync();
            HttpListenerRequest request = context.Request;
            seen.Add($"{request.HttpMethod} {request.RawUrl} {request.ContentType}");
            using HttpListenerResponse answer = context.Response;
            answer.ContentType = "application/json";
            await answer.OutputStream.WriteAsync("""{"version":1,"changed":true}"""u8.ToArray());
        }

        (await applied).ShouldBe(0);
        return seen;
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
