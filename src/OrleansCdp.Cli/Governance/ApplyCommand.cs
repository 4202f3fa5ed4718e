using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp.Governance;

/// <summary><c>cdp apply -f DIR</c>: registers the definitions of a folder.</summary>
internal static class ApplyCommand
{
    private const string Stream = "stream";
    private const string Ruleset = "ruleset";
    private const string Model = "model";
    private const string Insight = "insight";
    private const string Segment = "segment";

    // Rulesets first: streams name them. Insights name fields of streams, and models; segments all of that.
    private static readonly string[] Order = [Ruleset, Stream, Model, Insight, Segment];

    private static readonly string[] Endings = [".yaml", ".yml", ".json"];

    public static Command Create()
    {
        GatewayOptions gateway = new();
        Option<FileSystemInfo> from = new("--file", "-f")
        {
            Description =
                "A definition, or a folder of them. NAME.yaml is a data stream, "
                + "NAME.ruleset.yaml a ruleset, NAME.model.yaml a model of purchases, "
                + "NAME.insight.yaml an insight, NAME.segment.yaml a segment, which is submitted for review.",
            Required = true,
        };
        Command command = new(
            "apply",
            "Registers definitions: rulesets, then data streams, models, insights and segments."
        )
        {
            from,
        };
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
        files =
        [
            .. files
                .OrderBy(file => Array.IndexOf(Order, KindOf(file)))
                .ThenBy(file => file.Name, StringComparer.Ordinal),
        ];
        return files switch
        {
            [] => throw new CommandFailedException($"{from} has no .yaml, .yml or .json file."),
            [{ Exists: false }] => throw new CommandFailedException($"{from} does not exist."),
            _ => files,
        };
    }

    private static bool IsDefinition(FileInfo file) => Endings.Contains(file.Extension);

    // The ending before the extension says the kind; without one it is a stream.
    private static string KindOf(FileInfo file) =>
        Path.GetExtension(Path.GetFileNameWithoutExtension(file.Name)) switch
        {
            "." + Ruleset => Ruleset,
            "." + Model => Model,
            "." + Insight => Insight,
            "." + Segment => Segment,
            _ => Stream,
        };

    private static string NameOf(FileInfo file)
    {
        string name = Path.GetFileNameWithoutExtension(file.Name);
        return KindOf(file) == Stream ? name : Path.GetFileNameWithoutExtension(name);
    }

    private static async Task<int> ApplyAsync(
        CdpApi api,
        FileInfo[] files,
        CancellationToken cancel
    )
    {
        List<Refused> refused = [];
        FileInfo[] left = files;
        do
        {
            // One may have been refused for naming another that was still to come.
            files = left;
            refused.Clear();
            foreach (FileInfo file in files)
            {
                if (await PutAsync(api, file, cancel) is { } why)
                {
                    refused.Add(why);
                }
            }

            left = [.. refused.Select(one => one.File)];
        } while (left.Length > 0 && left.Length < files.Length);

        foreach (Refused one in refused)
        {
            await TellAsync(one);
        }

        return refused.Count == 0 ? 0 : 1;
    }

    /// <summary>Registers one, and says so.</summary>
    /// <returns>Null, unless it was refused.</returns>
    private static async Task<Refused?> PutAsync(
        CdpApi api,
        FileInfo file,
        CancellationToken cancel
    )
    {
        string kind = KindOf(file);
        string name = NameOf(file);
        var (status, answer) = await api.TrySendAsync(
            HttpMethod.Put,
            $"/v1/definitions/{kind}/{Uri.EscapeDataString(name)}",
            await File.ReadAllBytesAsync(file.FullName, cancel),
            file.Extension == ".json" ? "application/json" : "application/yaml",
            cancel
        );
        if (status != HttpStatusCode.OK)
        {
            return new Refused(file, status, answer);
        }

        if (kind == Segment)
        {
            (status, answer) = await SubmittedAsync(api, name, answer, cancel);
            if (status != HttpStatusCode.OK)
            {
                return new Refused(file, status, answer);
            }

            Console.WriteLine($"{kind} {name}: version {answer["version"]}, {answer["state"]}");
            return null;
        }

        string fate = (bool)answer["changed"]! ? "active" : "unchanged";
        string matching =
            answer["live"]?["matchesAsActive"] is { } same && !(bool)same
                ? "; records are still matched by the live version"
                : "";
        Console.WriteLine($"{kind} {name}: version {answer["version"]}, {fate}{matching}");
        return null;
    }

    /// <summary>Asks for the review of a draft. What is further already stays there.</summary>
    private static async Task<(HttpStatusCode Status, JsonObject Answer)> SubmittedAsync(
        CdpApi api,
        string name,
        JsonObject version,
        CancellationToken cancel
    ) =>
        (string?)version["state"] == "draft"
            ? await api.TrySendAsync(
                HttpMethod.Post,
                $"/v1/definitions/segment/{Uri.EscapeDataString(name)}/versions/{version["version"]}/submit",
                "{}"u8.ToArray(),
                "application/json",
                cancel
            )
            : (HttpStatusCode.OK, version);

    private static async Task TellAsync(Refused one)
    {
        (FileInfo file, HttpStatusCode status, JsonNode answer) = one;
        await Console.Error.WriteLineAsync(
            $"{KindOf(file)} {NameOf(file)}: {answer["detail"]?.ToString() ?? $"{status}"}"
        );
        foreach (JsonNode? error in answer["errors"]?.AsArray() ?? [])
        {
            await Console.Error.WriteLineAsync($"  {PlaceOf(file, error!)}: {error!["message"]}");
        }
    }

    private static string PlaceOf(FileInfo file, JsonNode error) =>
        error["line"] is { } line
            ? $"{file.Name}({line},{error["column"] ?? 1}) {error["pointer"]}"
            : $"{file.Name} {error["pointer"]}";

    private sealed record Refused(FileInfo File, HttpStatusCode Status, JsonNode Answer);
}
