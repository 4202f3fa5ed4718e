using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary><c>cdp identity</c>: learns rules from stored records, tries them, and makes a version live.</summary>
internal static class IdentityCommand
{
    private const int SampleMax = 100_000;
    private const string RulesetEnding = ".ruleset";

    public static Command Create() =>
        new("identity", "How records find their people: learn weights, try rules, make them live.")
        {
            Train(),
            Simulate(),
            Activate(),
        };

    private static Command Train()
    {
        GatewayOptions gateway = new();
        Option<string> ruleset = new("--ruleset")
        {
            Description = "The ruleset whose stored records are learnt from.",
            Required = true,
        };
        Option<FileInfo> to = new("--out")
        {
            Description = "File for the draft. Review it, then: cdp apply -f NAME.ruleset.yaml.",
            Required = true,
        };
        Option<bool> force = new("--force") { Description = "Overwrites the file." };
        Option<int?> sample = new("--sample")
        {
            Description = $"Most records learnt from, 2 to {SampleMax}. Default: {SampleMax}.",
        };
        Option<ulong?> seed = new("--seed")
        {
            Description = "Chooses records and pairs; the same gives the same. Default: 0.",
        };
        Command command = new(
            "train",
            "Learns from stored records, without labels, what agreement is worth. Writes a draft; changes nothing."
        )
        {
            ruleset,
            to,
            force,
            sample,
            seed,
        };
        gateway.AddTo(command);
        command.Does(
            async (parsed, cancel) =>
            {
                FileInfo file = parsed.GetRequiredValue(to);
                if (file.Exists && !parsed.GetValue(force))
                {
                    throw new CommandFailedException(
                        $"{file} exists already. To overwrite it, add --force."
                    );
                }

                using CdpApi api = gateway.Connect(parsed);
                JsonObject answer = await PostAsync(
                    api,
                    "/v1/identity/train",
                    new JsonObject
                    {
                        ["ruleset"] = parsed.GetRequiredValue(ruleset),
                        ["sampleMax"] = parsed.GetValue(sample),
                        ["seed"] = parsed.GetValue(seed),
                    },
                    cancel
                );
                await File.WriteAllTextAsync(file.FullName, (string)answer["text"]!, cancel);
                SayTrained(answer, file);
                return 0;
            }
        );
        return command;
    }

    private static Command Simulate()
    {
        GatewayOptions gateway = new();
        Option<FileInfo> from = new("--file", "-f")
        {
            Description = "The rules to try: NAME.ruleset.yaml, or any file with --ruleset.",
            Required = true,
        };
        Option<string?> ruleset = new("--ruleset")
        {
            Description = "The ruleset on whose records they are tried. Default: the file's name.",
        };
        Command command = new(
            "simulate",
            "Says what rules would do to the stored records. Changes nothing."
        )
        {
            from,
            ruleset,
        };
        gateway.AddTo(command);
        command.Does(
            async (parsed, cancel) =>
            {
                FileInfo file = parsed.GetRequiredValue(from);
                if (!file.Exists)
                {
                    throw new CommandFailedException($"{file} does not exist.");
                }

                using CdpApi api = gateway.Connect(parsed);
                SayTried(
                    await PostAsync(
                        api,
                        "/v1/identity/simulate",
                        new JsonObject
                        {
                            ["ruleset"] = parsed.GetValue(ruleset) ?? NameOf(file),
                            ["text"] = await File.ReadAllTextAsync(file.FullName, cancel),
                        },
                        cancel
                    )
                );
                return 0;
            }
        );
        return command;
    }

    private static Command Activate()
    {
        GatewayOptions gateway = new();
        Option<string> ruleset = new("--ruleset") { Description = "The ruleset.", Required = true };
        Option<int> version = new("--version-number")
        {
            Description = "Which version; cdp apply says which one it made.",
            Required = true,
        };
        Command command = new(
            "activate",
            "Makes a version of a ruleset live: it decides about all stored records, then links move. "
                + "What breaks off goes on when asked again."
        )
        {
            ruleset,
            version,
        };
        gateway.AddTo(command);
        command.Does(
            async (parsed, cancel) =>
            {
                using CdpApi api = gateway.Connect(parsed);
                return await ActivateAsync(
                    api,
                    parsed.GetRequiredValue(ruleset),
                    parsed.GetRequiredValue(version),
                    cancel
                );
            }
        );
        return command;
    }

