using OrleansCdp.Events;

namespace OrleansCdp.Identity;

[Collection(PostgresCollection.Name)]
public sealed class MatcherTests(PostgresServer server)
{
    private const string Ada = "ind_ada";
    private const string Said = "select subject, encode(said, 'hex') from cdp.match_record";

    private static readonly string[] AdaSays =
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
    public async Task Records_that_match_form_a_group_of_nobody_and_others_do_not()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);

        await index.SayAsync(index.Event("crm/Case/1", AdaSays));
        await index.SayAsync(
            index.Event("crm/Case/2", AdaSays),
            index.Event("crm/Case/3", "firstName", "Bob", "lastName", "Kahn", "city", "Ulm")
        );

        (await index.ClustersAsync()).ShouldBe(["crm/Case/1 crm/Case/2", "crm/Case/3"]);
        MatchedLink first = await index.FindAsync("crm/Case/1");
        first.Individual.ShouldBeNull();
        first.Partner.ShouldBe("crm/Case/2");
        first.Score.ShouldNotBeNull().ShouldBeGreaterThan(3);
    }

    [Fact]
    public async Task A_record_that_matches_what_an_individuals_links_say_belongs_to_it()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await index.SayAsync(Ada, index.Event("crm/Contact/1", AdaSays[..4]));
        await index.SayAsync(Ada, index.Event("shop/customer/1", AdaSays[4..]));

        var outcome = await index.SayAsync(index.Event("crm/Case/1", AdaSays));

        outcome.Single().Moves.ShouldBe([("crm/Case/1", Ada)]);
        MatchedLink found = await index.FindAsync("crm/Case/1");
        (found.Individual, found.IsAnchored, found.Partner).ShouldBe((Ada, false, Ada));
        (await index.FindAsync("crm/Contact/1")).IsAnchored.ShouldBeTrue();
        var noted = await index.Store.ReadMovesAsync(0, 10, default);
        noted.Single().Target.ShouldBe(Ada);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(Ada)]
    public async Task The_same_words_in_another_month_are_noted_and_nothing_is_compared_or_decided(
        string? owner
    )
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await index.SayAsync(owner, index.Event("crm/Case/1", AdaSays));
        LinkEvent again = index.Event("crm/Case/1", AdaSays);
        string[] before = await database.RowsAsync(Said);

        var sameMonth = await index.SayAsync(owner, again);
        (await database.RowsAsync(Said)).ShouldBe(before);
        var nextMonth = await index.SayAsync(
            owner,
            again with
            {
                OccurredAt = again.OccurredAt.AddMonths(1),
            }
        );

        string[] after = await database.RowsAsync(Said);
        after.Length.ShouldBe(before.Length);
        after.Intersect(before).ShouldBeEmpty();
        sameMonth.Concat(nextMonth).Sum(turn => turn.Decided).ShouldBe(0);
        (await index.FindAsync("crm/Case/1")).EventId.ShouldBe("e1");
    }

    [Fact]
    public async Task An_anchor_that_comes_later_promotes_the_records_of_its_group()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await index.SayAsync(
            index.Event("crm/Case/1", AdaSays),
            index.Event("crm/Case/2", AdaSays)
        );

        var outcome = await index.SayAsync(Ada, index.Event("crm/Case/1"));

        outcome.Single().Moves.ShouldBe([("crm/Case/2", Ada)]);
        (await index.ClustersAsync()).ShouldBe(["crm/Case/1 crm/Case/2"]);
        (await index.FindAsync("crm/Case/1")).IsAnchored.ShouldBeTrue();
        (await index.FindAsync("crm/Case/2")).Individual.ShouldBe(Ada);
    }

    [Fact]
    public async Task A_record_leaves_when_the_link_that_it_matched_goes_to_somebody_else()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await index.SayAsync(Ada, index.Event("crm/Contact/1", "firstName", "Eve", "city", "Rom"));
        await index.SayAsync(Ada, index.Event("crm/Opportunity/1", AdaSays));
        await index.SayAsync(index.Event("crm/Case/1", AdaSays));

        var outcome = await index.SayAsync("ind_bob", index.Event("crm/Opportunity/1"));

        outcome.Single().Moves.ShouldBe([("crm/Case/1", "ind_bob")]);
        (await index.FindAsync("crm/Case/1")).Individual.ShouldBe("ind_bob");
    }

    [Fact]
    public async Task A_link_is_said_of_whom_claims_give_it_to_by_now()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        LinkEvent said = index.Event("shop/customer/1", AdaSays);
        await silo.Identity.ClaimAsync(
            [
                new(ClaimKeys.Of(said.Link), new Claim("ind_later", 1, default)),
                new("link:shop/customer/2", new Claim("ind_met", AnchorPolicy.Matched, default)),
            ],
            default
        );

        // Its event was decided about before another one, of the other lane, gave it away.
        await index.SayAsync("ind_before", said);
        await index.SayAsync("ind_before", index.Event("shop/customer/2", AdaSays));

        (await index.FindAsync("shop/customer/1")).Individual.ShouldBe("ind_later");
        (await index.FindAsync("shop/customer/2")).Individual.ShouldBe(
            "ind_before",
            "a mere match gives nothing away"
        );
    }

    [Fact]
    public async Task An_individual_that_was_absorbed_is_compared_as_its_absorber()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await index.SayAsync("ind_visitor", index.Event("web/anonymous/1", AdaSays));
        await index.SayAsync(index.Event("crm/Case/1", AdaSays));

        await index.Matcher.DecideAsync(
            MatchIndex.Ruleset,
            _ => [],
            [new Absorption("ind_visitor", Ada)],
            default
        );

        (await index.FindAsync("web/anonymous/1")).Individual.ShouldBe(Ada);
        (await index.FindAsync("crm/Case/1")).Individual.ShouldBe(Ada);
        (
            await database.NumberAsync(
                "select count(*) from cdp.match_record where subject = 'ind_visitor'"
            )
        ).ShouldBe(0);
    }

    [Fact]
    public async Task Nobody_who_anchors_hold_apart_is_brought_together_by_matching()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);

        await index.SayAsync(Ada, index.Event("crm/Contact/1", AdaSays));
        await index.SayAsync("ind_twin", index.Event("crm/Contact/2", AdaSays));
        await index.SayAsync(index.Event("crm/Case/1", AdaSays));

        (await index.FindAsync("crm/Contact/1")).Individual.ShouldBe(Ada);
        (await index.FindAsync("crm/Contact/2")).Individual.ShouldBe("ind_twin");
        (await index.FindAsync("crm/Case/1")).Individual.ShouldBeOneOf(Ada, "ind_twin");
    }

    [Fact]
    public async Task What_a_steward_says_comes_before_any_score()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await database.ExecuteAsync(
            $"""
            insert into cdp.steward_pair values
                ('crm/Case/1', '{Ada}', -1, 1), ('crm/Case/2', 'crm/Contact/1', 1, 2)
            """
        );
        await index.SayAsync(Ada, index.Event("crm/Contact/1", AdaSays));

        await index.SayAsync(
            index.Event("crm/Case/1", AdaSays),
            index.Event("crm/Case/2", "firstName", "Zoe", "lastName", "Quux")
        );

        MatchedLink apart = await index.FindAsync("crm/Case/1");
        (apart.Individual, apart.Possible).ShouldBe((null, null));
        (await index.FindAsync("crm/Case/2")).Individual.ShouldBe(Ada);
    }

    [Fact]
    public async Task Saying_the_same_again_changes_nothing()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        LinkEvent[] said = [index.Event("crm/Case/1", AdaSays), index.Event("crm/Case/2", AdaSays)];
        await index.SayAsync(said);
        string[] before = await RowsAsync();

        var outcome = await index.SayAsync(said);

        (outcome.Single().Decided, outcome.Single().Candidates).ShouldBe((0, 0));
        (await RowsAsync()).ShouldBe(before);

        async Task<string[]> RowsAsync() =>
            [
                .. await database.RowsAsync("select xmin, * from cdp.match_record order by id"),
                .. await database.RowsAsync("select xmin, * from cdp.match_edge order by a, b"),
                .. await database.RowsAsync("select xmin, * from cdp.match_change order by id"),
            ];
    }

    [Fact]
    public async Task A_soft_link_is_listed_with_its_individual_and_given_to_nobody()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo);
        await index.SayAsync(Ada, index.Event("crm/Contact/1", AdaSays));

        var outcome = await index.SayAsync(
            index.Event(
                "crm/Case/1",
                "firstName",
                "Ada",
                "lastName",
                "Lovelace",
                "born",
                "1961-03-05"
            )
        );

        MatchedLink soft = await index.FindAsync("crm/Case/1");
        (soft.Individual, soft.Possible).ShouldBe((null, Ada));
        soft.Score.ShouldNotBeNull().ShouldBeInRange(-3, 3);
        outcome.Single().Moves.ShouldBeEmpty();
        outcome.Single().News.ShouldBe([Ada]);
        var found = await index.Store.ReadSoftLinksAsync(
            await index.SpaceAsync(),
            Ada,
            20,
            default
        );
        found.Single().Link.ShouldBe("crm/Case/1");
    }
}
