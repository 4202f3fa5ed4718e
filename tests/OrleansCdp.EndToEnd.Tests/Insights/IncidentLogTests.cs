using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>A real service desk's log: what reaches people's state is exactly the creations and closures.</summary>
public sealed partial class IncidentLogTests(RunningHost host) : IClassFixture<RunningHost>
{
    private const string Stream = "incident-event-log";

    /// <summary>
    /// The one incident whose rows are not in the order of their times: its first row is not its first event.
    /// </summary>
    private const string OutOfOrder = "INC0000137";

    private const int RecentMax = 10;

    /// <summary>Every fate a row of this file may have.</summary>
    private static readonly (string Kind, string Reason)[] Fates =
    [
        ("received", ""),
        ("unknownFields", ""),
        ("applied", ""),
        ("suppressed", ReasonCodes.NothingNew),
        ("suppressed", ReasonCodes.ClosedAgain),
    ];

    [SkippableFact]
    public async Task People_have_exactly_the_creations_and_closures_of_the_file()
    {
        var (header, rows) = RealData.Lines("cases/incident_event_log.csv");
        IReadOnlyList<Dictionary<string, string>> table = RealData.Rows(
            "cases/incident_event_log.csv"
        );
        int[] order = [.. Enumerable.Range(0, rows.Length).OrderBy(i => TimeOf(table[i]))];
        await host.Api.DefineAsync(Stream);

        Taken first = await host.Api.ImportAsync(Stream, header, order.Select(i => rows[i]));
        Counts counts = await host.Api.DrainAsync();

        (first.Accepted + first.Filtered).ShouldBe(rows.Length);
        first.Quarantined.ShouldBe(0);
        counts[Stream, "received"].ShouldBe(rows.Length);
        counts[Stream, "suppressed"].ShouldBeGreaterThan(0);
        counts.All.Select(count => (count.Kind, count.Reason)).ShouldBeSubsetOf(Fates);
        await CheckAsync(table);
        string before = await SnapshotAsync(host.Api, table);

        string[] shuffled = [.. ShuffledInMinute(table, rows)];
        Taken again = await host.Api.ImportAsync(Stream, header, shuffled);
        await host.Api.DrainAsync();

        again.Accepted.ShouldBe(0);
        (again.Duplicates + again.Filtered).ShouldBe(rows.Length);
        (await SnapshotAsync(host.Api, table)).ShouldBe(before);

        await using RunningHost other = await RunningHost.AnotherAsync();
        await other.Api.DefineAsync(Stream);
        Taken fresh = await other.Api.ImportAsync(Stream, header, shuffled);
        await other.Api.DrainAsync();

        fresh.ShouldBe(first);
        WithoutReceipt(await SnapshotAsync(other.Api, table)).ShouldBe(WithoutReceipt(before));
    }

    private static DateTime TimeOf(Dictionary<string, string> row) =>
        DateTime.ParseExact(row["sys_updated_at"], "d/M/yyyy HH:mm", CultureInfo.InvariantCulture);

    private static IEnumerable<string> ShuffledInMinute(
        IReadOnlyList<Dictionary<string, string>> table,
        string[] rows
    )
    {
        Random random = new(7);
        return Enumerable
            .Range(0, rows.Length)
            .OrderBy(i => TimeOf(table[i]))
            .ThenBy(_ => random.Next())
            .Select(i => rows[i]);
    }

    private async Task CheckAsync(IReadOnlyList<Dictionary<string, string>> table)
    {
        Dictionary<string, Expected> incidents = Expectations(table);
        var byCaller = incidents.Values.Where(i => i.Caller != "?").GroupBy(i => i.Caller);
        List<string> wrong = [];
        await Parallel.ForEachAsync(
            byCaller,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (caller, _) =>
            {
                JsonNode? context = await host.Api.ContextAsync("contactId", caller.Key);
                foreach (string fault in Compare(context, [.. caller]))
                {
                    lock (wrong)
                    {
                        wrong.Add($"{caller.Key}: {fault}");
                    }
                }
            }
        );
        wrong.ShouldBeEmpty();
    }

