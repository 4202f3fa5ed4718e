using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>The history says of every change why it was made, also of those whom it happened to.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchReasonTests(PostgresServer server) : IAsyncLifetime
{
    private const string Ada = "ind_ada";
    private const string First = "crm/Case/1";
    private const string Second = "crm/Case/2";

    private static readonly string[] Says =
    [
        "firstName",
        "Ada",
        "lastName",
        "Lovelace",
        "born",
        "1990-12-10",
        "email",
        "ada@example.com",
    ];

    private static readonly string[] SaysLess = ["city", "Ulm", "email", "ada@example.com"];

    private TestDatabase database = null!;
    private StoreHost silo = null!;
    private MatchIndex index = null!;

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await StoreHost.StartAsync(database);
        index = new MatchIndex(silo);
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData(First, Second)]
    [InlineData(Second, First)]
    public async Task A_record_that_an_arriving_contact_pushes_out_of_its_group_says_so_and_by_whom(
        string agrees,
        string pushed
    )
    {
        LinkEvent[] said = [index.Event(agrees, Says), index.Event(pushed, SaysLess)];
        foreach (LinkEvent one in said.OrderBy(one => one.Link.ToString(), StringComparer.Ordinal))
        {
            await index.SayAsync(one);
        }

        (await index.ClustersAsync()).ShouldBe([$"{First} {Second}"]);
        long group = (await index.FindAsync(pushed)).Group!.Value;

        await index.SayAsync(Ada, index.Event("crm/Contact/1", [.. Says[..6], "city", "Rom"]));

        (await index.FindAsync(agrees)).Individual.ShouldBe(Ada);
        (await index.FindAsync(pushed)).Individual.ShouldBeNull();
        LinkDecision why = await LastAsync(pushed);
        (why.Reason, why.CausedBy, why.Partner).ShouldBe((DecisionReasons.GroupTaken, Ada, null));
        (why.FromGroup, why.ToIndividual).ShouldBe((group, null));
        LinkDecision joined = await LastAsync(agrees);
        (joined.Reason, joined.CausedBy).ShouldBe((DecisionReasons.Matched, Ada));
    }

    [Fact]
    public async Task What_comes_says_whether_it_was_compared_and_with_what_result()
    {
        await index.SayAsync(index.Event("crm/Case/0"));
        await ShouldBeAsync("crm/Case/0", DecisionReasons.NothingToCompare);

        await index.SayAsync(index.Event(First, Says));
        await ShouldBeAsync(First, DecisionReasons.MatchesNobody);

        await index.SayAsync(index.Event(Second, SaysLess));
        await ShouldBeAsync(Second, DecisionReasons.Grouped);

        await index.SayAsync(Ada, index.Event(First));
        await ShouldBeAsync(First, DecisionReasons.Anchored, Ada);
        await ShouldBeAsync(Second, DecisionReasons.Matched, Ada);
    }

    [Fact]
    public async Task A_record_that_leaves_because_of_what_it_says_leaves_the_other_one_alone()
    {
        await index.SayAsync(index.Event(First, [.. Says, "lastName", "Lovelace Jr"]));
        await index.SayAsync(index.Event(Second, SaysLess));
        (await index.ClustersAsync()).ShouldBe([$"{First} {Second}"]);

        await index.SayAsync(index.Event(Second, "lastName", "Lovelace Sr"));

        await ShouldBeAsync(Second, DecisionReasons.SaysOtherwise);
        await ShouldBeAsync(First, DecisionReasons.GroupChanged);
    }

    [Fact]
    public async Task A_record_that_a_steward_takes_away_says_that_it_was_decided_again()
    {
        await index.SayAsync(Ada, index.Event("crm/Contact/1", Says));
        await index.SayAsync(index.Event(First, SaysLess));
        await ShouldBeAsync(First, DecisionReasons.Matched, Ada);
        await KeepApartAsync(First, Ada);

        MatchSpace space = (await index.Store.FindAsync(MatchIndex.Ruleset, default))!;
        await index.Matcher.ReconsiderAsync(space, [First], default);

        (await index.FindAsync(First)).Individual.ShouldBeNull();
        await ShouldBeAsync(First, DecisionReasons.DecidedAgain);
    }

    [Fact]
    public async Task A_record_leaves_when_its_individual_says_something_else()
    {
        await index.SayAsync(Ada, index.Event("crm/Contact/1", "city", "Rom"));
        await index.SayAsync(Ada, index.Event("crm/Opportunity/1", Says));
        await index.SayAsync(index.Event(First, SaysLess));
        await ShouldBeAsync(First, DecisionReasons.Matched, Ada);
        await KeepApartAsync(First, "ind_bob");

        await index.SayAsync("ind_bob", index.Event("crm/Opportunity/1"));

        (await index.FindAsync(First)).Individual.ShouldBeNull();
        await ShouldBeAsync(First, DecisionReasons.IndividualChanged, Ada);
    }

    [Fact]
    public async Task Another_version_of_the_rules_says_that_it_was_the_rules()
    {
        await index.SayAsync(index.Event(First, Says));
        await index.SayAsync(index.Event(Second, SaysLess));
        string strict = MatchIndex.Text.Replace(
            "matchRate",
            "thresholds: { link: 90 }\n  matchRate",
            StringComparison.Ordinal
        );

        await index.ReplayAsync(MatchIndex.Version + 1, strict, reportsMax: 100);

        (await index.ClustersAsync()).ShouldBe([First, Second]);
        MatchSpace space = (await index.Store.FindAsync(MatchIndex.Ruleset, default))!;
        string[] reasons = await database.RowsAsync(
            $"select distinct reason from cdp.match_change where space = {space.Id} and version > 3"
        );
        reasons.ShouldBe([DecisionReasons.RulesChanged]);
    }

    [Fact]
    public async Task A_record_with_nothing_to_compare_is_listed_until_an_anchor_or_a_value_comes()
    {
        await index.SayAsync(index.Event(First), index.Event(Second));
        MatchedLink waiting = await index.FindAsync(First);
        (waiting.SaysNothing, waiting.Individual, waiting.Score).ShouldBe((true, null, null));
        (await index.FindAsync(Second)).Group.ShouldNotBe(
            waiting.Group,
            "nothing agrees in nothing"
        );
        string[] before = await RowsAsync();

        await index.SayAsync(index.Event(First));
        (await RowsAsync()).ShouldBe(before, "the same again changes nothing");

        await index.SayAsync(Ada, index.Event(First));
        await index.SayAsync(index.Event(Second, Says));

        (await index.ListAsync()).Single().Link.ShouldBe(Second);
        (await index.FindAsync(Second)).SaysNothing.ShouldBeFalse();
        (await database.NumberAsync("select count(*) from cdp.match_record")).ShouldBe(1);
        await ShouldBeAsync(First, DecisionReasons.Anchored, Ada);

        Task<string[]> RowsAsync() =>
            database.RowsAsync("select xmin, * from cdp.match_record order by id");
    }

    [Fact]
    public async Task A_record_with_nothing_to_compare_waits_under_other_rules_too_and_teaches_none()
    {
        await index.SayAsync(index.Event(First), index.Event(Second, Says));
        string other = MatchIndex.Text.Replace("0.001", "0.002", StringComparison.Ordinal);

        await index.ReplayAsync(MatchIndex.Version + 1, other, reportsMax: 100);

        (await index.FindAsync(First)).SaysNothing.ShouldBeTrue();
        int space = (await index.Store.FindAsync(MatchIndex.Ruleset, default))!.Id;
        var sample = await silo.Get<IReplayStore>().SampleAsync(space, 10, 1, default);
        sample.ShouldHaveSingleItem();
        var tried = await silo.Get<IReplayStore>().ReadComparedAsync(space, 0, 10, default);
        tried.ShouldHaveSingleItem().Subject.ShouldBe($"{Second}");
    }

    [Fact]
    public async Task What_a_steward_gave_to_somebody_is_not_listed_as_nobody_s()
    {
        await index.SayAsync(index.Event(First));
        await database.ExecuteAsync(
            $"update cdp.match_record set individual = '{Ada}' where subject = '{First}'"
        );

        (await index.FindAsync(First)).SaysNothing.ShouldBeFalse();
    }

    private Task KeepApartAsync(string link, string individual) =>
        database.ExecuteAsync(
            $"insert into cdp.steward_pair values ('{link}', '{individual}', -1, 1)"
        );

    private async Task ShouldBeAsync(string link, string reason, string? causedBy = null)
    {
        LinkDecision last = await LastAsync(link);
        (last.Reason, last.CausedBy).ShouldBe((reason, causedBy));
    }

    private async Task<LinkDecision> LastAsync(string link)
    {
        MatchSpace space = (await index.Store.FindAsync(MatchIndex.Ruleset, default))!;
        var changes = await index.Store.ReadChangesAsync(space.Id, link, 1, default);
        return changes.ShouldHaveSingleItem().Decision;
    }
}
