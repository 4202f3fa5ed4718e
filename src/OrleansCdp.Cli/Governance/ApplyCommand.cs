using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp.Governance;

/// <summary><c>cdp apply -f DIR</c>: registers the definitions of a folder.</summary>
internal static class ApplyCommand
{
    public static Command Create()
    {
        GatewayOptions gateway = new();
        Option<FileSystemInfo> from = DefinitionFile.CreateOption();
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
                return await ApplyAsync(
                    api,
                    DefinitionFile.AllOf(parsed.GetRequiredValue(from)),
                    cancel
                );
            }
        );
        return command;
    }

    private static async Task<int> ApplyAsync(
        CdpApi api,
        DefinitionFile[] files,
        CancellationToken cancel
    )
    {
        List<RefusedFile> refused = [];
        DefinitionFile[] left = files;
        do
        {
            // One may have been refused for naming another that was still to come.
            files = left;
            refused.Clear();
            foreach (DefinitionFile file in files)
            {
                if (await PutAsync(api, file, cancel) is { } why)
                {
                    refused.Add(why);
                }
            }

            left = [.. refused.Select(one => one.File)];
        } while (left.Length > 0 && left.Length < files.Length);

        foreach (RefusedFile one in refused)
        {
            await one.TellAsync();
        }

        return refused.Count == 0 ? 0 : 1;
    }

    /// <summary>Registers one, and says so.</summary>
    /// <returns>Null, unless it was refused.</returns>
    private static async Task<RefusedFile?> PutAsync(
        CdpApi api,
        DefinitionFile file,
        CancellationToken cancel
    )
    {
        var (kind, name) = (file.Kind, file.Name);
        var (status, answer) = await file.PutAsync(api, "", cancel);
        if (status != HttpStatusCode.OK)
        {
            return new RefusedFile(file, status, answer);
        }

        await file.DemandSameAsync(answer, cancel);
        if (kind == DefinitionFile.Segment)
        {
            (status, answer) = await SubmittedAsync(api, name, answer, cancel);
            if (status != HttpStatusCode.OK)
            {
                return new RefusedFile(file, status, answer);
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
}