    private static async Task<int> ActivateAsync(
        CdpApi api,
        string ruleset,
        int version,
        CancellationToken cancel
    )
    {
        string path =
            $"/v1/definitions/ruleset/{Uri.EscapeDataString(ruleset)}/versions/{version}/activate";
        JsonObject? last = null;
        try
        {
            await foreach (JsonObject line in api.LinesAsync(path, cancel))
            {
                last = line;
                Console.WriteLine(
                    $"Decided about {line["replayed"]} of {line["links"]} links; moved {line["moved"]}."
                );
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new CommandFailedException(
                $"{api.Address} broke off: {e.Message}. Asked again it goes on where it was."
            );
        }

        if (last?["ended"] is not { } ended || !(bool)ended || last["code"] is not null)
        {
            throw new CommandFailedException(
                (string?)last?["detail"] ?? "It broke off. Asked again it goes on where it was."
            );
        }

        Console.WriteLine(
            $"Version {version} of {ruleset} is live: {last["regrouped"]} links have another group or individual, "
                + $"{last["moving"]} had to move."
        );
        return 0;
    }

    private static Task<JsonObject> PostAsync(
        CdpApi api,
        string path,
        JsonObject body,
        CancellationToken cancel
    ) =>
        api.SendAsync(
            HttpMethod.Post,
            path,
            Encoding.UTF8.GetBytes(body.ToJsonString()),
            "application/json",
            cancel
        );

    private static string NameOf(FileInfo file)
    {
        string name = Path.GetFileNameWithoutExtension(file.Name);
        return name.EndsWith(RulesetEnding, StringComparison.Ordinal)
            ? name[..^RulesetEnding.Length]
            : name;
    }

    private static void SayTrained(JsonObject answer, FileInfo file)
    {
        Console.WriteLine(
            $"Learnt from {answer["records"]} records: about {Rounded(answer["matches"])} pairs are of one person; "
                + $"{answer["groups"]} groups of more than one record."
        );
        foreach (JsonNode? pass in answer["passes"]!.AsArray())
        {
            string block = string.Join(" and ", pass!["block"]!.AsArray());
            Console.WriteLine(
                pass["rejected"] is { } why
                    ? $"Pass on equal {block} rejected: {why}"
                    : $"Pass on equal {block}: {Rounded(pass["matches"])} matches."
            );
        }

        Console.WriteLine(
            $"The draft is in {file}. It decides nothing until it is applied and activated."
        );
    }

    private static void SayTried(JsonObject answer)
    {
        Console.WriteLine($"{answer["records"]} records      now   then");
        foreach (string count in (string[])["linked", "soft", "unresolved", "groups", "largest"])
        {
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{count, -16}{(int)answer["before"]![count]!, 7}{(int)answer["after"]![count]!, 7}"
                )
            );
        }

        Console.WriteLine($"{answer["moving"]} links would move.");
        foreach (JsonNode? move in answer["moves"]!.AsArray())
        {
            Console.WriteLine(
                $"{move!["link"]}: {move["from"] ?? "nobody"} ({Rounded(move["fromScore"])}) -> "
                    + $"{move["to"] ?? "nobody"} ({Rounded(move["toScore"])})"
            );
        }

        if (answer["notStored"]!.AsArray() is { Count: > 0 } missing)
        {
            Console.WriteLine(
                $"Counted for nothing, as no values are stored: {string.Join(", ", missing)}."
            );
        }
    }

    private static string Rounded(JsonNode? number) =>
        number is null ? "-" : ((double)number).ToString("0.0", CultureInfo.InvariantCulture);
}
