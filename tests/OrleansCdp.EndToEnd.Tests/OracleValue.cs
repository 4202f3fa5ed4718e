using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>
/// One insight of somebody as SQL has it. What type a column has says how exactly it must be met: a numeric to all nine decimals
/// that are kept, an instant to the microsecond that PostgreSQL keeps, a double (what fades, and what is predicted) but for the
/// order of adding up.
/// </summary>
/// <param name="answer">The answer of the query.</param>
/// <param name="rows">Its rows of this subject.</param>
internal sealed class OracleValue(
    SqlAnswer answer,
    IReadOnlyList<IReadOnlyDictionary<string, object>> rows
)
{
    private const double Tolerance = 1e-8;
    private const int Decimals = 9;

    /// <summary>What may be said beside the value; anything else, such as that it is incomplete, is wrong here.</summary>
    private static readonly string[] Known =
    [
        "value",
        "amounts",
        "parts",
        "partCount",
        "why",
        "model",
        "customer",
        "unit",
        "version",
        "items",
        "estimated",
        "description",
        "people",
    ];

    /// <summary>What is served and should not be.</summary>
    public IEnumerable<string> Faults(JsonObject served) =>
        served
            .Select(field => field.Key)
            .Except(Known)
            .Select(key => $"{key} is said")
            .Concat(
                answer.IsDivided ? FaultsOfParts(served)
                : answer.IsMoney ? FaultsOfAmounts(served)
                : FaultsOfOne(served)
            )
            .Concat(
                answer.Columns.Contains("people")
                    ? Compare(
                        "people",
                        Find(rows.Count == 0 ? null : rows[0], "people") ?? 0L,
                        served
                    )
                    : []
            );

    private IEnumerable<string> FaultsOfOne(JsonObject served)
    {
        if (rows.Count != 1)
        {
            return [$"{rows.Count} rows are expected"];
        }

        IReadOnlyDictionary<string, object> row = rows[0];
        IEnumerable<string> value = answer.Columns.Contains("at_most")
            ? Between(row, "value", served).Concat(Between(row, "items", served))
            : Compare("value", Find(row, "value"), served)
                .Concat(Compare("items", Find(row, "items"), served));
        return value
            .Concat(Compare("why", Find(row, "why"), served))
            .Concat(answer.Columns.Contains("frequency") ? FaultsOfCustomer(row, served) : []);
    }

    private static IEnumerable<string> Between(
        IReadOnlyDictionary<string, object> row,
        string name,
        JsonObject served
    ) =>
        (long)served[name]! < (long)row["value"] || (long)served[name]! > (long)row["at_most"]
            ? [$"{name} is expected from {row["value"]} to {row["at_most"]}"]
            : [];

    private static IEnumerable<string> FaultsOfCustomer(
        IReadOnlyDictionary<string, object> row,
        JsonObject served
    )
    {
        JsonObject customer = served["customer"]?.AsObject() ?? [];
        return Compare("frequency", Find(row, "frequency"), customer)
            .Concat(Compare("recency", Find(row, "recency"), customer))
            .Concat(Compare("age", Find(row, "age"), customer))
            .Concat(Compare("monetaryValue", Find(row, "monetary_value"), customer));
    }

    private IEnumerable<string> FaultsOfAmounts(JsonObject served)
    {
        IReadOnlyDictionary<string, object>[] expected =
        [
            .. rows.Where(row => row.ContainsKey("currency"))
                .OrderBy(row => (string)row["currency"], StringComparer.Ordinal),
        ];
        JsonArray amounts = served["amounts"]!.AsArray();
        object? only = expected.Length == 1 ? expected[0]["value"] : null;
        string? why = expected.Length > 1 ? NoValue.SeveralCurrencies : null;
        return Compare("value", only, served)
            .Concat(Compare("why", why, served))
            .Concat(Compare("items", expected.Sum(row => (long)row["items"]), served))
            .Concat(
                amounts.Count == expected.Length
                    ? expected.SelectMany(
                        (row, i) =>
                            Compare("currency", row["currency"], amounts[i]!)
                                .Concat(Compare("amount", row["value"], amounts[i]!))
                    )
                    : [$"{expected.Length} amounts are expected"]
            );
    }

    private IEnumerable<string> FaultsOfParts(JsonObject served)
    {
        IReadOnlyDictionary<string, object>[] all = [.. rows.OrderBy(row => (long)row["place"])];
        IReadOnlyDictionary<string, object>? first = all.Length == 0 ? null : all[0];
        JsonObject[] parts = [.. served["parts"]!.AsArray().Select(part => part!.AsObject())];
        int told = Math.Min(all.Length, (int?)Find(first, "told") ?? 0);
        return Compare("value", Find(first, "total") ?? 0L, served)
            .Concat(Compare("items", Find(first, "items") ?? 0L, served))
            .Concat(Compare("partCount", (long)all.Length, served))
            .Concat(Compare("why", null, served))
            .Concat(
                parts.Length == told
                    ? parts.SelectMany((part, i) => FaultsOfPart(all, i, part, parts))
                    : [$"{told} parts are expected"]
            );
    }

    /// <summary>What fades may differ in its last digit, and then in its place and in whether it is tied.</summary>
    private static IEnumerable<string> FaultsOfPart(
        IReadOnlyDictionary<string, object>[] all,
        int place,
        JsonObject part,
        JsonObject[] parts
    )
    {
        string[] name = [.. part["by"]!.AsArray().Select(one => (string?)one ?? "")];
        IReadOnlyDictionary<string, object> row = all[place];
        IEnumerable<string> faults = Compare("value", row["value"], part);
        double total = Convert.ToDouble(row["total"], CultureInfo.InvariantCulture);
        double shareTolerance = total is > 0 and < 1 ? Tolerance / total : Tolerance; // A small whole has coarse shares.
        bool isNamed = ((string[])row["part"]).SequenceEqual(name);
        bool tied = (bool)row["tied"];
        if (row["value"] is double value)
        {
            row = Array.Find(all, one => ((string[])one["part"]).SequenceEqual(name)) ?? row;
            bool isNear = all.Count(one => Math.Abs((double)one["value"] - value) < Tolerance) > 1;
            isNamed |= isNear && IsSame(row["value"], part["value"]);
            bool isShown = Equal(place - 1) || Equal(place + 1);
            tied = isNear && (isShown || (place == parts.Length - 1 && part["tied"] is not null));
        }

        return faults
            .Concat(isNamed ? [] : [$"part {place} is {string.Join('/', (string[])row["part"])}"])
            .Concat(
                Math.Abs((double)row["share"] - (double)part["share"]!) <= shareTolerance
                    ? []
                    : [$"share {place} is expected to be {row["share"]}"]
            )
            .Concat(Compare("tied", tied ? true : null, part));

        bool Equal(int other) =>
            other >= 0
            && other < parts.Length
            && (decimal)parts[other]["value"]! == (decimal)part["value"]!;
    }

    private static object? Find(IReadOnlyDictionary<string, object>? row, string column) =>
        row?.GetValueOrDefault(column);

    private static IEnumerable<string> Compare(string name, object? expected, JsonNode served) =>
        IsSame(expected, served[name]) ? [] : [$"{name} is expected to be {Text(expected)}"];

    private static string Text(object? value) =>
        Convert.ToString(value ?? "nothing", CultureInfo.InvariantCulture)!;

    private static bool IsSame(object? expected, JsonNode? served) =>
        (expected, served?.GetValueKind()) switch
        {
            (null, null) => true,
            (string text, JsonValueKind.String) => text == (string)served!,
            (DateTime instant, JsonValueKind.String) => instant
                == Truncated(
                    DateTime.Parse(
                        (string)served!,
                        CultureInfo.InvariantCulture,
                        DateTimeStyles.AdjustToUniversal
                    )
                ),
            (bool truth, JsonValueKind.True or JsonValueKind.False) => truth == (bool)served!,
            (double number, JsonValueKind.Number) => Math.Abs(number - (double)served!)
                <= Tolerance * Math.Max(1, Math.Abs(number)),
            (decimal or long or int, JsonValueKind.Number) => Convert.ToDecimal(
                expected,
                CultureInfo.InvariantCulture
            ) == Math.Round((decimal)served!, Decimals, MidpointRounding.AwayFromZero),
            _ => false,
        };

    private static DateTime Truncated(DateTime instant) =>
        new(instant.Ticks - (instant.Ticks % TimeSpan.TicksPerMicrosecond), instant.Kind);
}
