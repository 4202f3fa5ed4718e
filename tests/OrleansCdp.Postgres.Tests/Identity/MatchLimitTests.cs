using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Every limit of matching at its value and one past it; nothing is lost beyond it, and it is counted.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchLimitTests(PostgresServer server)
{
    private static readonly string[] Ada =
    [
        "firstName",
        "Ada",
        "lastName",
        "Lovelace",
        "email",
        "ada@example.com",
        "born",
        "1990-12-10",
    ];

    [Fact]
    public async Task A_key_finds_as_many_as_may_share_it_and_nobody_once_there_is_one_more()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo, With("bucket: 3"));
        for (int i = 1; i <= 3; i++)
        {
            MatchOutcome within = await SayAsync(index, i);
            (within.Candidates, within.KeysClosed).ShouldBe((i - 1, 0));
        }

        MatchOutcome beyond = await SayAsync(index, 4);

        beyond.Candidates.ShouldBe(0);
        beyond.KeysClosed.ShouldBeGreaterThan(5);
        (await index.ClustersAsync()).ShouldBe(["crm/Case/1 crm/Case/2 crm/Case/3", "crm/Case/4"]);
        (await SharedByAsync()).ShouldBe(4);
        (await SayAsync(index, 5)).KeysClosed.ShouldBe(0, "they are closed already");
        (await SharedByAsync()).ShouldBe(5);
        (
            await database.NumberAsync(
                "select max(n) from (select count(*) n from cdp.match_key group by key_hash) k"
            )
        ).ShouldBe(3);

        Task<long> SharedByAsync() =>
            database.NumberAsync("select max(records) from cdp.match_bucket");
    }

    [Fact]
    public async Task A_record_is_compared_with_so_many_and_keeps_so_many_edges()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo, With("candidates: 3, edges: 2"));
        for (int i = 1; i <= 6; i++)
        {
            MatchOutcome outcome = await SayAsync(index, i);

            outcome.Candidates.ShouldBe(Math.Min(i - 1, 3));
            (
                await database.NumberAsync(
                    $"""
                    select count(*) from cdp.match_edge e join cdp.match_record r on r.id = e.b
                    where r.subject = 'crm/Case/{i}'
                    """
                )
            ).ShouldBe(Math.Min(i - 1, 2));
        }
    }

    [Fact]
    public async Task So_many_are_clustered_together_and_beyond_that_an_alarm_is_raised()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo, With("component: 3"));
        for (int i = 1; i <= 3; i++)
        {
            (await SayAsync(index, i)).IsOversized.ShouldBeFalse();
        }

        (await SayAsync(index, 4)).IsOversized.ShouldBeTrue();

        // Groups are taken whole: what was one stays one.
        (await index.ClustersAsync())
            .Single(cluster => cluster.Contains("crm/Case/1", StringComparison.Ordinal))
            .ShouldContain("crm/Case/1 crm/Case/2 crm/Case/3");
    }

    [Fact]
    public async Task More_statements_than_one_turn_takes_are_decided_in_several()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);

        (await SayAsync(Matcher.StatementsMax)).Count.ShouldBe(1);
        (await SayAsync(Matcher.StatementsMax + 1)).Count.ShouldBe(2);

        (await index.ListAsync()).Length.ShouldBe((2 * Matcher.StatementsMax) + 1);

        Task<List<MatchOutcome>> SayAsync(int count) =>
            index.SayAsync([
                .. Enumerable
                    .Range(0, count)
                    .Select(i =>
                        index.Event(
                            string.Create(CultureInfo.InvariantCulture, $"crm/Case/{count}-{i}"),
                            "city",
                            string.Create(CultureInfo.InvariantCulture, $"Town {count} {i}")
                        )
                    ),
            ]);
    }

    [Fact]
    public async Task Whatever_people_write_is_compared_or_says_nothing_and_breaks_nothing()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        string[] odd =
        [
            "",
            " ",
            "-",
            new('x', 500),
            "Анна Каренина",
            "李小龙",
            "محمد",
            "e\u0301\u0301\u0301",
            "👩‍👩‍👧",
            "@@@",
            "'; drop table cdp.match_record; --",
        ];
        LinkEvent[] said =
        [
            .. odd.SelectMany(
                (text, i) =>
                    new[] { 1, 2 }.Select(copy =>
                        index.Event(
                            string.Create(CultureInfo.InvariantCulture, $"crm/Case/{i}-{copy}"),
                            "firstName",
                            text,
                            "lastName",
                            text,
                            "email",
                            text,
                            "born",
                            text,
                            "city",
                            text
                        )
                    )
            ),
        ];

        await index.SayAsync(said);
        await index.SayAsync(said.Reverse().ToArray());

        string[] clusters = await index.ClustersAsync();
        foreach (int i in new[] { 4, 5, 6 })
        {
            clusters.ShouldContain($"crm/Case/{i}-1 crm/Case/{i}-2", odd[i]);
        }

        clusters.ShouldAllBe(cluster => cluster.Split(' ').Length <= 2);
    }

    private static string With(string limits) =>
        MatchIndex.Text.Replace(
            "fuzzy:",
            $"fuzzy:\n  limits: {{ {limits} }}",
            StringComparison.Ordinal
        );

    private static async Task<MatchOutcome> SayAsync(MatchIndex index, int number) =>
        (
            await index.SayAsync(
                index.Event(
                    string.Create(CultureInfo.InvariantCulture, $"crm/Case/{number}"),
                    [.. Ada, "city", string.Create(CultureInfo.InvariantCulture, $"Town {number}")]
                )
            )
        ).Single();
}
