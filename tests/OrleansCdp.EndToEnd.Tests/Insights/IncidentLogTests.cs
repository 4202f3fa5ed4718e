using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>A real service desk's log: what reaches people's state is exactly the creations and closures.</summary>
public sealed partial class IncidentLogTests(RunningHost host) : IClassFixture<RunningHost>
{
    private const string Stream = "incident-event-log";
    private const string Insight = "closures_of_all_time";

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
        await host.Api.DefineAsync(Insight, "insight");

        Taken first = await host.Api.ImportAsync(Stream, header, order.Select(i => rows[i]));
        Counts counts = await host.Api.DrainAsync();

        (first.Accepted + first.Filtered).ShouldBe(rows.Length);
        first.Quarantined.ShouldBe(0);
        counts[Stream, "received"].ShouldBe(rows.Length);
        counts[Stream, "suppressed"].ShouldBeGreaterThan(0);
        counts.All.Select(count => (count.Kind, count.Reason)).ShouldBeSubsetOf(Fates);
        await CheckAsync(table);
        await CheckInsightsAsync(table);
        await OracleInsights.CheckAsync(host, everyNth: 9, DateTimeOffset.UtcNow.AddHours(1));
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

    /// <summary>Closures by category and resolution code, and how often a case was closed again.</summary>
    private async Task CheckInsightsAsync(IReadOnlyList<Dictionary<string, string>> table)
    {
        Expected[] incidents =
        [
            .. Expectations(table).Values.Where(incident => incident.Caller != "?"),
        ];
        ConcurrentDictionary<string, int> all = [];

        string[] wrong = await Everybody.WrongAsync(
            incidents.ToLookup(incident => incident.Caller),
            async caller =>
            {
                Closures served = await ClosuresAsync(caller.Key);
                foreach ((string by, int count) in served.Parts)
                {
                    all.AddOrUpdate(by, count, (_, known) => known + count);
                }

                Closures expected = Closures.Of(caller);
                return served.ToString() == expected.ToString()
                    ? []
                    : [$"{caller.Key} has {served}, expected {expected}"];
            }
        );

        wrong.ShouldBeEmpty();
        all.OrderBy(one => one.Key, StringComparer.Ordinal)
            .ShouldBe(Closures.Of(incidents).Parts.OrderBy(one => one.Key, StringComparer.Ordinal));
    }

    /// <summary>Those of whom there are more parts than are told are listed one by one.</summary>
    private async Task<Closures> ClosuresAsync(string caller)
    {
        JsonNode insights = (await host.Api.InsightsAsync("contactId", caller))!;
        Closures told = Closures.Of(insights, insights[Insight]!["parts"]!.AsArray());
        if (told.PartCount <= Closures.ToldMax)
        {
            return told;
        }

        JsonNode explained = (
            await host.Api.InsightsAsync("contactId", caller, $"?explain=true&name={Insight}")
        )!;
        return Closures.Of(insights, explained[Insight]!["contributions"]!.AsArray());
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

    /// <summary>Closures of somebody's cases.</summary>
    /// <param name="Parts">How many there are by category and code.</param>
    /// <param name="Told">Those that are told as parts: the most first, of equal ones by name.</param>
    /// <param name="PartCount">How many parts there are.</param>
    /// <param name="Reopenings">Closures of cases that had been closed before.</param>
    private sealed record Closures(
        IReadOnlyDictionary<string, int> Parts,
        string[] Told,
        int PartCount,
        int Reopenings
    )
    {
        public const int ToldMax = 20;

        /// <summary>What is served.</summary>
        /// <param name="insights">The insights.</param>
        /// <param name="counted">Parts, or single closures.</param>
        public static Closures Of(JsonNode insights, JsonArray counted) =>
            new(
                counted
                    .GroupBy(one => NameOf(one!), StringComparer.Ordinal)
                    .ToDictionary(
                        same => same.Key,
                        same => same.Sum(one => (int)one!["value"]!),
                        StringComparer.Ordinal
                    ),
                [
                    .. insights[Insight]!["parts"]!
                        .AsArray()
                        .Select(part => $"{NameOf(part!)}: {(int)part!["value"]!}"),
                ],
                (int)insights[Insight]!["partCount"]!,
                (int)insights["case_reopenings"]!["value"]!
            );

        /// <summary>What the published expectation comes to.</summary>
        public static Closures Of(IEnumerable<Expected> incidents)
        {
            Expected[] all = [.. incidents];
            Dictionary<string, int> parts = all.GroupBy(
                    one => $"{one.Category}/{one.ClosedCode}",
                    StringComparer.Ordinal
                )
                .ToDictionary(
                    same => same.Key,
                    same => same.Sum(one => one.Closures),
                    StringComparer.Ordinal
                );
            return new(
                parts,
                [
                    .. parts
                        .OrderByDescending(part => part.Value)
                        .ThenBy(part => part.Key, StringComparer.Ordinal)
                        .Take(ToldMax)
                        .Select(part => $"{part.Key}: {part.Value}"),
                ],
                parts.Count,
                all.Sum(one => one.Closures - 1)
            );
        }

        public override string ToString() =>
            $"{string.Join(", ", Told)}; {PartCount} parts, {Reopenings} reopenings: "
            + string.Join(", ", Parts.OrderBy(part => part.Key, StringComparer.Ordinal));

        private static string NameOf(JsonNode part) => string.Join('/', part["by"]!.AsArray());
    }

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
