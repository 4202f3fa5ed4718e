using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>
/// Says what a drained system must answer: it reads every acknowledged event in the log, folds it with the domain
/// alone, and has PostgreSQL recompute the insights. Whatever went wrong in between, crashes included, shows as a difference.
/// </summary>
public static class LogOracle
{
    private const int DifferencesMax = 50;
    private const int RequestsMax = 16;

    /// <summary>Checks a host that nobody sends to any more.</summary>
    public static async Task CheckAsync(RunningHost host) =>
        await CheckAsync(await host.DatabaseAsync(), host.Api);

    /// <summary>
    /// Drains the system and compares every individual and account it serves, byte by byte, its counts and its outbox
    /// with what the log says. Nobody may send meanwhile.
    /// </summary>
    /// <param name="connection">The database.</param>
    /// <param name="api">Any gateway, with the administrator's key.</param>
    public static async Task CheckAsync(string connection, Api api)
    {
        IReadOnlyList<string> differences = await DifferencesAsync(connection, api);
        differences.ShouldBeEmpty(
            $"{differences.Count} differences between what is served and what the log says"
        );
    }

    /// <summary>The same; what differs, in words.</summary>
    public static async Task<IReadOnlyList<string>> DifferencesAsync(string connection, Api api)
    {
        await api.DrainAsync();
        OracleTables tables = await OracleTables.ReadAsync(connection);
        OracleFold fold = new(tables);
        ConcurrentQueue<string> differences = new(tables.Flaws.Concat(fold.Flaws));
        foreach (string flaw in OracleBooks.Compare(tables, fold))
        {
            differences.Enqueue(flaw);
        }

        string[] individuals =
        [
            .. tables.IdsOf(SubjectIds.IndividualPrefix).Union(fold.Individuals),
        ];
        string[] accounts = [.. tables.IdsOf(SubjectIds.AccountPrefix).Union(fold.Accounts)];
        OracleInsights insights = (
            await OracleInsights.ReadAsync(
                connection,
                api,
                tables,
                individuals.Concat(accounts),
                DateTimeOffset.UtcNow.AddHours(1) // Still to come, however long this takes.
            )
        )[0];
        ParallelOptions several = new() { MaxDegreeOfParallelism = RequestsMax };
        await Parallel.ForEachAsync(
            individuals,
            several,
            async (id, _) => await CompareIndividualAsync(api, fold, insights, id, differences)
        );
        await Parallel.ForEachAsync(
            accounts,
            several,
            async (id, _) => await CompareAccountAsync(api, fold, insights, id, differences)
        );
        return [.. differences.Take(DifferencesMax)];
    }

    private static async Task CompareIndividualAsync(
        Api api,
        OracleFold fold,
        OracleInsights insights,
        string id,
        ConcurrentQueue<string> differences
    )
    {
        UnifiedIndividual expected = fold.IndividualOf(id);
        string path = $"/v1/individuals/individual/{id}?explain=true";
        byte[]? served = await api.BytesAsync(path);
        if (expected.Links.Links.IsEmpty && (served is null || !IsOf(served, id)))
        {
            return; // Everything it had lives elsewhere: it redirects, or is nobody.
        }

        if (SubjectIds.IsRecord(id))
        {
            if (served is not null)
            {
                differences.Enqueue($"{path}: a record of nobody is served: {Text(served)}");
            }

            return;
        }

        expected = expected with { Possible = PossibleIn(served) };

        Compare(
            path,
            ProfileView.Individual(expected, ReconciliationPolicy.Default, explain: true),
            served,
            differences
        );
        path = $"/v1/context/individual/{id}";
        Compare(path, fold.GraphOf(expected), await api.BytesAsync(path), differences);
        await insights.CompareAsync(api, id, differences);
    }

    private static async Task CompareAccountAsync(
        Api api,
        OracleFold fold,
        OracleInsights insights,
        string id,
        ConcurrentQueue<string> differences
    )
    {
        string path = $"/v1/accounts/{id}";
        Account expected = fold.AccountOf(id);
        // Accounts that everybody left are served without people; the fold lists nobody who left.
        byte[]? served = await api.BytesAsync(path);
        Compare(
            path,
            ProfileView.Account(expected, ReconciliationPolicy.Default),
            served,
            differences
        );
        await insights.CompareAsync(api, id, differences);
    }

    /// <summary>Which records may be somebody's does not follow from its own events: that is taken as it is served.</summary>
    private static ImmutableArray<PossibleMatches> PossibleIn(byte[]? profile) =>
        profile is null
            ? []
            :
            [
                new PossibleMatches
                {
                    Ruleset = "",
                    Decision = 0,
                    Links =
                    [
                        .. JsonNode.Parse(profile)!["possibleMatches"]!
                            .AsArray()
                            .Select(match => new PossibleMatch(
                                (string)match!["link"]!,
                                (double)match["score"]!,
                                [
                                    .. match["reasons"]!
                                        .AsArray()
                                        .Select(reason => new MatchReason(
                                            (string)reason!["field"]!,
                                            (string)reason["agreement"]!,
                                            (double)reason["weight"]!
                                        )),
                                ]
                            )),
                    ],
                },
            ];

    private static bool IsOf(byte[] profile, string id) =>
        profile.AsSpan().StartsWith(Encoding.UTF8.GetBytes($"{{\"id\":\"{id}\""));

    private static void Compare(
        string path,
        byte[] expected,
        byte[]? served,
        ConcurrentQueue<string> differences
    )
    {
        if (served is null)
        {
            differences.Enqueue($"{path}: nobody is served, expected {Text(expected)}");
        }
        else if (!expected.AsSpan().SequenceEqual(served))
        {
            differences.Enqueue($"{path}:\n  expected {Text(expected)}\n  served   {Text(served)}");
        }
    }

    private static string Text(byte[] json) => Encoding.UTF8.GetString(json);
}
