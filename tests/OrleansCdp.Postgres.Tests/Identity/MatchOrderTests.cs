using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What is decided depends on what all records say, and not on the order or the company in which they came.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchOrderTests(PostgresServer server)
{
    private const string Text = """
        fuzzy:
          matchRate: 0.001
          fields:
            firstName: { type: givenName, from: first_name }
            lastName: { type: familyName, from: surname }
            born: { type: date, from: dob }
            city: { type: city, from: city }
            email: { type: email, from: email }
        """;

    [SkippableTheory]
    [InlineData(1, 1)]
    [InlineData(2, 40)]
    [InlineData(3, 400)]
    public async Task A_thousand_people_in_any_order_and_batches_become_the_clusters_of_the_engine(
        int seed,
        int batchMax
    )
    {
        Skip.If(RecordsFile is null, "The public data sets are not here: shared/data/identity.");
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo, Text);
        LinkEvent[] said = [.. EventsOf(index, RecordsFile!)];
        string[] expected = ClustersOf(said);

        await index.SayShuffledAsync(
            [.. said.Select(e => ((string?)null, e))],
            new Random(seed),
            batchMax
        );

        string[] clusters = await index.ClustersAsync();
        clusters.Except(expected).ShouldBeEmpty();
        clusters.Length.ShouldBe(expected.Length);
    }

    [SkippableFact]
    public async Task Two_silos_that_decide_about_the_same_people_at_once_agree()
    {
        Skip.If(RecordsFile is null, "The public data sets are not here: shared/data/identity.");
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost left = await StoreHost.StartAsync(database, "a");
        await using StoreHost right = await StoreHost.StartAsync(database, "b");
        MatchIndex[] silos = [new(left, Text), new(right, Text)];
        LinkEvent[] said = [.. EventsOf(silos[0], RecordsFile!)];

        // Neighbours in the file are the same people: they are split between the two.
        await Task.WhenAll(
            silos.Select(
                async (silo, at) =>
                {
                    foreach (LinkEvent[] batch in said.Where((_, i) => i % 2 == at).Chunk(7))
                    {
                        await silo.SayAsync(batch);
                    }
                }
            )
        );

        (await silos[0].ClustersAsync()).Except(ClustersOf(said)).ShouldBeEmpty();
    }

    private static string? RecordsFile { get; } = Find();

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CDP_DATA") is { } data)
        {
            return FileIn(data);
        }

        string? found = null;
        for (
            DirectoryInfo? at = new(AppContext.BaseDirectory);
            at is not null && found is null;
            at = at.Parent
        )
        {
            found = FileIn(Path.Combine(at.FullName, "shared", "data"));
        }

        return found;
    }

    private static string? FileIn(string data)
    {
        string file = Path.Combine(data, "identity", "fake_1000.csv");
        return File.Exists(file) ? file : null;
    }

    private static IEnumerable<LinkEvent> EventsOf(MatchIndex index, string file)
    {
        string[][] rows = [.. File.ReadLines(file).Select(line => line.Split(','))];
        foreach (string[] row in rows.Skip(1))
        {
            yield return index.Event(
                $"fake/Person/{row[0]}",
                [
                    .. rows[0]
                        .Zip(row)
                        .Skip(1)
                        .Where(cell => cell.Second.Length > 0)
                        .SelectMany(cell => new[] { cell.First, cell.Second }),
                ]
            );
        }
    }

    private static string[] ClustersOf(IEnumerable<LinkEvent> said)
    {
        FuzzyRules rules = Ruleset.Compile(MatchIndex.Ruleset, Text).Ruleset!.Fuzzy!;
        MatchSimulation engine = new(rules);
        foreach (LinkEvent e in said)
        {
            engine.Add(e.Link.ToString(), rules.ValuesOf(e)!);
        }

        engine.KeysClosed.ShouldBe(0, "where a limit is met the order may matter");
        ImmutableArray<ImmutableArray<string>> groups = engine.Groups();
        groups.Count(group => group.Length > 1).ShouldBeGreaterThan(100);
        return
        [
            .. groups
                .Select(group => string.Join(' ', group.Order(StringComparer.Ordinal)))
                .Order(StringComparer.Ordinal),
        ];
    }
}
