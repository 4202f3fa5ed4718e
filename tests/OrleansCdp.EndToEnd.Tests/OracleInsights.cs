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
    /// <summary>What people add is handed over to their account a few seconds later.</summary>
    private static readonly TimeSpan HandedOver = TimeSpan.FromMinutes(2);

    private readonly IReadOnlyDictionary<string, SqlAnswer> answers;
    private readonly bool isPast;
    private readonly string at;
    private readonly ConcurrentDictionary<string, int> told = [];

    private OracleInsights(IReadOnlyDictionary<string, SqlAnswer> answers, DateTimeOffset at)
    {
        this.answers = answers;
        isPast = at < DateTimeOffset.UtcNow;
        this.at = Rfc3339.Format(at);
    }

    /// <summary>How many were served anything by each insight: neither nothing nor zero.</summary>
    public IReadOnlyDictionary<string, int> Told => told;

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
    public async Task CompareAsync(Api api, string id, ConcurrentQueue<string> differences)
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

        foreach ((string name, JsonNode? value) in served ?? [])
        {
            if (IsAnything(value!))
            {
                told.AddOrUpdate(name, 1, (_, known) => known + 1);
            }
        }
    }

    private IEnumerable<string> Faults(string id, JsonObject? served)
    {
        if (served is null)
        {
            return ["nobody is served"];
        }

        string of = SubjectIds.IsAccount(id) ? "of: account" : "";
        string[] due =
        [
            .. ShippedInsights
                .All.Where(one => one.Value.Contains("of: account") == (of.Length > 0))
                .Select(one => one.Key),
        ];
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
        && (
            ShippedInsights.All[name].Contains("Engagement", StringComparison.Ordinal)
            || ShippedInsights.All[name].Contains("ProductUsage", StringComparison.Ordinal)
            || ShippedInsights.All[name].Contains("people: true", StringComparison.Ordinal)
        );

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
