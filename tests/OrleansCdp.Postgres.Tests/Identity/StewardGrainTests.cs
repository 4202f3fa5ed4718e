using System.Collections.Immutable;
using Orleans.Concurrency;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using static OrleansCdp.Identity.VisitedHouse;

namespace OrleansCdp.Identity;

/// <summary>What a steward decides is done as a whole or not at all, also where there is no room or a silo dies.</summary>
[Collection(PostgresCollection.Name)]
public sealed class StewardGrainTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly StewardWord Why = new("tests", "because");
    private static readonly BaseIndividual Bob = Named("bob");
    private static readonly BaseIndividual Eve = Named("eve");
    private TestDatabase database = null!;
    private TestSilo silo = null!;
    private VisitedHouse house = null!;

    private IStewardGrain Steward => silo.Grains.GetGrain<IStewardGrain>(0);

    private IStewardStore Stewards => silo.Get<IStewardStore>();

    private IMergeStore Merges => silo.Get<IMergeStore>();

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await TestSilo.StartProductAsync(database);
        house = new VisitedHouse(silo);
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData(Limits.LinksMax - 1, null)]
    [InlineData(Limits.LinksMax, StewardRefusals.LinksMax)]
    public async Task Two_are_merged_that_have_as_many_links_as_one_may_have_and_no_more(
        int links,
        string? refusal
    )
    {
        await house.GiveAsync(Ada.Id, [OwnLink("ada"), .. Others(links - 1)]);
        await house.GiveAsync(Bob.Id, [OwnLink("bob")]);

        StewardAnswer answer = await MergeAsync(Ada, Bob);

        answer.Refusal.ShouldBe(refusal);
        (await KeysOfAsync(Ada.Id)).Length.ShouldBe(refusal is null ? links + 1 : links);
        (await DecisionsAsync()).ShouldBe(refusal is null ? 1 : 0);
    }

    [Theory]
    [InlineData(Limits.MergedMax - 1, null)]
    [InlineData(Limits.MergedMax, StewardRefusals.MergedMax)]
    public async Task Into_one_as_many_are_merged_as_may_be_and_no_more(int merged, string? refusal)
    {
        await house.GiveAsync(Ada.Id, [OwnLink("ada")]);
        await house.GiveAsync(Bob.Id, [OwnLink("bob")]);
        await FillAsync(Ada.Id, merged);

        StewardAnswer answer = await MergeAsync(Ada, Bob);

        answer.Refusal.ShouldBe(refusal);
        (await KeysOfAsync(Ada.Id)).Length.ShouldBe(refusal is null ? 2 : 1);
        (await DecisionsAsync()).ShouldBe(refusal is null ? 1 : 0);
    }

    [Fact]
    public async Task A_merge_that_finds_no_room_half_way_leaves_everything_as_it_was()
    {
        LinkKey[] many = [OwnLink("eve"), .. Others(Limits.LinksMax - 3)];
        await house.GiveAsync(Ada.Id, [OwnLink("ada"), new LinkKey("ada", "too", "1")]);
        await house.GiveAsync(Bob.Id, [OwnLink("bob")]);
        await Merges.ProveAsync([ProofOf("l1", Ada, Bob)], [Ada, Bob], default);
        StewardOutcome apart = await Stewards.SeparateAsync(Bob.Id, Why, default);
        // Nobody has brought her links to whom she is merged into yet.
        await house.GiveAsync(Eve.Id, many);
        await Stewards.JoinAsync(Bob, Eve, Why, default);
        string[] before = await InForceAsync();

        StewardAnswer answer = await MergeAsync(Ada, Bob);

        answer.Refusal.ShouldBe(StewardRefusals.LinksMax);
        (await InForceAsync()).ShouldBe(before);
        before.ShouldContain(one => one.StartsWith($"{apart.Decision}|", StringComparison.Ordinal));
        (await Merges.RootOfAsync(Bob.Id, default)).ShouldBe(Bob.Id);
        (await KeysOfAsync(Ada.Id)).Length.ShouldBe(2);
        (await KeysOfAsync(Bob.Id)).Length.ShouldBe(many.Length + 1);
    }

    [Theory]
    [InlineData(Limits.LinksMax - 1, null)]
    [InlineData(Limits.LinksMax, StewardRefusals.LinksMax)]
    public async Task A_visitor_s_link_goes_home_if_there_is_room_and_else_nothing_is_decided(
        int links,
        string? refusal
    )
    {
        await house.VisitAsync();
        await house.GiveAsync(Home, Others(links));

        StewardAnswer answer = await UnlinkAsync();

        answer.Refusal.ShouldBe(refusal);
        (await DecisionsAsync()).ShouldBe(refusal is null ? 1 : 0);
        (await house.HoldersAsync()).ShouldBe([refusal is null ? Home : Ada.Id]);
        (await house.OwnerAsync()).ShouldBe(refusal is null ? Home : Ada.Id);
    }

    [Theory]
    [InlineData(Limits.DepartedMax - 1, null)]
    [InlineData(Limits.DepartedMax, StewardRefusals.LinksMax)]
    public async Task A_visitor_s_link_that_its_bearer_cannot_let_go_stays_and_nothing_is_decided(
        int departed,
        string? refusal
    )
    {
        await house.VisitAsync();
        await house
            .GrainOf(Ada.Id)
            .DetachAsync(
                [.. Others(departed)],
                "ind_taker",
                1,
                Ada.Id,
                default,
                isSentByOwner: false
            );

        StewardAnswer answer = await UnlinkAsync();

        answer.Refusal.ShouldBe(refusal);
        answer.Staying.ShouldBeEmpty();
        (await DecisionsAsync()).ShouldBe(refusal is null ? 1 : 0);
        (await house.HoldersAsync()).ShouldBe([refusal is null ? Home : Ada.Id]);
        (await house.OwnerAsync()).ShouldBe(refusal is null ? Home : Ada.Id);
        // Taken back, and as good as never made: asked for again when there is room, it is decided anew.
        (
            await database.NumberAsync(
                "select count(*) from cdp.steward_decision where withdrawn_at is not null"
            )
        ).ShouldBe(refusal is null ? 0 : 1);
    }

    [Fact]
    public async Task A_visitor_s_link_goes_home_when_it_is_asked_for_again_after_a_crash_by_one_decision()
    {
        await house.VisitAsync();
        BaseIndividual home = new(Home, AnchorPolicy.Unanchored, ClaimKeys.Of(Visitor));
        StewardOutcome died = await Stewards.KeepApartAsync(Ada, home, null, Why, default);

        StewardAnswer answer = await UnlinkAsync();

        answer.Refusal.ShouldBeNull();
        answer.Decision.ShouldBe(died.Decision);
        (await DecisionsAsync()).ShouldBe(1);
        (await house.HoldersAsync()).ShouldBe([Home]);
    }

    [Fact]
    public async Task The_sweep_lists_whose_links_cannot_move_until_they_have_moved()
    {
        await house.GiveAsync(Ada.Id, [OwnLink("ada")]);
        await house.GiveAsync(Eve.Id, [OwnLink("eve")]);
        await FillAsync(Ada.Id, Limits.MergedMax);
        await Stewards.JoinAsync(Ada, Eve, Why, default);

        MergeSweep sweep = silo.Get<MergeSweep>();
        await sweep.SweepAsync(TimeSpan.Zero, default);

        ConflictListing stuck = (
            await silo.Get<IStewardLists>().ConflictsAsync(null, 10, default)
        ).Single();
        (stuck.IsStuck, stuck.Key.First, stuck.Reason).ShouldBe(
            (true, Eve.Id, ReasonCodes.MergedMax)
        );
        (await silo.Get<IStatusStore>().ReadAsync(default)).StuckMerges.ShouldBe([
            new StuckMerges(ReasonCodes.MergedMax, 1),
        ]);

        await house.GrainOf(Ada.Id).SeparateAsync("ind_00000", Ada.Id);
        await sweep.SweepAsync(TimeSpan.Zero, default);

        (await KeysOfAsync(Ada.Id)).ShouldBe([OwnLink("ada"), OwnLink("eve")], ignoreOrder: true);
        (await silo.Get<IStewardLists>().ConflictsAsync(null, 10, default)).ShouldBeEmpty();
        (await silo.Get<IStatusStore>().ReadAsync(default)).StuckMerges.ShouldBeEmpty();
        (
            await database.NumberAsync(
                "select count(*) from cdp.merge_conflict where settled_at is null"
            )
        ).ShouldBe(0);
    }

    [Fact]
    public async Task A_merge_and_its_end_leave_what_a_steward_said_of_a_record_and_its_companions()
    {
        LinkKey record = new("crm", "Case", "1");
        BaseIndividual one = new(
            SubjectIds.RecordOf(record),
            AnchorPolicy.Unanchored,
            ClaimKeys.Of(record)
        );
        StewardOutcome apart = await Stewards.KeepApartAsync(Ada, one, null, Why, default);
        await database.ExecuteAsync(
            $"insert into cdp.steward_pair values ('crm/Case/1', 'crm/Case/2', -1, {apart.Decision})"
        );
        string[] before = await PairsAsync();
        before.Length.ShouldBe(2);

        StewardOutcome merged = await Stewards.JoinAsync(Ada, one, Why, default);

        (await PairsAsync()).ShouldBe([
            $"crm/Case/1|crm/Case/2|0|{apart.Decision}",
            $"crm/Case/1|{Ada.Id}|1|{merged.Decision}",
        ]);
        StewardOutcome back = await Stewards.WithdrawAsync(merged.Decision!.Value, Why, default);
        back.Restored.ShouldBe([apart.Decision!.Value]);
        foreach (string again in new[] { "crm/Case/1", "crm/Case/2", Ada.Id })
        {
            back.Due.ShouldContain(again, "matching looks at it again");
        }

        (await PairsAsync()).ShouldBe(before);
    }

    private Task<string[]> PairsAsync() =>
        database.RowsAsync(
            "select link_a, link_b, verdict, decision from cdp.steward_pair order by 1, 2"
        );

    [Fact]
    public async Task What_a_merge_overruled_is_true_once_it_is_taken_back()
    {
        Identifier contact = new("contactId", "003", Verified: true);
        await house.GiveAsync(Ada.Id, [OwnLink("ada")]);
        await house.GiveAsync(Home, [Visitor]);
        await silo.Get<IIdentityStore>()
            .ClaimAsync(
                [new(ClaimKeys.Of(Visitor), new(Home, AnchorPolicy.Unanchored, default))],
                default
            );
        BaseIndividual home = new(Home, AnchorPolicy.Unanchored, ClaimKeys.Of(Visitor));
        StewardAnswer merged = await MergeAsync(Ada, home);
        SequencedEvent signIn = new(
            1,
            LinkEvents.Of("crm/Contact/003", "e1") with
            {
                Identifiers = [contact],
                SameAs = Visitor,
            }
        );
        OpenDecision overruled = new(
            ClaimKeys.Of(Visitor),
            AnonymousLinks.WeightOf(signIn.Event, rank: 0),
            signIn,
            ReasonCodes.Overruled
        );
        await silo.Get<IOpenDecisionStore>().NoteAsync([overruled], default);

        await Steward.UnmergeAsync(
            new()
            {
                Decision = merged.Decision,
                Reason = "two after all",
                Author = "ann",
            }
        );

        (await house.OwnerAsync()).ShouldBe(SubjectIds.IndividualOf(contact));
        (await KeysOfAsync(SubjectIds.IndividualOf(contact))).ShouldBe([Visitor]);
        (await database.NumberAsync("select count(*) from cdp.open_decision")).ShouldBe(0);
    }

    private Task<StewardAnswer> MergeAsync(BaseIndividual survivor, BaseIndividual other) =>
        Steward.MergeAsync(
            new()
            {
                Survivor = survivor.Id,
                Other = other.Id,
                Reason = "one person",
                Author = "ann",
            }
        );

    private Task<StewardAnswer> UnlinkAsync() =>
        Steward.UnmergeAsync(
            new()
            {
                Link = Visitor,
                Reason = "somebody else",
                Author = "ann",
            }
        );

    /// <summary>Has an individual expect the links of so many others.</summary>
    private async Task FillAsync(string individual, int merged)
    {
        for (int i = 0; i < merged; i++)
        {
            (
                await house
                    .GrainOf(individual)
                    .ExpectAsync($"ind_{i:D5}", links: 0, hasNothing: false)
            ).ShouldBeNull();
        }
    }

    private async Task<ImmutableArray<LinkKey>> KeysOfAsync(string individual) =>
        (await house.GrainOf(individual).GetEvidenceAsync([])).Keys;

    private Task<long> DecisionsAsync() =>
        database.NumberAsync(
            "select count(*) from cdp.steward_decision where withdrawn_at is null"
        );

    private Task<string[]> InForceAsync() =>
        database.RowsAsync(
            """
            select id, together, survivor, other, reason, author, at::text
            from cdp.steward_decision where withdrawn_at is null order by id
            """
        );

    private static LinkKey[] Others(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new LinkKey("s", "o", $"{i}"))];

    private static AnchorProof ProofOf(string link, params BaseIndividual[] bases) =>
        new(new LinkKey("test", "link", link), "e1", [.. bases]);
}
