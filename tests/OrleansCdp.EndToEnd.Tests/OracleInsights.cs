using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>
/// The shipped insights as plain SQL makes them of the log, against those that are served. All values are computed for one moment,
/// so that nothing depends on when somebody is asked.
/// </summary>
internal sealed class OracleInsights
{
    private const int DifferencesMax = 20;
    private const int RequestsMax = 8;

    /// <summary>What people add is handed over to their account a few seconds later.</summary>
    private static readonly TimeSpan HandedOver = TimeSpan.FromMinutes(2);

    private readonly IReadOnlyDictionary<string, SqlAnswer> answers;
    private readonly bool isPast;
    private readonly string at;

    private OracleInsights(IReadOnlyDictionary<string, SqlAnswer> answers, DateTimeOffset at)
    {
        this.answers = answers;
        isPast = at < DateTimeOffset.UtcNow;
        this.at = Rfc3339.Format(at);
    }

    /// <summary>Compares what a drained host serves at some moments.</summary>
    /// <param name="host">The host; nobody sends to it any more.</param>
    /// <param name="everyNth">Of so many individuals and accounts one is asked about.</param>
    /// <param name="moments">The moments.</param>
    /// <returns>How often each insight had anything to say: neither nothing nor zero.</returns>
    public static async Task<IReadOnlyDictionary<string, int>> CheckAsync(
        RunningHost host,
        int everyNth,
        params DateTimeOffset[] moments
    )
    {
        string connection = await host.DatabaseAsync();
        OracleTables tables = await OracleTables.ReadAsync(connection);
        string[] subjects =
        [
            .. tables
                .Events.Select(one => OracleSql.HolderOf(tables, one.Event))
                .OfType<string>()
                .Where(id => !SubjectIds.IsRecord(id))
                .Distinct()
                .Where((_, i) => i % everyNth == 0),
        ];
        ConcurrentQueue<string> differences = [];
        ConcurrentDictionary<string, int> told = [];
        foreach (
            OracleInsights moment in await ReadAsync(
                connection,
                host.Api,
                tables,
                subjects,
                moments
            )
        )
        {
            await Parallel.ForEachAsync(
                subjects,
                new ParallelOptions { MaxDegreeOfParallelism = RequestsMax },
                async (id, _) =>
                {
                    JsonObject? served = await moment.CompareAsync(host.Api, id, differences);
                    IEnumerable<string> anything = (served ?? [])
                        .Where(one => IsAnything(one.Value!))
                        .Select(one => one.Key);
                    foreach (string name in anything)
                    {
                        told.AddOrUpdate(name, 1, (_, known) => known + 1);
                    }
                }
            );
        }

        differences.Take(DifferencesMax).ShouldBeEmpty($"{differences.Count} differences");
        return told;
    }

    /// <summary>Lets PostgreSQL compute them.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="api">Any gateway.</param>
    /// <param name="tables">What the database holds.</param>
    /// <param name="subjects">Everybody who will be asked about.</param>
    /// <param name="moments">The moments.</param>
    public static async Task<OracleInsights[]> ReadAsync(
        string connection,
        Api api,
        OracleTables tables,
        IEnumerable<string> subjects,
        params DateTimeOffset[] moments
    )
    {
        await using OracleSql sql = await OracleSql.ReadAsync(
            connection,
            tables,
            subjects,
            await ModelAsync(api)
        );
        List<OracleInsights> read = [];
        foreach (DateTimeOffset moment in moments)
        {
            read.Add(new OracleInsights(await sql.AnswersAsync(moment), moment));
        }

        return [.. read];
    }

    /// <summary>Compares those of an individual or account.</summary>
    /// <returns>What is served.</returns>
    public async Task<JsonObject?> CompareAsync(
        Api api,
        string id,
        ConcurrentQueue<string> differences
    )
    {
        string path = SubjectIds.IsAccount(id)
            ? $"/v1/accounts/{id}/insights?at={at}"
            : $"/v1/individuals/individual/{id}/insights?at={at}";
        long since = Stopwatch.GetTimestamp();
        string[] found;
        JsonObject? served;
        do
        {
            served = (await api.GetAsync(path))?["insights"]?.AsObject();
            found = [.. Faults(id, served)];
        } while (
            found.Length > 0
            && SubjectIds.IsAccount(id)
            && Stopwatch.GetElapsedTime(since) < HandedOver
        );

        foreach (string fault in found)
        {
            differences.Enqueue($"{path} {fault}");
        }

        return served;
    }

    private IEnumerable<string> Faults(string id, JsonObject? served)
    {
        if (served is null)
        {
            return ["nobody is served"];
        }

        IEnumerable<string> due = ShippedInsights
            .All.Where(one => Says(one.Key, "of: account") == SubjectIds.IsAccount(id))
            .Select(one => one.Key);
        return due.SelectMany(name =>
        {
            OracleValue value = new(answers[name], [.. answers[name].Rows[id]]);
            JsonObject? theirs = served[name]?.AsObject();
            return theirs is null ? [$"{name}: is not served"]
                : isPast && IsNotKept(name, theirs) ? []
                : value
                    .Faults(theirs)
                    .Select(fault => $"{name}: {fault}\n  served {theirs.ToJsonString()}");
        });
    }

    /// <summary>Of what was done, and of what people add, nothing needs to be told of a moment that is over.</summary>
    private static bool IsNotKept(string name, JsonObject served) =>
        (string?)served["why"] == NoValue.NotKept
        && served["value"] is null
        && (Says(name, "Engagement") || Says(name, "ProductUsage") || Says(name, "people: true"));

    private static bool Says(string name, string text) =>
        ShippedInsights.All[name].Contains(text, StringComparison.Ordinal);

    private static bool IsAnything(JsonNode served) =>
        served["amounts"] is JsonArray { Count: > 0 }
        || (
            served["value"] is { } value
            && (value.GetValueKind() != JsonValueKind.Number || (double)value != 0)
        );

    private static async Task<PredictionModel?> ModelAsync(Api api) =>
        await api.GetAsync("/v1/definitions/model/default") is { } put
            ? PredictionModel.Compile("default", (string)put["text"]!).Model
            : null;
}
