using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;

namespace OrleansCdp.Governance;

/// <summary><c>cdp plan -f DIR</c>: what <c>cdp apply</c> would change, and whom segments would move. It changes nothing.</summary>
internal static class PlanCommand
{
    // Otherwise a letter that is not English is six.
    private static readonly JsonSerializerOptions Plain = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Create()
    {
        GatewayOptions gateway = new();
        Option<FileSystemInfo> from = DefinitionFile.CreateOption();
        Option<bool> detailed = new("--detailed-exit-code")
        {
            Description =
                "Ends with 2 where something would change, and with 0 where nothing would.",
        };
        Command command = new(
            "plan",
            "Says what applying definitions would change, and of segments whom they would move. Changes nothing."
        )
        {
            from,
            detailed,
        };
        gateway.AddTo(command);
        command.Does(
            async (parsed, cancel) =>
            {
                using CdpApi api = gateway.Connect(parsed);
                DefinitionFile[] files = DefinitionFile.AllOf(parsed.GetRequiredValue(from));
                return await PlanAsync(api, files, parsed.GetValue(detailed), cancel);
            }
        );
        return command;
    }

    private static async Task<int> PlanAsync(
        CdpApi api,
        DefinitionFile[] files,
        bool isDetailed,
        CancellationToken cancel
    )
    {
        JsonArray planned = await PlannedAsync(api, files, cancel);
        int changed = 0;
        List<RefusedFile> refused = [];
        foreach (var (file, answer) in files.Zip(planned.Select(one => one!.AsObject())))
        {
            if (answer["errors"] is not null)
            {
                refused.Add(new RefusedFile(file, HttpStatusCode.UnprocessableEntity, answer));
                continue;
            }

            await file.DemandSameAsync(answer, cancel);
            bool changes = (bool)answer["changed"]!;
            changed += changes ? 1 : 0;
            await SayAsync(api, file, answer, changes, cancel);
        }

        foreach (RefusedFile one in refused)
        {
            await one.TellAsync();
        }

        Console.WriteLine(
            $"{changed} of {files.Length} would change, {refused.Count} would be refused"
        );
        return refused.Count > 0 ? 1
            : isDetailed && changed > 0 ? 2
            : 0;
    }

    /// <summary>Asks what would come of all of them together: one may name another.</summary>
    private static async Task<JsonArray> PlannedAsync(
        CdpApi api,
        DefinitionFile[] files,
        CancellationToken cancel
    )
    {
        JsonArray definitions = [];
        foreach (DefinitionFile file in files)
        {
            definitions.Add(
                new JsonObject
                {
                    ["kind"] = file.Kind,
                    ["name"] = file.Name,
                    ["text"] = Encoding.UTF8.GetString(await file.ReadAsync(cancel)),
                }
            );
        }

        JsonObject answer = await api.SendAsync(
            HttpMethod.Post,
            "/v1/definitions/plan",
            JsonSerializer.SerializeToUtf8Bytes(
                new JsonObject { ["definitions"] = definitions },
                Plain
            ),
            "application/json",
            cancel
        );
        return answer["data"]!.AsArray();
    }

    /// <summary>Waits until everybody is looked at.</summary>
    /// <returns>The preview, or why there is none.</returns>
    private static async Task<(JsonNode? Preview, string? WhyNot)> PreviewAsync(
        CdpApi api,
        DefinitionFile file,
        CancellationToken cancel
    )
    {
        while (true)
        {
            var (status, answer) = await file.PutAsync(api, "?dryRun=true&wait=30", cancel);
            if (status is not (HttpStatusCode.OK or HttpStatusCode.UnprocessableEntity))
            {
                throw new CommandFailedException(
                    $"The preview of {file.Name} was answered with {(int)status} {answer["code"]}: {answer["detail"]}"
                );
            }

            JsonNode? preview = answer["preview"];
            switch ((string?)preview?["state"])
            {
                case "waiting" or "running":
                    continue;
                case "done":
                    return (preview, null);
            }

            JsonNode? why =
                preview?["notReady"]
                ?? preview?["errors"]?[0]?["message"]
                ?? preview?["trouble"]
                ?? answer["errors"]?[0]?["message"];
            return (null, why?.ToString() ?? "this key may not `read`");
        }
    }

    private static async Task SayAsync(
        CdpApi api,
        DefinitionFile file,
        JsonObject answer,
        bool changes,
        CancellationToken cancel
    )
    {
        string title = $"{file.Kind} {file.Name}: version {answer["version"]}";
        if (!changes)
        {
            string state = file.Kind == DefinitionFile.Segment ? $", {answer["state"]}" : "";
            Console.WriteLine($"{title}, unchanged{state}");
            return;
        }

        if (file.Kind != DefinitionFile.Segment)
        {
            JsonObject? active = await api.GetAsync(file.Address, cancel);
            Console.WriteLine(active is null ? $"{title}, new" : $"{title}, changed");
            string text = Encoding.UTF8.GetString(await file.ReadAsync(cancel));
            SayDifference((string?)active?["text"] ?? "", text);
            return;
        }

        JsonNode planned = answer["planned"]!;
        if (answer["active"] is not { } before)
        {
            Console.WriteLine($"{title}, new");
            SayDifference("", (string)planned["normalForm"]!);
        }
        else if ((bool)answer["sameMeaning"]!)
        {
            Console.WriteLine($"{title}, changed; its criteria mean the same");
            SayDifference((string)before["text"]!, (string)planned["text"]!);
        }
        else
        {
            Console.WriteLine($"{title}, changed");
            SayDifference((string?)before["normalForm"] ?? "", (string)planned["normalForm"]!);
        }

        var (preview, whyNot) = await PreviewAsync(api, file, cancel);
        if (preview is null)
        {
            Console.WriteLine($"  no preview beside what is active: {whyNot}");
        }
        else
        {
            SayPreview(preview);
        }
    }

    private static void SayDifference(string before, string after)
    {
        foreach (DiffPiece line in InlineDiffBuilder.Diff(before, after).Lines)
        {
            string? mark = line.Type switch
            {
                ChangeType.Inserted => "+",
                ChangeType.Deleted => "-",
                _ => null,
            };
            if (mark is not null && line.Text.Length > 0)
            {
                Console.WriteLine($"  {mark} {line.Text}");
            }
        }
    }

    private static void SayPreview(JsonNode preview)
    {
        string share = ((decimal)preview["share"]!).ToString("P1", CultureInfo.InvariantCulture);
        Console.WriteLine(
            $"  of {preview["individuals"]} people {preview["entering"]} would enter, {preview["leaving"]} leave and "
                + $"{preview["changingTier"]} change their tier ({share}); {preview["membersThen"]} would be in it"
        );
        foreach (JsonNode? moves in preview["bySegment"]!.AsArray())
        {
            string name = moves!["tier"] is { } tier
                ? $"{moves["segment"]}.{tier}"
                : $"{moves["segment"]}";
            Console.WriteLine($"    {name}: +{moves["entering"]} -{moves["leaving"]}");
        }

        if (preview["usedBy"]!.AsArray() is { Count: > 0 } users)
        {
            Console.WriteLine($"  asked for by {string.Join(", ", users.Select(one => $"{one}"))}");
        }

        if ((bool)preview["needsConfirmation"]!)
        {
            Console.WriteLine(
                $"  to be confirmed: whoever activates it says `confirmMoves`: {preview["moves"]}"
            );
        }
    }
}
