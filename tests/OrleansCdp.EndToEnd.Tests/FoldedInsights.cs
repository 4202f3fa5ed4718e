using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>Insights of a test as a fold of the whole log makes them, against those that are served.</summary>
internal static class FoldedInsights
{
    private const int DifferencesMax = 20;

    /// <summary>Compares them, of every individual. Nobody may send meanwhile.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="api">Any gateway.</param>
    /// <param name="definitions">Name, version and definition of each, over individuals.</param>
    public static async Task CheckAsync(
        string connection,
        Api api,
        params (string Name, int Version, string Text)[] definitions
    )
    {
        await api.AllKnowAsync();
        InsightSet computed = SetOf(definitions);
        OracleFold fold = new(await OracleTables.ReadAsync(connection), computed);
        DateTimeOffset at = DateTimeOffset.UtcNow.AddHours(1); // Still to come, however long this takes.
        List<string> differences = [];
        foreach (string id in fold.Individuals)
        {
            UnifiedIndividual individual = fold.IndividualOf(id);
            InsightLedger ledger = new(computed, SubjectKind.Individual);
            ledger.Become(individual.Links);
            byte[] answer = InsightJson.Answer(
                id,
                ledger,
                individual.Links,
                new InsightQuestion(at)
            );
            string path = $"/v1/individuals/individual/{id}/insights?at={Rfc3339.Format(at)}";
            JsonNode? served = (await api.GetAsync(path))?["insights"];
            foreach (
                (string name, JsonNode? value) in JsonNode.Parse(answer)!["insights"]!.AsObject()
            )
            {
                if (!JsonNode.DeepEquals(value, served?[name]))
                {
                    differences.Add(
                        $"{path} {name}: expected {value?.ToJsonString()}, served {served?[name]?.ToJsonString()}"
                    );
                }
            }
        }

        differences.Take(DifferencesMax).ShouldBeEmpty($"{differences.Count} differences");
    }

    private static InsightSet SetOf((string Name, int Version, string Text)[] definitions)
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
            .. definitions.Select(
                (one, i) =>
                    new ActiveInsight(
                        InsightDefinition.Compile(one.Name, one.Text, declared).Insight!,
                        one.Version,
                        Revision: i + 1
                    )
            ),
        ];
        return new InsightSet(insights, insights.Length);
    }
}
