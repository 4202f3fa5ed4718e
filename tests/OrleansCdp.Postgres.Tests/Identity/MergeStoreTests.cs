namespace OrleansCdp.Identity;

[Collection(PostgresCollection.Name)]
public sealed class MergeStoreTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly BaseIndividual First = Contact("003A");
    private static readonly BaseIndividual Second = Contact("003B");
    private static readonly BaseIndividual Ada = Email("ada");
    private static readonly BaseIndividual Bob = Email("bob");
    private TestDatabase database = null!;
    private StoreHost silo = null!;

    private IMergeStore Merges => silo.Get<IMergeStore>();

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await StoreHost.StartAsync(database);
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Who_bears_links_has_to_move_to_the_contact_that_proves_the_email()
    {
        await Merges.ProveAsync([], [Ada], default);

        Regrouped regrouped = await ProveAsync("l1", First, Ada);

        regrouped.Moving.ShouldBe([Ada.Id]);
        regrouped.Conflicts.ShouldBeEmpty();
        (await Merges.RootOfAsync(Ada.Id, default)).ShouldBe(First.Id);
        (await Merges.RootOfAsync("ind_unknown", default)).ShouldBe("ind_unknown");
    }

    [Fact]
    public async Task Who_bears_no_links_has_nothing_to_move_and_leads_to_the_root_at_once()
    {
        await ClaimAsync(Ada);

        (await ProveAsync("l1", First, Ada)).Moving.ShouldBeEmpty();

        Claim claim = await ClaimOfAsync(Ada);
        (claim.Owner, claim.PlacedAt, claim.IsMoving).ShouldBe((Ada.Id, First.Id, false));
    }

    [Fact]
    public async Task A_proof_given_again_is_answered_from_what_is_known()
    {
        await Merges.ProveAsync([ProofOf("l1", First, Ada)], [Ada], default);
        string[] before = await RowsAsync();

        Regrouped again = await Merges.ProveAsync([ProofOf("l1", First, Ada)], [Ada], default);
        await Merges.NotePlacedAsync(Ada.Id, First.Id, default);
        Regrouped placed = await Merges.ProveAsync([ProofOf("l1", First, Ada)], [Ada], default);

        again.Moving.ShouldBe([Ada.Id], "whoever failed before goes on");
        placed.Moving.ShouldBeEmpty();
        (await RowsAsync()).ShouldBe(before);
        (
            await database.RowsAsync("select individual, other, what from cdp.identity_history")
        ).ShouldBe([$"{Ada.Id}|{First.Id}|merged"]);
    }

    [Fact]
    public async Task Where_links_are_is_told_with_the_claims_and_by_who_has_waited()
    {
        await ClaimAsync(Ada);
        await Merges.ProveAsync([ProofOf("l1", First, Ada)], [Ada], default);

        Claim moving = await ClaimOfAsync(Ada);
        (moving.PlacedAt, moving.IsMoving).ShouldBe((null, true));
        (await Merges.MovingAsync(TimeSpan.Zero, 10, default)).ShouldBe([Ada.Id]);
        (await Merges.MovingAsync(TimeSpan.FromHours(1), 10, default)).ShouldBeEmpty();
        await Merges.NotePlacedAsync(Ada.Id, First.Id, default);

        Claim placed = await ClaimOfAsync(Ada);
        (placed.PlacedAt, placed.IsMoving).ShouldBe((First.Id, false));
        (await Merges.MovingAsync(TimeSpan.Zero, 10, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Those_who_can_never_move_do_not_keep_others_waiting()
    {
        await database.ExecuteAsync(
            """
            insert into cdp.base_individual (id, rank, name, root, live, settled, changed_at)
            select 'ind_' || i, 1, '', 'ind_root', true, false, now() - interval '1 day'
            from generate_series(1, 25) i
            """
        );
        HashSet<string> tried = [];
        for (int round = 0; round < 3; round++)
        {
            var some = await Merges.MovingAsync(TimeSpan.FromSeconds(10), 10, default);
            some.Length.ShouldBe(round < 2 ? 10 : 5);
            tried.UnionWith(some);
        }

        tried.Count.ShouldBe(25);
    }

    [Fact]
    public async Task A_lower_contact_that_comes_later_has_the_email_and_the_former_one_a_conflict()
    {
        await Merges.ProveAsync([ProofOf("l2", Second, Ada)], [Ada], default);
        await Merges.NotePlacedAsync(Ada.Id, Second.Id, default);

        Regrouped regrouped = await ProveAsync("l1", First, Ada);

        regrouped.Moving.ShouldBe([Ada.Id]);
        regrouped.Conflicts.ShouldBe([new(Second.Id, Ada.Id, MergeConflict.TwoContacts)]);
        (await ProveAsync("l3", Second, Ada)).Conflicts.ShouldBeEmpty("it was listed before");
        (
            await database.RowsAsync(
                "select individual, other, what from cdp.identity_history order by id"
            )
        ).ShouldBe([
            $"{Ada.Id}|{Second.Id}|merged",
            $"{Ada.Id}|{Second.Id}|unmerged",
            $"{Ada.Id}|{First.Id}|merged",
        ]);
    }

    [Fact]
    public async Task A_conflict_is_settled_once_both_are_one()
    {
        await ProveAsync("l1", First, Ada);
        await ProveAsync("l2", Second, Ada);
        (await OpenConflictsAsync()).Length.ShouldBe(1);

        await silo.Get<IStewardStore>()
            .JoinAsync(First, Second, new StewardWord("one person", "tests"), default);

        (await OpenConflictsAsync()).ShouldBeEmpty();
        (await database.NumberAsync("select count(*) from cdp.merge_conflict")).ShouldBe(1);
    }

    [Fact]
    public async Task Two_silos_that_state_one_email_for_two_contacts_agree()
    {
        await using StoreHost other = await StoreHost.StartAsync(database, "b");
        for (int round = 0; round < 10; round++)
        {
            BaseIndividual low = Contact($"{round:D3}A");
            BaseIndividual high = Contact($"{round:D3}B");
            BaseIndividual email = Email($"m{round}");

            Regrouped[] both = await Task.WhenAll(
                Merges.ProveAsync([ProofOf($"h{round}", high, email)], [email], default),
                other
                    .Get<IMergeStore>()
                    .ProveAsync([ProofOf($"l{round}", low, email)], [email], default)
            );

            (await Merges.RootOfAsync(email.Id, default)).ShouldBe(low.Id);
            both.SelectMany(one => one.Conflicts)
                .ShouldBe([new(high.Id, email.Id, MergeConflict.TwoContacts)]);
            both.ShouldContain(one => one.Moving.Contains(email.Id));
        }
    }

    [Theory]
    [InlineData(Limits.ContactsPerAnchorMax)]
    [InlineData(Limits.ContactsPerAnchorMax + 1)]
    [InlineData(Limits.ContactsPerAnchorMax * 6)]
    public async Task An_email_of_too_many_contacts_identifies_nobody_however_many_they_become(
        int contacts
    )
    {
        for (int i = 0; i < contacts; i++)
        {
            await ProveAsync($"l{i:D2}", Contact($"{i:D3}"), Ada);
        }

        bool isShared = contacts > Limits.ContactsPerAnchorMax;
        (await Merges.RootOfAsync(Ada.Id, default)).ShouldBe(isShared ? Ada.Id : Contact("000").Id);
        (await OpenConflictsAsync()).Length.ShouldBe(isShared ? contacts : contacts - 1);

        // Somebody of them says something else: the others need not be looked at, and it changes nothing for them.
        await ProveAsync("l00", Contact("000"), Bob);

        (await Merges.RootOfAsync(Bob.Id, default)).ShouldBe(Contact("000").Id);
        (await Merges.RootOfAsync(Ada.Id, default)).ShouldBe(isShared ? Ada.Id : Contact("000").Id);
        (await OpenConflictsAsync()).Length.ShouldBe(isShared ? contacts : contacts - 1);
    }

    [Fact]
    public async Task A_neighbourhood_does_not_go_on_beyond_an_anchor_that_too_many_share()
    {
        const int sharers = (Limits.ContactsPerAnchorMax * 4) + 5;
        await Merges.ProveAsync(
            [
                .. Enumerable
                    .Range(0, sharers)
                    .SelectMany(i =>
                        new[]
                        {
                            ProofOf($"shared{i}", Contact($"{i:D3}"), Ada),
                            ProofOf($"own{i}", Contact($"{i:D3}"), Email($"own{i}")),
                        }
                    ),
            ],
            [],
            default
        );

        MergeNeighbourhood found = (
            await MergeNeighbourhood.ReadAsync(
                database.Source.CreateBatch,
                [Contact("000").Id],
                default
            )
        )!;

        found.Bases.ShouldContain(one => one.Id == Email("own0").Id);
        found.Bases.ShouldNotContain(one => one.Id == Email("own1").Id);
    }

    private Task<Regrouped> ProveAsync(string link, params BaseIndividual[] bases) =>
        Merges.ProveAsync([ProofOf(link, bases)], [], default);

    private async Task ClaimAsync(BaseIndividual one) =>
        await silo.Identity.ClaimAsync(
            [new(one.Name, new Claim(one.Id, one.Rank, default))],
            default
        );

    private async Task<Claim> ClaimOfAsync(BaseIndividual one) =>
        (await silo.Identity.ReadAsync([one.Name], default))[one.Name];

    private Task<string[]> OpenConflictsAsync() =>
        database.RowsAsync(
            "select first, second, reason from cdp.merge_conflict where settled_at is null"
        );

    private async Task<string[]> RowsAsync() =>
        [
            .. await database.RowsAsync(
                "select id, root, live from cdp.base_individual order by 1"
            ),
            .. await database.RowsAsync("select link, base, event_id from cdp.anchor_statement"),
        ];

    private static AnchorProof ProofOf(string link, params BaseIndividual[] bases) =>
        new(new LinkKey("test", "link", link), "e1", [.. bases]);

    private static BaseIndividual Contact(string id) => new($"ind_{id}", 0, $"contactId:{id}");

    private static BaseIndividual Email(string name) =>
        new($"ind_{name}", 1, $"email:{name}@example.com");
}
