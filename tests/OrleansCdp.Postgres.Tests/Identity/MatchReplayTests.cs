using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Another version of a ruleset takes over: whole or not at all, wherever it is interrupted.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchReplayTests(PostgresServer server)
{
    private const int People = 300;
    private const int All = int.MaxValue;
    private const int Next = MatchIndex.Version + 1;

    private static readonly string Strict = MatchIndex.Text.Replace(
        "fuzzy:",
        "fuzzy:\n  thresholds: { link: 60, mean: 60, soft: -3 }",
        StringComparison.Ordinal
    );

    [Fact]
    public async Task What_breaks_off_goes_on_and_takes_in_what_was_said_meanwhile()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo, Strict);
        await index.SayAsync([.. Enumerable.Range(0, People).SelectMany(i => Pair(index, i))]);
        string[] before = await index.ClustersAsync();
        before.Length.ShouldBe(2 * People);

        var broken = await index.ReplayAsync(Next, MatchIndex.Text, reportsMax: 1);

        broken.Single().Live.ShouldBeFalse();
        (await index.ClustersAsync()).ShouldBe(before);
        await index.SayAsync(
            index.Event(
                "crm/Contact/x1",
                "firstName",
                "Ottokar",
                "lastName",
                "Zwilling",
                "born",
                "1970-01-02"
            ),
            index.Event("crm/Contact/b0", "email", "another@two.example")
        );

        var reports = await index.ReplayAsync(Next, MatchIndex.Text, All);

        reports[^1].Ended.ShouldBeTrue();
        reports[^1].Live.ShouldBeTrue();
        reports.Sum(one => one == reports[^1] ? one.Replayed : 0).ShouldBeLessThan(2 * People);
        string[] after = await index.ClustersAsync();
        after.Length.ShouldBe(People + 1);
        (await index.FindAsync("crm/Contact/b0")).Group.ShouldBe(
            (await index.FindAsync("crm/Contact/a0")).Group
        );
        (await CountAsync(database, "cdp.match_space")).ShouldBe(1);
        (await CountAsync(database, "cdp.match_record")).ShouldBe((2 * People) + 1);
        (await CountAsync(database, $"cdp.match_change where version = {Next}")).ShouldBe(People);
        (
            await CountAsync(database, $"cdp.match_change where version = {MatchIndex.Version}")
        ).ShouldBe((2 * People) + 1);
        (
            await CountAsync(
                database,
                "cdp.match_edge e where not exists (select from cdp.match_record r where r.id = e.a)"
            )
        ).ShouldBe(0);

        // What is said now is decided by the version that is live, among all that it took over.
        await index.SayAsync(
            index.Event(
                "crm/Contact/x2",
                "firstName",
                "Ottokar",
                "lastName",
                "Zwilling",
                "born",
                "1970-01-02"
            )
        );
        (await index.FindAsync("crm/Contact/x2")).Group.ShouldBe(
            (await index.FindAsync("crm/Contact/x1")).Group
        );
    }

    [Fact]
    public async Task What_a_steward_says_meanwhile_is_known_to_the_version_that_takes_over()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await index.SayAsync([.. Enumerable.Range(0, People).SelectMany(i => Pair(index, i))]);
        await index.ReplayAsync(Next, MatchIndex.Text + "\n# Another one", reportsMax: 1);
        await database.ExecuteAsync(
            """
            insert into cdp.steward_pair values ('crm/Contact/a0', 'crm/Contact/b0', -1, 1);
            insert into cdp.match_due values ('crm/Contact/a0', 1), ('crm/Contact/b0', 1)
            """
        );

        await index.ReviewAsync();
        await index.ReplayAsync(Next, MatchIndex.Text + "\n# Another one", All);

        (await CountAsync(database, "cdp.match_due")).ShouldBe(0);
        (await index.ClustersAsync()).ShouldContain("crm/Contact/a0");
        (await index.ClustersAsync()).ShouldContain("crm/Contact/b0");
        (await index.ClustersAsync()).ShouldContain("crm/Contact/a1 crm/Contact/b1");
    }

    [Fact]
    public async Task What_was_not_looked_at_in_all_spaces_stays_noted()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await index.SayAsync([.. Enumerable.Range(0, People).SelectMany(i => Pair(index, i))]);
        await database.ExecuteAsync("insert into cdp.match_due values ('crm/Contact/a0', 1)");
        var spaces = await index.Store.ReadSpacesAsync(default);
        await index.ReplayAsync(Next, MatchIndex.Text + "\n# Another one", reportsMax: 1);

        await index.Store.FinishAsync(
            await index.Store.ReadDueAsync(0, 1, default),
            spaces,
            default
        );
        (await CountAsync(database, "cdp.match_due")).ShouldBe(1);

        spaces = await index.Store.ReadSpacesAsync(default);
        spaces
            .Select(space => (space.Ruleset, space.IsSuccessor))
            .ShouldBe([(MatchIndex.Ruleset, false), (MatchIndex.Ruleset, true)]);
        await index.Store.FinishAsync(
            await index.Store.ReadDueAsync(0, 1, default),
            spaces,
            default
        );
        (await CountAsync(database, "cdp.match_due")).ShouldBe(0);
    }

    [Fact]
    public async Task Groups_keep_their_numbers_when_their_members_stay()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await index.SayAsync([.. Enumerable.Range(0, 20).SelectMany(i => Pair(index, i))]);
        var before = (await index.ListAsync()).Select(link => (link.Link, link.Group)).ToArray();

        var reports = await index.ReplayAsync(Next, MatchIndex.Text + "\n# Another one", All);

        reports[^1].Regrouped.ShouldBe(0);
        (await index.ListAsync()).Select(link => (link.Link, link.Group)).ShouldBe(before);
        (await CountAsync(database, $"cdp.match_change where version = {Next}")).ShouldBe(0);
    }

    [Fact]
    public async Task What_is_said_before_the_old_space_is_emptied_is_decided_in_the_new_one_alone()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await index.SayAsync([.. Enumerable.Range(0, 20).SelectMany(i => Pair(index, i))]);
        string[] before = await index.ClustersAsync();
        await index.TakeOverAsync(Next, MatchIndex.Text + "\n# Another one");

        await index.SayAsync([.. Enumerable.Range(0, 20).SelectMany(i => Pair(index, i))]);
        await index.SayAsync(index.Event("crm/Contact/b0", "email", "another@two.example"));

        (await index.ClustersAsync()).ShouldBe(before);
        (await CountAsync(database, "cdp.match_space where replaced_by is not null")).ShouldBe(1);
        (await CountAsync(database, "cdp.match_record")).ShouldBe(2 * 2 * 20);
    }

    [Fact]
    public async Task What_the_version_before_left_to_be_done_is_left_to_the_one_that_took_over()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        LinkEvent[] pair = [.. Pair(index, 1)];
        await index.SayAsync("ind_1", pair[0]);
        await index.SayAsync(pair[1]);
        int old = (await index.Store.ReadMovesAsync(0, 10, default)).Single().Space;
        await database.ExecuteAsync($"insert into cdp.match_news values ({old}, 'ind_1', 7)");

        await index.TakeOverAsync(Next, MatchIndex.Text + "\n# Another one");

        MatchMove move = (await index.Store.ReadMovesAsync(0, 10, default)).Single();
        (move.Space, move.Link, move.Target).ShouldBe(
            (await index.SpaceAsync(), "crm/Contact/b1", "ind_1")
        );
        move.Version.ShouldBe(Next);
        move.Space.ShouldNotBe(old);
        (await index.Store.ReadMovesAsync(old, ["crm/Contact/b1"], default)).ShouldBeEmpty();
        (await index.Store.ReadNewsAsync(0, 10, default))
            .Select(one => (one.Space, one.Ruleset))
            .ShouldBe([(move.Space, MatchIndex.Ruleset)]);
        (await index.Store.ReadNewsAsync(old, ["ind_1"], default)).ShouldBeEmpty();
        (await CountAsync(database, $"cdp.match_move where space = {old}")).ShouldBe(0);
        (await CountAsync(database, $"cdp.match_news where space = {old}")).ShouldBe(0);
    }

    [Fact]
    public async Task Where_more_is_said_than_a_pass_takes_in_the_last_is_taken_while_nobody_decides()
    {
        const int perReport = (Matcher.StatementsMax / 2) + 1;
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo, Strict);
        int people = 0;
        await SayAsync(Matcher.StatementsMax + 1);

        var reports = await index.ReplayAsync(
            Next,
            Strict + "\n# Another one",
            async soFar =>
            {
                if (!soFar[^1].Live)
                {
                    await SayAsync(perReport);
                }

                return soFar.Count > 10 * MatchReplay.PassesMax;
            }
        );

        reports.Count(one => !one.Live).ShouldBe(2 * MatchReplay.PassesMax);
        reports[^1].Ended.ShouldBeTrue();
        (await CountAsync(database, "cdp.match_record")).ShouldBe(people);
        (await CountAsync(database, "cdp.match_space")).ShouldBe(1);

        async Task SayAsync(int count)
        {
            await index.SayAsync([
                .. Enumerable.Range(people, count).Select(i => Pair(index, i).First()),
            ]);
            people += count;
        }
    }

    [Theory]
    [InlineData("cdp.match_move (space, subject, decision)")]
    [InlineData("cdp.match_news (space, individual, decision)")]
    public async Task What_is_noted_in_a_space_that_is_not_in_use_any_more_is_not_done(string note)
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await index.SayAsync([.. Pair(index, 1)]);
        int old = await index.SpaceAsync();
        await index.TakeOverAsync(Next, MatchIndex.Text + "\n# Another one");

        await database.ExecuteAsync($"insert into {note} values ({old}, 'crm/Contact/a1', 8)");

        (await index.Store.ReadMovesAsync(0, 10, default)).ShouldBeEmpty();
        (await index.Store.ReadMovesAsync(old, ["crm/Contact/a1"], default)).ShouldBeEmpty();
        (await index.Store.ReadNewsAsync(0, 10, default)).ShouldBeEmpty();
        (await index.Store.ReadNewsAsync(old, ["crm/Contact/a1"], default)).ShouldBeEmpty();
        await index.ReplayAsync(Next, MatchIndex.Text + "\n# Another one", All);
        (await CountAsync(database, "cdp.match_space")).ShouldBe(1);
    }

    [Fact]
    public async Task Another_version_gives_up_the_one_that_was_under_way()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo, Strict);
        await index.SayAsync([.. Enumerable.Range(0, People).SelectMany(i => Pair(index, i))]);
        await index.ReplayAsync(Next, MatchIndex.Text, reportsMax: 1);

        var reports = await index.ReplayAsync(Next + 1, Strict + "\n# Once more", All);

        reports[^1].Live.ShouldBeTrue();
        (await index.ClustersAsync()).Length.ShouldBe(2 * People);
        (await CountAsync(database, $"cdp.match_space where version = {Next + 1}")).ShouldBe(1);
        (await CountAsync(database, "cdp.match_space")).ShouldBe(1);
        (await CountAsync(database, $"cdp.match_change where version = {Next}")).ShouldBe(0);
    }

    [Fact]
    public async Task A_field_of_which_nothing_is_stored_is_refused_and_nothing_changes()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await index.SayAsync([.. Pair(index, 1)]);

        var reports = await index.ReplayAsync(
            Next,
            MatchIndex.Text + "\n    phone: { type: phone, from: phone }",
            All
        );

        reports.Single().Refusal!.Code.ShouldBe(RulesetRefusals.ValuesNotStored);
        reports.Single().Refusal!.Detail.ShouldContain("phone");
        (
            await CountAsync(database, $"cdp.match_space where version = {MatchIndex.Version}")
        ).ShouldBe(1);
        (await CountAsync(database, "cdp.match_space")).ShouldBe(1);
    }

    /// <summary>Two records of one person, of whom nobody else has anything.</summary>
    private static IEnumerable<LinkEvent> Pair(MatchIndex index, int person)
    {
        Random random = new(person);
        (string first, string last) = (Word(), Word());
        string[] said =
        [
            "firstName",
            first,
            "lastName",
            last,
            "born",
            new DateTime(1950, 1, 1)
                .AddDays(random.Next(20_000))
                .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            "email",
            $"{first}.{last}@one.example",
        ];
        yield return index.Event($"crm/Contact/a{person}", said);
        yield return index.Event($"crm/Contact/b{person}", said);

        string Word() =>
            string.Concat(
                Enumerable.Range(0, 9).Select(_ => "abcdefghiklmnoprstuvwz"[random.Next(22)])
            );
    }

    private static async Task<long> CountAsync(TestDatabase database, string from) =>
        await database.NumberAsync($"select count(*) from {from}");
}
