using System.Globalization;

namespace OrleansCdp.Identity;

/// <summary>Whoever writes the same again and again is one record for comparing, and every one of them is his.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchTwinTests(PostgresServer server) : IAsyncLifetime
{
    private const string Ada = "ind_ada";

    private static readonly string[] Says =
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

    private static readonly string[] SaysOtherwise = [.. Says[..1], "Adah", .. Says[2..]];
    private static readonly string[] Bob =
    [
        "firstName",
        "Bob",
        "lastName",
        "Kahn",
        "email",
        "bob@example.com",
    ];

    private TestDatabase database = null!;
    private StoreHost silo = null!;
    private MatchIndex index = null!;

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await StoreHost.StartAsync(database);
        index = new MatchIndex(silo, With("bucket: 3"));
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task The_same_said_more_often_than_a_key_holds_closes_no_key(int atOnce)
    {
        await index.SayAsync(Ada, index.Event("crm/Contact/1", Says));
        foreach (int[] some in Enumerable.Range(1, 21).Chunk(atOnce))
        {
            await index.SayAsync([.. some.Select(i => index.Event(Case(i), Says))]);
        }

        var outcome = await index.SayAsync(index.Event("crm/Case/99", SaysOtherwise));

        outcome.Single().Candidates.ShouldBe(2, "the contact, and one of all that say the same");
        (await database.NumberAsync("select count(*) from cdp.match_bucket")).ShouldBe(0);
        var listed = await index.ListAsync();
        listed.Length.ShouldBe(23);
        listed.ShouldAllBe(link => link.Individual == Ada);
        var noted = await index.Store.ReadMovesAsync(0, 100, default);
        noted.Select(move => move.Target).ShouldBe(Enumerable.Repeat(Ada, 22));
    }

    [Fact]
    public async Task All_of_them_follow_when_an_anchor_tells_whose_they_are()
    {
        await SayManyAsync(5);
        (await index.ClustersAsync()).ShouldBe([Cases(1, 5)]);

        var outcome = await index.SayAsync(Ada, index.Event("crm/Contact/1", Says));

        outcome.Single().Moves.Select(move => move.Link).Order().ShouldBe(Cases(1, 5).Split(' '));
        (await index.ClustersAsync()).ShouldBe([$"{Cases(1, 5)} crm/Contact/1"]);
        await index.SayAsync("ind_eve", index.Event("crm/Contact/1"));
        (await index.ClustersAsync()).ShouldBe(
            [$"{Cases(1, 5)} crm/Contact/1"],
            "they go where the contact goes"
        );
        (await index.FindAsync(Case(5))).Individual.ShouldBe("ind_eve");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task One_that_says_something_else_leaves_and_the_others_are_still_found(
        int leaving
    )
    {
        await SayManyAsync(4);

        await index.SayAsync(index.Event(Case(leaving), "firstName", "Bob", "lastName", "Kahn"));
        await index.SayAsync(index.Event("crm/Case/9", SaysOtherwise));

        string cluster = (await index.ClustersAsync()).ShouldHaveSingleItem();
        cluster.Split(' ').Length.ShouldBe(5);
        (await ComparedAsync()).ShouldBe(3, "those that stayed, the one that left, the new one");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task One_that_an_anchor_takes_leaves_and_the_others_are_still_found(int taken)
    {
        await SayManyAsync(4);

        await index.SayAsync("ind_bob", index.Event(Case(taken), Bob));
        await index.SayAsync(index.Event("crm/Case/9", SaysOtherwise));

        MatchedLink found = await index.FindAsync(Case(taken));
        (found.Individual, found.IsAnchored, found.Group).ShouldBe(("ind_bob", true, null));
        (await ComparedAsync()).ShouldBe(2, "those that stayed, and the new one");
        (await index.ListAsync())
            .Where(link => link.Link != Case(taken))
            .Select(link => (link.Individual, link.Group))
            .Distinct()
            .ShouldHaveSingleItem("all others are together");
    }

    [Fact]
    public async Task One_that_a_steward_keeps_apart_goes_alone_and_back_once_that_is_withdrawn()
    {
        await index.SayAsync(Ada, index.Event("crm/Contact/1", Says));
        await SayManyAsync(4);
        MatchSpace space = (await index.Store.FindAsync(MatchIndex.Ruleset, default))!;

        await database.ExecuteAsync(
            $"""
            insert into cdp.steward_pair values ('{Case(1)}', '{Ada}', -1, 1, null), {string.Join(
                ", ",
                Enumerable
                    .Range(2, 3)
                    .Select(i => $"('{Case(1)}', '{Case(i)}', -1, 1, '{Case(i)}')")
            )}
            """
        );
        await index.Matcher.ReconsiderAsync(space, [Case(1)], default);

        (await index.FindAsync(Case(1))).Individual.ShouldBeNull();
        foreach (int i in new[] { 2, 3, 4 })
        {
            (await index.FindAsync(Case(i))).Individual.ShouldBe(Ada);
        }

        await database.ExecuteAsync("delete from cdp.steward_pair");
        await index.Matcher.ReconsiderAsync(space, [Case(1)], default);
        (await index.ListAsync()).ShouldAllBe(link => link.Individual == Ada);
    }

    [Fact]
    public async Task Those_that_say_too_little_to_be_one_are_compared_each_for_itself()
    {
        string[] little = ["firstName", "Ada"];

        foreach (int i in new[] { 1, 2, 3 })
        {
            await index.SayAsync(index.Event(Case(i), little));
        }

        (await index.ClustersAsync()).Length.ShouldBe(3);
        (await ComparedAsync()).ShouldBe(3);
    }

    [Fact]
    public async Task Possible_matches_are_all_of_them_and_people_hear_of_each()
    {
        string[] alike = ["firstName", "Ada", "lastName", "Lovelace", "city", "Ulm"];
        index = new MatchIndex(
            silo,
            MatchIndex.Text.Replace("0.001", "0.00001", StringComparison.Ordinal)
        );
        await index.SayAsync(
            Ada,
            index.Event(
                "crm/Contact/1",
                "firstName",
                "Ada",
                "lastName",
                "Lovelace",
                "born",
                "1990-12-10"
            )
        );
        await index.SayAsync(index.Event(Case(1), [.. alike, "email", "x@example.com"]));
        int space = await index.SpaceAsync();
        (await SoftAsync()).ShouldBe([Case(1)]);

        var second = await index.SayAsync(
            index.Event(Case(2), [.. alike, "email", "x@example.com"])
        );

        second.Single().News.ShouldBe([Ada]);
        (await SoftAsync()).ShouldBe([Case(1), Case(2)]);
        (await index.FindAsync(Case(2))).Possible.ShouldBe(Ada);

        async Task<string[]> SoftAsync() =>
            [
                .. (await index.Store.ReadSoftLinksAsync(space, Ada, 10, default)).Select(one =>
                    one.Link
                ),
            ];
    }

    [Fact]
    public async Task One_that_says_its_words_once_more_stays_where_it_is()
    {
        await index.SayAsync(Ada, index.Event("crm/Contact/1", Says));
        await SayManyAsync(3);

        await index.SayAsync(
            index.Event(Case(3), Says) with
            {
                OccurredAt = new DateTimeOffset(2031, 5, 1, 0, 0, 0, TimeSpan.Zero),
            }
        );
        await index.SayAsync(index.Event(Case(2), Says), index.Event("crm/Case/9", Bob));

        (await index.ListAsync()).Count(link => link.Individual == Ada).ShouldBe(4);
        (await ComparedAsync()).ShouldBe(2, "one for the three, and the other");
    }

    [Fact]
    public async Task One_that_comes_to_say_the_same_goes_with_who_said_it_before_whoever_came_first()
    {
        foreach (int i in Enumerable.Range(1, 4))
        {
            await index.SayAsync(index.Event(Case(i), "city", $"Town {i}"));
        }

        foreach (int i in new[] { 4, 3, 2, 1 })
        {
            await index.SayAsync(index.Event(Case(i), [.. Says, "city", "Ulm", "city", "Town"]));
            await index.SayAsync([
                .. Enumerable.Range(1, 4).Select(k => index.Event(Case(i), "city", $"Town {k}")),
            ]);
        }

        (await ComparedAsync()).ShouldBe(1);
        (await index.ClustersAsync()).ShouldBe([Cases(1, 4)]);
    }

    [Fact]
    public async Task Those_that_stay_keep_the_number_of_their_group()
    {
        await SayManyAsync(4);
        long? group = (await index.FindAsync(Case(4))).Group;

        await index.SayAsync(index.Event(Case(1), "firstName", "Bob", "email", "bob@example.com"));

        foreach (int i in new[] { 2, 3, 4 })
        {
            (await index.FindAsync(Case(i))).Group.ShouldBe(group);
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    public async Task Beyond_as_many_as_go_with_one_the_next_is_compared_too(int more, int compared)
    {
        await SayManyAsync(Limits.TwinsMax - 1);
        await index.SayAsync(index.Event("crm/Case/last", Says));
        await index.SayAsync([
            .. Enumerable.Range(0, 1 + more).Select(i => index.Event($"crm/Case/more{i}", Says)),
        ]);

        (await ComparedAsync()).ShouldBe(compared);
        (await index.ListAsync()).Select(link => link.Group).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Another_version_of_the_rules_finds_them_to_say_the_same_again()
    {
        await index.SayAsync(Ada, index.Event("crm/Contact/1", Says));
        await SayManyAsync(5);

        await index.ReplayAsync(
            MatchIndex.Version + 1,
            MatchIndex.Text.Replace("0.001", "0.002", StringComparison.Ordinal),
            int.MaxValue
        );

        (await index.ListAsync()).ShouldAllBe(link => link.Individual == Ada);
    }

    private async Task SayManyAsync(int count) =>
        await index.SayAsync([
            .. Enumerable.Range(1, count).Select(i => index.Event(Case(i), Says)),
        ]);

    /// <summary>Records of nobody that are compared themselves.</summary>
    private Task<long> ComparedAsync() =>
        database.NumberAsync(
            "select count(*) from cdp.match_record where owner is null and coalesce(twin, id) = id"
        );

    private static string Case(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"crm/Case/{number}");

    private static string Cases(int first, int count) =>
        string.Join(' ', Enumerable.Range(first, count).Select(Case));

    private static string With(string limits) =>
        MatchIndex.Text.Replace(
            "fuzzy:",
            $"fuzzy:\n  limits: {{ {limits} }}",
            StringComparison.Ordinal
        );
}
