using System.Collections.Frozen;
using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp.Segments;

/// <summary>The segments that come with the product, as files, and a query for each.</summary>
internal static class StarterPack
{
    private const string Ending = ".segment.yaml";

    /// <summary>Text of each segment by its name.</summary>
    public static FrozenDictionary<string, string> All { get; } = TextsIn("Starter");

    /// <summary>The query of each segment by its name: whose it is, and of a waterfall in which tier.</summary>
    public static FrozenDictionary<string, string> Queries { get; } = QueriesIn("Sql");

    /// <summary>Has one person write segments and another one approve them. One that asks for another comes after it.</summary>
    /// <param name="texts">Text of each by its name.</param>
    /// <param name="author">Whoever writes them.</param>
    /// <param name="reviewer">Whoever approves them.</param>
    public static async Task ActivateAsync(
        IReadOnlyDictionary<string, string> texts,
        Api author,
        Api reviewer
    )
    {
        string[] inOrder =
        [
            .. texts
                .Keys.OrderBy(name => texts[name].Contains("in segment", StringComparison.Ordinal))
                .ThenBy(name => name, StringComparer.Ordinal),
        ];
        foreach (string name in inOrder)
        {
            await author.DefineAsync(name, "segment", texts[name]);
            await StepAsync(author, name, "submit");
            await StepAsync(reviewer, name, "approve");
            long moves = await MovesAsync(reviewer, name);
            await StepAsync(reviewer, name, "activate", $$"""{"confirmMoves":{{moves}}}""");
        }
    }

    /// <summary>Text of each segment of a folder by its name.</summary>
    public static FrozenDictionary<string, string> TextsIn(string folder) => Read(folder, Ending);

    /// <summary>The query of each segment of a folder by its name.</summary>
    public static FrozenDictionary<string, string> QueriesIn(string folder) => Read(folder, ".sql");

    private static async Task StepAsync(Api api, string name, string step, string body = "{}")
    {
        (HttpStatusCode status, JsonNode? answer) = await api.PostAsync(
            $"/v1/definitions/segment/{name}/versions/1/{step}",
            body,
            "application/json"
        );
        status.ShouldBe(HttpStatusCode.OK, $"{step} {name}: {answer?.ToJsonString()}");
    }

    /// <summary>How many its preview says it moves, once what it measures is known and everybody was looked at.</summary>
    private static async Task<long> MovesAsync(Api api, string name)
    {
        JsonNode? preview = null;
        await Eventually.BeAsync(
            async () =>
            {
                preview = await api.TryGetAsync(
                    $"/v1/definitions/segment/{name}/versions/1/preview"
                );
                return (string?)preview?["state"] == "done";
            },
            $"{name} is previewed",
            () => preview?.ToJsonString() ?? ""
        );
        return (long)preview!["moves"]!;
    }

    private static FrozenDictionary<string, string> Read(string folder, string ending) =>
        Directory
            .GetFiles(Path.Combine(AppContext.BaseDirectory, "Segments", folder), $"*{ending}")
            .ToFrozenDictionary(
                file => Path.GetFileName(file)[..^ending.Length],
                File.ReadAllText,
                StringComparer.Ordinal
            );
}
