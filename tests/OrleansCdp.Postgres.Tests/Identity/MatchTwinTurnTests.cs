using System.Globalization;

namespace OrleansCdp.Identity;

/// <summary>Those that say the same, and the one that is compared for them, change at once, or a steward speaks of some.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchTwinTurnTests(PostgresServer server) : IAsyncLifetime
{
    private const string Ada = "ind_ada";
    private const string Contact = "crm/Contact/1";

    private static readonly string[] Says = Words("Ada", "Lovelace", "ada@example.com");
    private static readonly string[] More = Words("Adah", "Lovelace", "ada@example.com");
    private static readonly string[] Bob = ["city", "Ulm"];
    private static readonly string[] Eve = ["city", "Bonn"];

    private TestDatabase database = null!;
    private StoreHost silo = null!;
    private MatchIndex index = null!;

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await StoreHost.StartAsync(database);
        index = new MatchIndex(silo);
        await index.SayAsync(Ada, index.Event(Contact, Says));
        await index.SayAsync([.. Enumerable.Range(1, 4).Select(i => index.Event(Case(i), Says))]);
        (await ComparedAsync()).ShouldBe(1);
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    [InlineData(4, 1)]
    [InlineData(2, 3)]
    public async Task Two_that_come_to_say_different_things_at_once_are_compared_beside_the_others(
        int one,
        int other
    )
    {
        await index.SayAsync(index.Event(Case(one), Bob), index.Event(Case(other), Eve));

        (await ComparedAsync()).ShouldBe(3);
        await ShouldAllBeAdasAsync(5);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    [InlineData(4, 1)]
    [InlineData(2, 3)]
    public async Task Two_that_come_to_say_the_same_new_thing_at_once_go_together_again(
        int one,
        int other
    )
    {
        await index.SayAsync(index.Event(Case(one), Bob), index.Event(Case(other), Bob));

        (await ComparedAsync()).ShouldBe(2);
        (await TwinsOfAsync(Math.Min(one, other))).ShouldBe([Case(Math.Max(one, other))]);
        await ShouldAllBeAdasAsync(5);
    }

    [Fact]
    public async Task All_that_come_to_say_the_same_new_thing_at_once_stay_together()
    {
        await index.SayAsync([.. Enumerable.Range(1, 4).Select(i => index.Event(Case(i), Bob))]);

        (await ComparedAsync()).ShouldBe(1);
        await ShouldAllBeAdasAsync(5);
    }

    [Fact]
    public async Task One_that_comes_while_the_one_that_is_compared_leaves_goes_with_the_others()
    {
        await index.SayAsync(index.Event("crm/Case/0", Says), index.Event(Case(1), Bob));

        (await ComparedAsync()).ShouldBe(2);
        await ShouldAllBeAdasAsync(6);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 1)]
    public async Task Two_that_anchors_give_to_others_at_once_leave_the_rest_where_it_was(
        int one,
        int other
    )
    {
        await index.SayAsync([
            ("ind_bob", index.Event(Case(one), Words("Bob", "Kahn", "bob@example.org"))),
            ("ind_eve", index.Event(Case(other), Words("Eve", "Stone", "eve@example.net"))),
        ]);

        (await ComparedAsync()).ShouldBe(1);
        (await index.FindAsync(Case(one))).Individual.ShouldBe("ind_bob");
        (await index.FindAsync(Case(other))).Individual.ShouldBe("ind_eve");
        string[] left = [Contact, Case(one), Case(other)];
        var rest = (await index.ListAsync()).Where(link => !left.Contains(link.Link)).ToArray();
        rest.Length.ShouldBe(2);
        rest[0].Individual.ShouldNotBeNull("any of the three, who all have said it");
        (rest[1].Individual, rest[1].Group).ShouldBe((rest[0].Individual, rest[0].Group));
        await ShouldBeInOrderAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Nobody_goes_with_one_that_a_steward_has_spoken_of(int spoken)
    {
        await KeepApartAsync(spoken, [.. Enumerable.Range(1, 4).Except([spoken])]);

        await index.SayAsync(index.Event("crm/Case/9", Says));
        await index.SayAsync(index.Event(Case(spoken), Says), index.Event("crm/Case/8", Says));

        await ShouldBeAloneAsync(spoken, others: 6);
        (await ComparedAsync()).ShouldBe(2);
        await WithdrawAsync(spoken);
        (await ComparedAsync()).ShouldBe(1);
        await ShouldAllBeAdasAsync(7);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 3)]
    [InlineData(3, 1)]
    [InlineData(3, 4)]
    public async Task One_that_goes_with_none_any_more_is_kept_apart_as_before(
        int spoken,
        int leaving
    )
    {
        await KeepApartAsync(spoken, [.. Enumerable.Range(1, 4).Except([spoken])]);

        await index.SayAsync(index.Event(Case(leaving), More));

        (await ComparedAsync()).ShouldBe(3);
        await ShouldBeAloneAsync(spoken, others: 4);
        await index.SayAsync(index.Event(Case(spoken), More));
        await ShouldBeAloneAsync(spoken, others: 4);
        (await ComparedAsync()).ShouldBe(3, "one of whom was spoken is compared by itself");
        await WithdrawAsync(spoken);
        (await ComparedAsync()).ShouldBe(2, "two say the same, and the two others, too");
        await ShouldAllBeAdasAsync(5);
    }

    [Fact]
    public async Task One_that_comes_to_go_with_another_is_kept_apart_along_with_that()
    {
        await KeepApartAsync(1, [2, 3, 4]);
        // Of it the steward's word says nothing: it was not there.
        await index.SayAsync(index.Event("crm/Case/9", [.. Says, .. More]));
        await index.SayAsync([.. Enumerable.Range(2, 3).Select(i => index.Event(Case(i), More))]);

        (await ComparedAsync()).ShouldBe(2);
        (await TwinsOfAsync(9)).Length.ShouldBe(3);
        await ShouldBeAloneAsync(1, others: 5);
    }

    private static string[] Words(string first, string last, string email) =>
        ["firstName", first, "lastName", last, "email", email, "born", "1990-12-10"];

    /// <summary>What a steward's word does who says that a case is not Ada's.</summary>
    private async Task KeepApartAsync(int spoken, int[] companions)
    {
        foreach (int companion in companions)
        {
            string[] pair = [.. new[] { Case(spoken), Case(companion) }.Order()];
            await database.ExecuteAsync(
                $"insert into cdp.steward_pair values ('{pair[0]}', '{pair[1]}', -1, 1, '{Case(companion)}')"
            );
        }

        await database.ExecuteAsync(
            $"insert into cdp.steward_pair values ('{Case(spoken)}', '{Ada}', -1, 1, null)"
        );
        await ReconsiderAsync([Ada, Case(spoken), .. companions.Select(Case)]);
        await ShouldBeAloneAsync(spoken, others: 4);
    }

    private async Task WithdrawAsync(int spoken)
    {
        await database.ExecuteAsync("delete from cdp.steward_pair");
        await ReconsiderAsync([Ada, Case(spoken)]);
    }

    private async Task ReconsiderAsync(string[] subjects)
    {
        MatchSpace space = (await index.Store.FindAsync(MatchIndex.Ruleset, default))!;
        await index.Matcher.ReconsiderAsync(space, subjects, default);
    }

    private async Task ShouldBeAloneAsync(int spoken, int others)
    {
        MatchedLink found = await index.FindAsync(Case(spoken));
        found.Individual.ShouldBeNull();
        var rest = (await index.ListAsync()).Where(link => link.Link != Case(spoken)).ToArray();
        rest.Length.ShouldBe(others);
        rest.ShouldAllBe(link => link.Individual == Ada && link.Group != found.Group);
        await ShouldBeInOrderAsync();
    }

    private async Task ShouldAllBeAdasAsync(int count)
    {
        var listed = await index.ListAsync();
        listed.Length.ShouldBe(count);
        listed.ShouldAllBe(link => link.Individual == Ada);
        await ShouldBeInOrderAsync();
    }

    /// <summary>Whoever goes with another says the same as that one, which is compared, and can be found by nothing else.</summary>
    private async Task ShouldBeInOrderAsync()
    {
        (
            await database.NumberAsync(
                """
                select count(*) from cdp.match_record t left join cdp.match_record f on f.id = t.twin
                where t.twin <> t.id and (f.id is null or f.twin is not null or f.owner is not null
                    or t.owner is not null or f.print <> t.print
                    or f.individual is distinct from t.individual or f.group_id <> t.group_id)
                """
            )
        ).ShouldBe(0);
        (
            await database.NumberAsync(
                """
                select count(*) from cdp.match_record t
                where t.twin <> t.id and (exists (select from cdp.match_key where record_id = t.id)
                    or exists (select from cdp.match_edge where a = t.id or b = t.id))
                """
            )
        ).ShouldBe(0);
    }

    private async Task<string[]> TwinsOfAsync(int first)
    {
        List<string> twins = [];
        foreach (MatchedLink link in await index.ListAsync())
        {
            long found = await database.NumberAsync(
                $"""
                select count(*) from cdp.match_record t join cdp.match_record f on f.id = t.twin
                where t.id <> f.id and t.subject = '{link.Link}' and f.subject = '{Case(first)}'
                """
            );
            if (found > 0)
            {
                twins.Add(link.Link);
            }
        }

        return [.. twins];
    }

    /// <summary>Records of nobody that are compared themselves.</summary>
    private Task<long> ComparedAsync() =>
        database.NumberAsync(
            "select count(*) from cdp.match_record where owner is null and coalesce(twin, id) = id"
        );

    private static string Case(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"crm/Case/{number}");
}
