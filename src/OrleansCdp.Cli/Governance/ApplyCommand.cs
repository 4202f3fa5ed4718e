using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp.Governance;

/// <summary><c>cdp apply -f DIR</c>: registers the data stream definitions of a folder.</summary>
internal static class ApplyCommand
{
    private static readonly string[] Endings = [".yaml", ".yml", ".json"];

    public static Command Create()
    {
        GatewayOptions gateway = new();
        Option<FileSystemInfo> from = new("--file", "-f")
        {
            Description = "A definition, or a folder of them; a file's name is the data stream's.",
            Required = true,
        };
        Command command = new("apply", "Registers data stream definitions.") { from };
        gateway.AddTo(command);
        command.Does(
            async (parsed, cancel) =>
            {
                using CdpApi api = gateway.Connect(parsed);
                return await ApplyAsync(api, FilesOf(parsed.GetRequiredValue(from)), cancel);
            }
        );
        return command;
    }

    private static FileInfo[] FilesOf(FileSystemInfo from)
    {
        FileInfo[] files = Directory.Exists(from.FullName)
            ? [.. new DirectoryInfo(from.FullName).EnumerateFiles().Where(IsDefinition)]
            : [new FileInfo(from.FullName)];
        Array.Sort(files, (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return files switch
        {
            [] => throw new CommandFailedException($"{from} has no .yaml, .yml or .json file."),
            [{ Exists: false }] => throw new CommandFailedException($"{from} does not exist."),
            _ => files,
        };
    }

    private static bool IsDefinition(FileInfo file) => Endings.Contains(file.Extension);

    private static async Task<int> ApplyAsync(
        CdpApi api,
        FileInfo[] files,
        CancellationToken cancel
    )
    {
        int failed = 0;
        foreach (FileInfo file in files)
        {
            string name = Path.GetFileNameWithoutExtension(file.Name);
            var (status, answer) = await api.TrySendAsync(
                HttpMethod.Put,
                $"/v1/definitions/stream/{Uri.EscapeDataString(name)}",
                await File.ReadAllBytesAsync(file.FullName, cancel),
                file.Extension == ".json" ? "application/json" : "application/yaml",
                cancel
            );
            if (status == HttpStatusCode.OK)
            {
                string fate = (bool)answer["changed"]! ? "active" : "unchanged";
                Console.WriteLine($"stream {name}: version {answer["version"]}, {fate}");
                continue;
            }

            failed++;
            await Console.Error.WriteLineAsync(
                $"stream {name}: {answer["detail"]?.ToString() ?? $"{status}"}"
            );
            foreach (JsonNode? error in answer["errors"]?.AsArray() ?? [])
            {
                await Console.Error.WriteLineAsync(
                    $"  {PlaceOf(file, error!)}: {error!["message"]}"
                );
            }
        }

        return failed == 0 ? 0 : 1;
    }

    private static string PlaceOf(FileInfo file, JsonNode error) =>
        error["line"] is { } line
            ? $"{file.Name}({line},{error["column"] ?? 1}) {error["pointer"]}"
            : $"{file.Name} {error["pointer"]}";
}
