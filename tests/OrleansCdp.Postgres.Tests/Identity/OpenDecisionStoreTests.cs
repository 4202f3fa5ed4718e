using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Of every link the heaviest of what could not be carried out is kept, until that very one is closed.</summary>
[Collection(PostgresCollection.Name)]
public sealed class OpenDecisionStoreTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly LinkKey First = new("crm", "Case", "1");
    private static readonly LinkKey Second = new("crm", "Case", "2");
    private TestDatabase database = null!;
    private StoreHost host = null!;

    private IOpenDecisionStore Store => host.Get<IOpenDecisionStore>();

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        host = await StoreHost.StartAsync(database);
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task An_event_comes_back_as_it_was_noted()
    {
        OpenDecision noted = Open(First, weight: 7, "e1");

        await Store.NoteAsync([noted], default);

        OpenDecision read = (await ReadAsync($"{First}")).ShouldHaveSingleItem();
        read.Claim.ShouldBe(noted.Claim);
        read.Weight.ShouldBe(noted.Weight);
        read.Reason.ShouldBe(ReasonCodes.Overruled);
        read.Event.Sequence.ShouldBe(42);
        (read.Event.Event.Link, read.Event.Event.EventId, read.Event.Event.FollowsAnchor).ShouldBe(
            (First, "e1", true)
        );
        read.Event.Event.Identifiers.ShouldBe(noted.Event.Event.Identifiers);
    }

    [Fact]
    public async Task Of_one_link_the_heaviest_stays_in_whatever_order_they_come()
    {
        await Store.NoteAsync([Open(First, 2, "two"), Open(First, 1, "one")], default);
        await Store.NoteAsync([Open(First, 1, "one")], default);
        (await ReadAsync($"{First}")).Single().Event.Event.EventId.ShouldBe("two");

        await Store.NoteAsync([Open(First, 3, "three"), Open(Second, 1, "other")], default);

        (await ReadAsync($"{First}")).Single().Event.Event.EventId.ShouldBe("three");
        (await ReadAsync($"{Second}")).Single().Event.Event.EventId.ShouldBe("other");
    }

    [Fact]
    public async Task They_are_found_by_their_link_and_by_whom_it_names()
    {
        await Store.NoteAsync([Open(First, 1, "one"), Open(Second, 1, "two")], default);

        (await ReadAsync(SubjectIds.RecordOf(First))).Single().Claim.ShouldBe(ClaimKeys.Of(First));
        (await ReadAsync(SubjectIds.IndividualOf(Second)))
            .Single()
            .Claim.ShouldBe(ClaimKeys.Of(Second));
        (await ReadAsync($"{First}", SubjectIds.RecordOf(Second), SubjectIds.RecordOf(First)))
            .Select(one => one.Claim)
            .ShouldBe([ClaimKeys.Of(First), ClaimKeys.Of(Second)]);
        (await ReadAsync("crm/Case/3", "ind_nobody")).ShouldBeEmpty();
    }

    [Fact]
    public async Task One_that_was_replaced_meanwhile_is_not_closed()
    {
        OpenDecision before = Open(First, 1, "one");
        await Store.NoteAsync([before, Open(Second, 1, "two")], default);
        await Store.NoteAsync([Open(First, 2, "newer")], default);

        await Store.CloseAsync([before, Open(Second, 1, "two")], default);

        (await ReadAsync($"{First}", $"{Second}"))
            .ShouldHaveSingleItem()
            .Event.Event.EventId.ShouldBe("newer");
    }

    [Fact]
    public async Task Those_are_tried_first_that_have_waited_longest_and_then_wait_anew()
    {
        await Store.NoteAsync([Open(First, 1, "one"), Open(Second, 1, "two")], default);
        (await OverdueAsync(limit: 2)).ShouldBeEmpty("they were tried when they were noted");
        await database.ExecuteAsync(
            $"""
            update cdp.open_decision
            set tried_at = now() - case when claim = '{ClaimKeys.Of(
                Second
            )}' then interval '2 hours' else interval '1 hour' end
            """
        );

        (await OverdueAsync(limit: 1)).ShouldBe([ClaimKeys.Of(Second)]);
        (await OverdueAsync(limit: 1)).ShouldBe([ClaimKeys.Of(First)]);
        (await OverdueAsync(limit: 2)).ShouldBeEmpty();
    }

    [Fact]
    public async Task One_that_a_steward_overrules_is_tried_seldom_as_long_as_he_does()
    {
        await Store.NoteAsync([Open(First, 1, "one")], default);
        BaseIndividual record = new(SubjectIds.RecordOf(First), 99, ClaimKeys.Of(First));
        BaseIndividual ada = new("ind_ada", 0, "contactId:ada");
        IStewardStore stewards = host.Get<IStewardStore>();
        StewardWord why = new("tests", "because");
        StewardOutcome made = await stewards.JoinAsync(ada, record, why, default);
        await WaitAsync("2 minutes");
        (await OverdueAsync(limit: 1)).ShouldBeEmpty();
        await WaitAsync("61 minutes");
        (await OverdueAsync(limit: 1)).ShouldBe([ClaimKeys.Of(First)]);

        await stewards.WithdrawAsync(made.Decision!.Value, why, default);

        await WaitAsync("2 minutes");
        (await OverdueAsync(limit: 1)).ShouldBe([ClaimKeys.Of(First)]);

        Task WaitAsync(string interval) =>
            database.ExecuteAsync(
                $"update cdp.open_decision set tried_at = now() - interval '{interval}'"
            );
    }

    [Fact]
    public async Task All_are_listed_page_by_page_the_oldest_first_with_whom_their_link_has()
    {
        LinkKey third = new("crm", "Case", "3");
        await Store.NoteAsync([Open(First, 1, "one"), Open(third, 1, "three")], default);
        await Store.NoteAsync([Open(Second, 1, "two")], default);
        BaseIndividual ada = new("ind_ada", 0, "contactId:ada");
        BaseIndividual bob = new("ind_bob", 1, "contactId:bob");
        await host.Get<IIdentityStore>()
            .ClaimAsync(
                new Dictionary<string, Claim>(StringComparer.Ordinal)
                {
                    [ClaimKeys.Of(Second)] = new(bob.Id, 1, default),
                },
                default
            );
        await host.Get<IStewardStore>().JoinAsync(ada, bob, new("tests", "because"), default);
        await Store.NoteAsync([Open(First, 2, "newer")], default);

        List<OpenDecisionListing> all = [];
        OpenDecisionKey? after = null;
        do
        {
            var page = await host.Get<IStewardLists>().OpenAsync(after, 1, default);
            all.AddRange(page);
            after = page.IsEmpty ? null : page[0].Key;
        } while (after is not null);

        all.Select(one => (one.Key.Link, one.EventId, one.Individual))
            .ShouldBe([(First, "newer", null), (third, "three", null), (Second, "two", ada.Id)]);
        all.ShouldAllBe(one => one.Reason == ReasonCodes.Overruled);
    }

    private async Task<OpenDecision[]> ReadAsync(params string[] homes) =>
        [.. await Store.ReadAsync(homes, default)];

    private async Task<string[]> OverdueAsync(int limit) =>
        [
            .. (await Store.OverdueAsync(TimeSpan.FromMinutes(1), limit, default)).Select(one =>
                one.Claim
            ),
        ];

    private static OpenDecision Open(LinkKey link, long weight, string id) =>
        new(
            ClaimKeys.Of(link),
            new Stamp(weight, 0, 0),
            new SequencedEvent(
                42,
                OpenDecision.Essence(
                    LinkEvents.Of(link.ToString(), id) with
                    {
                        Link = link,
                        FollowsAnchor = true,
                        Identifiers = [new Identifier("contactId", "003", Verified: true)],
                    }
                )
            ),
            ReasonCodes.Overruled
        );
}
