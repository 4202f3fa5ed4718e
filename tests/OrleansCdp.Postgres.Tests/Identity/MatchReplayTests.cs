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

        await index.Store.FinishAsync(await index.Store.ReadDueAsync(1, default), spaces, default);
        (await CountAsync(database, "cdp.match_due")).ShouldBe(1);

        spaces = await index.Store.ReadSpacesAsync(default);
        spaces
            .Select(space => (space.Ruleset, space.IsSuccessor))
            .ShouldBe([(MatchIndex.Ruleset, false), (MatchIndex.Ruleset, true)]);
        await index.Store.FinishAsync(await index.Store.ReadDueAsync(1, default), spaces, default);
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
