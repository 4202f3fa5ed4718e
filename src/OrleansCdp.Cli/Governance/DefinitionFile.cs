using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace OrleansCdp.Governance;

/// <summary>A file that is a definition. Its ending before the extension says the kind; without one it is a data stream.</summary>
/// <param name="file">The file.</param>
internal sealed class DefinitionFile(FileInfo file)
{
    private const string Stream = "stream";
    private const string Ruleset = "ruleset";
    private const string Model = "model";
    private const string Insight = "insight";

    /// <summary>The kind of segments.</summary>
    public const string Segment = "segment";

    // Rulesets first: streams name them. Insights name fields of streams, and models; segments all of that.
    private static readonly string[] Order = [Ruleset, Stream, Model, Insight, Segment];

    private static readonly string[] Endings = [".yaml", ".yml", ".json"];

    private byte[]? text;

    /// <summary>The file.</summary>
    public FileInfo File => file;

    /// <summary>The kind of definition it is.</summary>
    public string Kind =>
        Path.GetExtension(Path.GetFileNameWithoutExtension(File.Name)) switch
        {
            "." + Ruleset => Ruleset,
            "." + Model => Model,
            "." + Insight => Insight,
            "." + Segment => Segment,
            _ => Stream,
        };

    /// <summary>The definition's name.</summary>
    public string Name
    {
        get
        {
            string name = Path.GetFileNameWithoutExtension(File.Name);
            return Kind == Stream ? name : Path.GetFileNameWithoutExtension(name);
        }
    }

    /// <summary>Where it is in the API.</summary>
    public string Address => $"/v1/definitions/{Kind}/{Uri.EscapeDataString(Name)}";

    /// <summary>The option that says where definitions are.</summary>
    public static Option<FileSystemInfo> CreateOption() =>
        new("--file", "-f")
        {
            Description =
                "A definition, or a folder of them. NAME.yaml is a data stream, "
                + "NAME.ruleset.yaml a ruleset, NAME.model.yaml a model of purchases, "
                + "NAME.insight.yaml an insight, NAME.segment.yaml a segment, which is submitted for review.",
            Required = true,
        };

    /// <summary>All definitions of a folder, each after what it may name; or the one.</summary>
    /// <exception cref="CommandFailedException">There is none.</exception>
    public static DefinitionFile[] AllOf(FileSystemInfo from)
    {
        DefinitionFile[] files = Directory.Exists(from.FullName)
            ?
            [
                .. new DirectoryInfo(from.FullName)
                    .EnumerateFiles()
                    .Where(found => Endings.Contains(found.Extension))
                    .Select(found => new DefinitionFile(found)),
            ]
            : [new DefinitionFile(new FileInfo(from.FullName))];
        files =
        [
            .. files
                .OrderBy(one => Array.IndexOf(Order, one.Kind))
                .ThenBy(one => one.File.Name, StringComparer.Ordinal),
        ];
        return files switch
        {
            [] => throw new CommandFailedException($"{from} has no .yaml, .yml or .json file."),
            [{ File.Exists: false }] => throw new CommandFailedException($"{from} does not exist."),
            _ => files,
        };
    }

    /// <summary>What is in it; read once.</summary>
    public async Task<byte[]> ReadAsync(CancellationToken cancel) =>
        text ??= await System.IO.File.ReadAllBytesAsync(File.FullName, cancel);

    /// <summary>Demands that what the server read is what is in it, byte by byte.</summary>
    /// <param name="answer">What the server says of it.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="CommandFailedException">It is another text.</exception>
    public async Task DemandSameAsync(JsonObject answer, CancellationToken cancel)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(await ReadAsync(cancel)));
        if ((string?)answer["hash"] != hash)
        {
            throw new CommandFailedException(
                $"{File.Name} has the hash {hash}, and the server read {answer["hash"]}: is it UTF-8?"
            );
        }
    }

    /// <summary>Puts it.</summary>
    /// <param name="api">The API.</param>
    /// <param name="query">What follows the address; empty for nothing.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task<(HttpStatusCode Status, JsonObject Answer)> PutAsync(
        CdpApi api,
        string query,
        CancellationToken cancel
    ) =>
        await api.TrySendAsync(
            HttpMethod.Put,
            Address + query,
            await ReadAsync(cancel),
            File.Extension == ".json" ? "application/json" : "application/yaml",
            cancel
        );
}

/// <summary>A definition that was refused.</summary>
/// <param name="File">It.</param>
/// <param name="Status">The status of the answer.</param>
/// <param name="Answer">The answer.</param>
internal sealed record RefusedFile(DefinitionFile File, HttpStatusCode Status, JsonNode Answer)
{
    /// <summary>Says what is wrong, with its place.</summary>
    public async Task TellAsync()
    {
        await Console.Error.WriteLineAsync(
            $"{File.Kind} {File.Name}: {Answer["detail"]?.ToString() ?? $"{Status}"}"
        );
        foreach (JsonNode? error in Answer["errors"]?.AsArray() ?? [])
        {
            await Console.Error.WriteLineAsync($"  {PlaceOf(error!)}: {error!["message"]}");
        }
    }

    private string PlaceOf(JsonNode error) =>
        error["line"] is { } line
            ? $"{File.File.Name}({line},{error["column"] ?? 1}) {error["pointer"]}"
            : $"{File.File.Name} {error["pointer"]}";
}
