using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>
/// The shipped insights of what the log says, against those that are served. All values are computed for one moment that is
/// still to come, so that nothing depends on when somebody is asked.
/// </summary>
/// <param name="everybody">All individuals of the log: an account has insights over its people.</param>
internal sealed class OracleInsights(IEnumerable<UnifiedIndividual> everybody)
{
    /// <summary>What fades is a sum of numbers that are rounded: it is the same but for the order of adding up.</summary>
    private const double Tolerance = 1e-8;

    /// <summary>What people add is handed over to their account a few seconds later.</summary>
    private static readonly TimeSpan HandedOver = TimeSpan.FromMinutes(2);

    private readonly ILookup<string?, UnifiedIndividual> people = everybody.ToLookup(individual =>
        individual.AccountLink() is { } link ? SubjectIds.AccountOf(link) : null
    );
    private readonly string at = Rfc3339.Format(DateTimeOffset.UtcNow.AddHours(1));

    /// <summary>The shipped insights, by what the shipped streams declare.</summary>
    public static InsightSet Shipped { get; } = MakeShipped();

    /// <summary>Compares an individual's.</summary>
    public Task CompareAsync(
        Api api,
        UnifiedIndividual expected,
        ConcurrentQueue<string> differences
    ) =>
        CompareAsync(
            api,
            $"/v1/individuals/individual/{expected.Id}/insights?at={at}",
            expected.Id,
            new InsightLedger(Shipped, SubjectKind.Individual),
            expected.Links,
            differences
        );

    /// <summary>Compares an account's.</summary>
    public async Task CompareAsync(Api api, Account expected, ConcurrentQueue<string> differences)
    {
        InsightLedger ledger = new(Shipped, SubjectKind.Account) { People = SumsOf(expected.Id) };
        long since = Stopwatch.GetTimestamp();
        ConcurrentQueue<string> found = [];
        do
        {
            found.Clear();
            await CompareAsync(
                api,
                $"/v1/accounts/{expected.Id}/insights?at={at}",
                expected.Id,
                ledger,
                expected.Links,
                found
            );
        } while (!found.IsEmpty && Stopwatch.GetElapsedTime(since) < HandedOver);

        foreach (string difference in found)
        {
            differences.Enqueue(difference);
        }
    }

    private PeopleSums SumsOf(string account)
    {
        Dictionary<long, PeopleSummation> sums = Shipped.OverPeople.ToDictionary(
            insight => insight.Revision,
            insight => new PeopleSummation(insight)
        );
        foreach (UnifiedIndividual person in people[account])
        {
            foreach (
                PeopleSum share in InsightLedger.SharesOf(
                    Shipped,
                    person.Links,
                    DateTimeOffset.UtcNow
                )
            )
            {
                sums[share.Revision].Add(share);
            }
        }

        return new PeopleSums(
            [.. sums.Values.Select(sum => sum.ToSum(DateTimeOffset.UtcNow))],
            NotTaken: 0
        );
    }

    private async Task CompareAsync(
        Api api,
        string path,
        string id,
        InsightLedger ledger,
        LinkSet links,
        ConcurrentQueue<string> differences
    )
    {
        ledger.Become(links);
        InsightQuestion question = new(
            DateTimeOffset.Parse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)
        );
        JsonNode expected = JsonNode.Parse(InsightJson.Answer(id, ledger, links, question))!;
        JsonNode? served = await api.GetAsync(path);
        foreach ((string name, JsonNode? value) in expected["insights"]!.AsObject())
        {
            JsonNode? theirs = served?["insights"]?[name];
            if (!IsSame(value, theirs))
            {
                differences.Enqueue(
                    $"{path} {name}:\n  expected {value?.ToJsonString()}\n  served   {theirs?.ToJsonString()}"
                );
            }
        }
    }

    private static bool IsSame(JsonNode? left, JsonNode? right) =>
        (left, right) switch
        {
            (JsonObject one, JsonObject other) => one.Count == other.Count
                && one.All(field => IsSame(field.Value, other[field.Key])),
            (JsonArray one, JsonArray other) => one.Count == other.Count
                && one.Zip(other).All(pair => IsSame(pair.First, pair.Second)),
            (JsonValue one, JsonValue other)
                when one.TryGetValue(out double a) && other.TryGetValue(out double b) => Math.Abs(
                a - b
            )
                <= Tolerance * Math.Max(1, Math.Abs(a)),
            _ => JsonNode.DeepEquals(left, right),
        };

    private static InsightSet MakeShipped()
    {
        DeclaredField[] declared =
        [
            .. ShippedDefinitions
                .All.SelectMany(shipped =>
                    DataStream.Compile(shipped.Key, shipped.Value).Stream!.DeclaredFields
                )
                .Distinct(),
        ];
        ImmutableArray<ActiveInsight> insights =
        [
            .. ShippedInsights
                .All.OrderBy(shipped => shipped.Key, StringComparer.Ordinal)
                .Select(
                    (shipped, i) =>
                        new ActiveInsight(
                            InsightDefinition
                                .Compile(shipped.Key, shipped.Value, declared)
                                .Insight!,
                            Version: 1,
                            Revision: i + 1
                        )
                ),
        ];
        return new InsightSet(insights, insights.Length);
    }
}
