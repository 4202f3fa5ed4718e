namespace OrleansCdp.Identity;

/// <summary>However many are connected, or arrive at once: the partition goes on.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MergeBoundsTests(PostgresServer server) : IAsyncLifetime
{
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_delivery_may_bring_more_people_than_may_be_connected(bool isKnown)
    {
        const int people = (MergeNeighbourhood.BasesMax / 2) + 1;
        BaseIndividual[] emails = [.. Enumerable.Range(0, people).Select(i => Email($"{i:D4}"))];
        AnchorProof[] proofs =
        [
            .. emails.Select((email, i) => ProofOf($"l{i:D4}", Contact($"{i:D4}"), email)),
        ];
        await Merges.ProveAsync([], isKnown ? emails : [], default);

        Regrouped regrouped = await Merges.ProveAsync(proofs, [], default);

        regrouped.Moving.Length.ShouldBe(isKnown ? people : 0);
        regrouped.Conflicts.ShouldBeEmpty();
        (
            await database.NumberAsync(
                """
                select count(*) from cdp.base_individual
                where rank = 1 and root = 'ind_c' || right(id, 4)
                """
            )
        ).ShouldBe(people);
        (await database.NumberAsync("select count(*) from cdp.identity_history")).ShouldBe(people);
    }

    [Fact]
    public async Task One_more_than_may_be_connected_stays_apart_visibly_and_others_go_on()
    {
        // An email, and one user after the other who states it by a link of his own.
        await database.ExecuteAsync(
            $"""
            insert into cdp.base_individual (id, rank, name, root)
            select 'ind_u' || i, 2, 'userId:u' || i, 'ind_ehub'
            from generate_series(1, {MergeNeighbourhood.BasesMax - 2}) i
            union all select 'ind_ehub', 1, 'email:hub@example.com', 'ind_ehub';
            insert into cdp.anchor_statement (link, base, event_id)
            select 'test/user/' || i, b, 'e'
            from generate_series(1, {MergeNeighbourhood.BasesMax - 2}) i,
                unnest(array['ind_ehub', 'ind_u' || i]) b;
            insert into cdp.anchor_link select distinct link from cdp.anchor_statement;
            analyze;
            """
        );
        BaseIndividual last = new("ind_ulast", 2, "userId:last");
        BaseIndividual over = new("ind_uover", 2, "userId:over");
        BaseIndividual more = new("ind_umore", 2, "userId:more");
        AnchorProof[] tooMany =
        [
            ProofOf("m1", Email("hub"), over),
            ProofOf("m2", Email("hub"), more),
            ProofOf("m3", Contact("A"), Email("other")),
        ];
        await Merges.ProveAsync([], [Email("other")], default);

        await Merges.ProveAsync([ProofOf("m0", Email("hub"), last)], [], default);
        Regrouped regrouped = await Merges.ProveAsync(tooMany, [last, Contact("A")], default);
        Regrouped again = await Merges.ProveAsync(tooMany, [], default);

        (await RootOfAsync(last)).ShouldBe(Email("hub").Id);
        (await RootOfAsync(over)).ShouldBe(over.Id);
        (await RootOfAsync(more)).ShouldBe(more.Id);
        (await RootOfAsync(Email("other"))).ShouldBe(Contact("A").Id);
        regrouped.Conflicts.ShouldBe(
            [
                new(Email("hub").Id, over.Id, MergeConflict.TooMany),
                new(Email("hub").Id, more.Id, MergeConflict.TooMany),
            ],
            ignoreOrder: true
        );
        again.Conflicts.ShouldBeEmpty("they are listed");
        regrouped.Moving.ShouldContain(last.Id, "who bears links is known to, whatever is refused");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_link_that_states_one_email_after_another_proves_nothing_in_the_end(
        bool isBackwards
    )
    {
        const int few = Limits.AnchorsPerLinkMax - 1;
        BaseIndividual[] emails = [.. Enumerable.Range(0, 3_000).Select(i => Email($"{i:D4}"))];
        if (isBackwards)
        {
            Array.Reverse(emails);
        }

        foreach (BaseIndividual email in emails.Take(few))
        {
            await Merges.ProveAsync([ProofOf("shared", Contact("A"), email)], [], default);
        }

        (await CountAsync("base_individual where root = 'ind_cA'")).ShouldBe(few + 1);
        await Merges.ProveAsync([ProofOf("shared", Contact("A"), emails[few])], [], default);
        (await CountAsync("base_individual where root = 'ind_cA'")).ShouldBe(1);

        await Merges.ProveAsync(
            [.. emails.Select(email => ProofOf("shared", Contact("A"), email))],
            [],
            default
        );

        (await CountAsync("base_individual where root <> id")).ShouldBe(0);
        (await CountAsync("anchor_statement")).ShouldBe(Limits.AnchorsPerLinkMax + 1);
        (
            await database.RowsAsync(
                "select reason, count(*) from cdp.merge_conflict where settled_at is null group by 1"
            )
        ).ShouldBe([$"shared_link|{Limits.AnchorsPerLinkMax}"]);
    }

    [Theory]
    [InlineData(MergeNeighbourhood.LinksPage)]
    [InlineData(MergeNeighbourhood.LinksPage + 1)]
    [InlineData((MergeNeighbourhood.LinksPage * 2) + 1)]
    public async Task Whoever_is_stated_by_the_last_of_many_links_goes_along(int links)
    {
        await Merges.ProveAsync(
            [
                .. Enumerable
                    .Range(0, links)
                    .Select(i => ProofOf($"l{i:D3}", Contact("B"), Email($"{i:D3}"))),
            ],
            [],
            default
        );

        await silo.Get<IStewardStore>()
            .JoinAsync(Contact("A"), Contact("B"), new StewardWord("one", "tests"), default);

        (await CountAsync("base_individual where root = 'ind_cA'")).ShouldBe(links + 2);
    }

    [Fact]
    public async Task Whoever_was_joined_by_an_anchor_parts_when_too_many_share_it()
    {
        const int users = Limits.ContactsPerAnchorMax * 5;
        for (int i = 0; i < users; i++)
        {
            BaseIndividual user = new($"ind_u{i}", 2, $"userId:{i}");
            await Merges.ProveAsync([ProofOf($"u{i}", Email("a"), user)], [], default);
        }

        await Merges.ProveAsync([ProofOf("l0", Contact("0"), Email("a"))], [], default);
        (await CountAsync("base_individual where root = 'ind_c0'")).ShouldBe(users + 2);

        await Merges.ProveAsync(
            [
                .. Enumerable
                    .Range(1, 300)
                    .Select(i => ProofOf($"l{i}", Contact($"{i}"), Email("a"))),
            ],
            [],
            default
        );

        (await CountAsync("base_individual where root <> id")).ShouldBe(0);
    }

    [Fact]
    public async Task Whom_a_parting_individual_took_in_stays_with_it()
    {
        IStewardStore stewards = silo.Get<IStewardStore>();
        StewardWord why = new("one", "tests");
        await stewards.JoinAsync(Contact("A"), Contact("B"), why, default);
        await stewards.JoinAsync(Contact("B"), Contact("C"), why, default);
        (await RootOfAsync(Contact("C"))).ShouldBe(Contact("A").Id);

        await stewards.SeparateAsync(Contact("B").Id, why, default);

        (await RootOfAsync(Contact("B"))).ShouldBe(Contact("B").Id);
        (await RootOfAsync(Contact("C"))).ShouldBe(Contact("B").Id);
    }

    private async Task<long> CountAsync(string from) =>
        await database.NumberAsync($"select count(*) from cdp.{from}");

    private Task<string> RootOfAsync(BaseIndividual one) => Merges.RootOfAsync(one.Id, default);

    private static AnchorProof ProofOf(string link, params BaseIndividual[] bases) =>
        new(new LinkKey("test", "link", link), "e1", [.. bases]);

    private static BaseIndividual Contact(string id) => new($"ind_c{id}", 0, $"contactId:{id}");

    private static BaseIndividual Email(string name) =>
        new($"ind_e{name}", 1, $"email:{name}@example.com");
}