    private static IEnumerable<string> Compare(JsonNode? context, Expected[] incidents)
    {
        if (context is null)
        {
            yield return "nobody";
            yield break;
        }

        JsonNode insights = context["insights"]!;
        if ((int)insights["caseCount"]! != incidents.Length)
        {
            yield return $"created {insights["caseCount"]}, expected {incidents.Length}";
        }

        int closures = incidents.Sum(incident => incident.Closures);
        if ((int)insights["caseClosures"]! != closures)
        {
            yield return $"closed {insights["caseClosures"]}, expected {closures}";
        }

        if ((int)insights["openCases"]! != 0)
        {
            yield return $"open {insights["openCases"]}, expected none";
        }

        JsonArray recent = context["cases"]!["recent"]!.AsArray();
        if (recent.Count != Math.Min(RecentMax, incidents.Length))
        {
            yield return $"shown {recent.Count} of {incidents.Length}";
        }

        foreach (JsonNode? shown in recent)
        {
            Expected? known = incidents.FirstOrDefault(i => i.Number == (string)shown!["id"]!);
            if (
                known is null
                || (string?)shown!["status"] != "Closed"
                || (string)shown["createdAt"]! != known.CreatedAt
                || (string)shown["closedAt"]! != known.ClosedAt
                || (string?)shown["category"] != known.Category
                || (string?)shown["resolutionCode"] != known.ClosedCode
            )
            {
                yield return $"case {shown!.ToJsonString()}, expected {known}";
            }
        }
    }

    /// <summary>The published expectation, with closures counted as entering Closed, from the file itself.</summary>
    private static Dictionary<string, Expected> Expectations(
        IReadOnlyList<Dictionary<string, string>> table
    )
    {
        var history = table
            .GroupBy(row => row["number"])
            .ToDictionary(rows => rows.Key, rows => rows);
        return RealData
            .Rows("cases/expected_create_close.csv")
            .ToDictionary(
                row => row["number"],
                row =>
                {
                    Dictionary<string, string>[] rows =
                    [
                        .. history[row["number"]]
                            .OrderBy(TimeOf)
                            .ThenBy(r =>
                                int.Parse(r["sys_mod_count"], CultureInfo.InvariantCulture)
                            ),
                    ];
                    int[] entered =
                    [
                        .. Enumerable
                            .Range(0, rows.Length)
                            .Where(i => IsClosed(rows[i]) && (i == 0 || !IsClosed(rows[i - 1]))),
                    ];
                    string first = Rfc3339.Format(new(TimeOf(rows[0]), TimeSpan.Zero));
                    if (row["number"] != OutOfOrder)
                    {
                        (row["first_event_at"] + "Z").ShouldBe(first);
                    }

                    return new Expected(
                        row["number"],
                        rows.Last(r => r["caller_id"] != "?" || Array.TrueForAll(rows, None))[
                            "caller_id"
                        ],
                        first,
                        Rfc3339.Format(
                            new DateTimeOffset(TimeOf(rows[entered[^1]]), TimeSpan.Zero)
                        ),
                        entered.Length,
                        ValueOf(row["category_at_close"]),
                        ValueOf(row["closed_code"])
                    );
                }
            );
    }

    private static bool None(Dictionary<string, string> row) => row["caller_id"] == "?";

    private static bool IsClosed(Dictionary<string, string> row) =>
        row["incident_state"] == "Closed";

    private static string? ValueOf(string text) => text is "" or "?" ? null : text;

    private static async Task<string> SnapshotAsync(
        Api api,
        IReadOnlyList<Dictionary<string, string>> table
    )
    {
        SortedDictionary<string, string> all = new(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            table.Select(row => row["caller_id"]).Distinct(),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (caller, _) =>
            {
                JsonNode? profile = await api.ContextAsync("contactId", caller);
                lock (all)
                {
                    all[caller] = profile?.ToJsonString() ?? "nobody";
                }
            }
        );
        return string.Join('\n', all.Select(entry => $"{entry.Key} {entry.Value}"));
    }

    /// <summary>What is served, without when its newest event was received.</summary>
    private static string WithoutReceipt(string served) => AsOf().Replace(served, "");

    [GeneratedRegex("\"asOf\":\"[^\"]*\"", RegexOptions.None, 1000)]
    private static partial Regex AsOf();

    private sealed record Expected(
        string Number,
        string Caller,
        string CreatedAt,
        string ClosedAt,
        int Closures,
        string? Category,
        string? ClosedCode
    );
}
