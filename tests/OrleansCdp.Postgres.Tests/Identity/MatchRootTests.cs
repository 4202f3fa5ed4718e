namespace OrleansCdp.Identity;

/// <summary>Matching compares people, whoever of them was merged into whom.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchRootTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly BaseIndividual Ada = new("ind_ada", 0, "contactId:003A");
    private static readonly BaseIndividual Mail = new("ind_mail", 1, "email:ada@example.com");
    private static readonly StewardWord Why = new("ann", "the same person");
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

    private TestDatabase database = null!;
    private StoreHost silo = null!;
    private MatchIndex index = null!;

    private IStewardStore Stewards => silo.Get<IStewardStore>();

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await StoreHost.StartAsync(database);
        index = new(silo);
        await silo.Get<IIdentityStore>()
            .ClaimAsync(
                [
                    new("link:crm/Contact/1", new Claim(Ada.Id, 0, default)),
                    new("link:shop/customer/1", new Claim(Mail.Id, 1, default)),
                    new("link:shop/customer/2", new Claim(Mail.Id, 1, default)),
                ],
                default
            );
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Records_of_individuals_that_are_merged_are_of_one_person()
    {
        await Stewards.JoinAsync(Ada, Mail, Why, default);

        await index.SayAsync(Ada.Id, index.Event("crm/Contact/1", AdaSays[..4]));
        await index.SayAsync(Mail.Id, index.Event("shop/customer/1", AdaSays[4..]));
        await index.SayAsync(index.Event("crm/Case/1", AdaSays));

        foreach (MatchedLink link in await index.ListAsync())
        {
            link.Individual.ShouldBe(Ada.Id, link.Link);
        }

        (await SubjectsAsync()).ShouldContain(Ada.Id);
        (await SubjectsAsync()).ShouldNotContain(Mail.Id);
    }

    [Fact]
    public async Task An_individual_is_absorbed_by_whoever_has_the_links_of_its_absorber()
    {
        await Stewards.JoinAsync(Ada, Mail, Why, default);
        await index.SayAsync("ind_visitor", index.Event("web/anonymous/1", AdaSays));

        await index.Matcher.DecideAsync(
            MatchIndex.Ruleset,
            _ => [],
            [new Absorption("ind_visitor", Mail.Id)],
            default
        );

        (await index.FindAsync("web/anonymous/1")).Individual.ShouldBe(Ada.Id);
    }

    [Fact]
    public async Task Records_follow_when_individuals_are_merged()
    {
        await SayAllAsync();
        (await index.FindAsync("crm/Case/1")).Individual.ShouldBe(Mail.Id);

        StewardOutcome made = await Stewards.JoinAsync(Ada, Mail, Why, default);
        var outcomes = await ReviewAsync();

        made.Regrouped.Changed.ShouldBe([new RootChange(Mail.Id, Mail.Id, Ada.Id)]);
        outcomes.Single().Moves.ShouldBe([("crm/Case/1", Ada.Id)]);
        (await index.ListAsync()).ShouldAllBe(link => link.Individual == Ada.Id);
    }

    [Fact]
    public async Task After_an_unmerge_all_is_as_if_never_merged()
    {
        await SayAllAsync();
        string[] before = await RowsAsync();

        await Stewards.JoinAsync(Ada, Mail, Why, default);
        await ReviewAsync();
        (await RowsAsync()).ShouldNotBe(before);
        await Stewards.SeparateAsync(Mail.Id, Why, default);
        var outcomes = await ReviewAsync();

        outcomes.Single().Moves.ShouldBe([("crm/Case/1", Mail.Id)]);
        (await RowsAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task After_an_unmerge_what_came_meanwhile_is_where_it_would_have_gone()
    {
        await SayAllAsync();
        await index.SayAsync(Mail.Id, index.Event("shop/customer/2", "city", "London"));
        await index.SayAsync(index.Event("crm/Case/2", AdaSays));
        string[] before = await RowsAsync();
        await RestartAsync();

        await SayAllAsync();
        await Stewards.JoinAsync(Ada, Mail, Why, default);
        await ReviewAsync();
        await index.SayAsync(Mail.Id, index.Event("shop/customer/2", "city", "London"));
        await index.SayAsync(index.Event("crm/Case/2", AdaSays));
        (await index.FindAsync("crm/Case/2")).Individual.ShouldBe(Ada.Id);
        await Stewards.SeparateAsync(Mail.Id, Why, default);
        await ReviewAsync();

        (await RowsAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task What_is_to_be_looked_at_is_noted_until_it_is_done_and_again_when_more_happens()
    {
        await SayAllAsync();
        await Stewards.JoinAsync(Ada, Mail, Why, default);
        var first = await index.Store.ReadDueAsync(0, 10, default);
        var spaces = await index.Store.ReadSpacesAsync(default);

        await Stewards.SeparateAsync(Mail.Id, Why, default);
        await index.Store.FinishAsync(first, spaces, default);
        var second = await index.Store.ReadDueAsync([Ada.Id, Mail.Id, "ind_other"], default);
        await index.Store.FinishAsync(second, spaces, default);

        first.Select(due => due.Subject).ShouldBe([Ada.Id, Mail.Id], ignoreOrder: true);
        second.Select(due => due.Subject).ShouldBe([Ada.Id, Mail.Id], ignoreOrder: true);
        (await index.Store.ReadDueAsync(0, 10, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_a_steward_said_of_an_individual_holds_for_whoever_has_its_links()
    {
        await database.ExecuteAsync(
            $"insert into cdp.steward_pair values ('crm/Case/1', '{Mail.Id}', -1, 1)"
        );
        await Stewards.JoinAsync(Ada, Mail, Why, default);
        await index.SayAsync(Mail.Id, index.Event("shop/customer/1", AdaSays));

        await index.SayAsync(index.Event("crm/Case/1", AdaSays));

        MatchedLink apart = await index.FindAsync("crm/Case/1");
        (apart.Individual, apart.Possible).ShouldBe((null, null));
        (
            await index.Store.ReadSoftLinksAsync(await index.SpaceAsync(), Ada.Id, 20, default)
        ).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_record_kept_apart_stays_apart_from_its_companions_until_that_is_withdrawn()
    {
        BaseIndividual record = new("rec_1", AnchorPolicy.Unanchored, "link:crm/Case/1");
        await SayAllAsync();
        await index.SayAsync(index.Event("crm/Case/2", AdaSays));

        StewardOutcome made = await Stewards.KeepApartAsync(Mail, record, null, Why, default);
        await ReviewAsync();

        (await index.FindAsync("crm/Case/1")).Individual.ShouldBeNull();
        (await index.FindAsync("crm/Case/2")).Individual.ShouldBe(Mail.Id);
        made.Due.ShouldBe(["crm/Case/1", "crm/Case/2", Mail.Id], ignoreOrder: true);

        await Stewards.WithdrawAsync(made.Decision!.Value, Why, default);
        await ReviewAsync();
        (await database.NumberAsync("select count(*) from cdp.steward_pair")).ShouldBe(0);
        (await index.FindAsync("crm/Case/1")).Individual.ShouldBe(Mail.Id);
    }

    [Fact]
    public async Task A_record_has_companions_only_where_it_is_compared_by_now()
    {
        BaseIndividual record = new("rec_1", AnchorPolicy.Unanchored, "link:crm/Case/1");
        await SayAllAsync();
        await index.SayAsync(index.Event("crm/Case/2", AdaSays));
        await index.TakeOverAsync(MatchIndex.Version + 1, MatchIndex.Text + "\n# Another one");

        await Stewards.KeepApartAsync(Mail, record, null, Why, default);

        string pairs = "select count(*) from cdp.steward_pair";
        (await database.NumberAsync(pairs)).ShouldBe(2);
        (await database.NumberAsync($"{pairs} where link_a = link_b")).ShouldBe(0);
    }

    [Fact]
    public async Task A_record_that_a_steward_merges_belongs_to_its_individual_whatever_it_says()
    {
        BaseIndividual record = new("rec_1", AnchorPolicy.Unanchored, "link:crm/Case/1");
        await index.SayAsync(Mail.Id, index.Event("shop/customer/1", AdaSays));
        await index.SayAsync(index.Event("crm/Case/1", "firstName", "Zoe", "lastName", "Quux"));

        await Stewards.JoinAsync(Mail, record, Why, default);
        await ReviewAsync();
        (await index.FindAsync("crm/Case/1")).Individual.ShouldBe(Mail.Id);

        await Stewards.SeparateAsync(record.Id, Why, default);
        await ReviewAsync();
        (await index.FindAsync("crm/Case/1")).Individual.ShouldBeNull();
    }

    [Fact]
    public async Task A_space_begins_with_the_version_that_the_definition_has()
    {
        await index.SayAsync(index.Event("crm/Case/1", AdaSays));

        MatchSpace? space = await index.Store.FindAsync(MatchIndex.Ruleset, default);
        space!.Version.ShouldBe(MatchIndex.Version);
    }

    private async Task SayAllAsync()
    {
        await index.SayAsync(Ada.Id, index.Event("crm/Contact/1", "firstName", "Ada"));
        await index.SayAsync(Mail.Id, index.Event("shop/customer/1", AdaSays));
        await index.SayAsync(index.Event("crm/Case/1", AdaSays));
    }

    private async Task RestartAsync()
    {
        await DisposeAsync();
        await InitializeAsync();
    }

    private async Task<List<MatchOutcome>> ReviewAsync()
    {
        var due = await index.Store.ReadDueAsync(0, 100, default);
        var spaces = await index.Store.ReadSpacesAsync(default);
        var outcomes = await index.Matcher.ReconsiderAsync(
            spaces.Single(),
            [.. due.Select(one => one.Subject)],
            default
        );
        await index.Store.FinishAsync(due, spaces, default);
        return outcomes;
    }

    private async Task<string[]> SubjectsAsync() =>
        [.. await database.RowsAsync("select subject from cdp.match_record")];

    /// <summary>
    /// Everything but what tells only in which order things came: the numbers, and with whom an individual scored best.
    /// </summary>
    private async Task<string[]> RowsAsync() =>
        [
            .. await database.RowsAsync(
                """
                select r.subject, r.owner, r.individual, 
                    case when r.owner is null then round(r.score::numeric, 6) end,
                    case when r.owner is null then p.subject end,
                    encode(r.said, 'hex'),
                    (select string_agg(g.subject, ' ' order by g.subject)
                        from cdp.match_record g where g.group_id = r.group_id)
                from cdp.match_record r left join cdp.match_record p on p.id = r.partner
                order by r.subject
                """
            ),
            .. await database.RowsAsync(
                """
                select k.key_hash, r.subject from cdp.match_key k
                    join cdp.match_record r on r.id = k.record_id order by 1, 2
                """
            ),
            .. await database.RowsAsync(
                """
                select least(a.subject, b.subject), greatest(a.subject, b.subject), e.levels
                from cdp.match_edge e join cdp.match_record a on a.id = e.a
                    join cdp.match_record b on b.id = e.b order by 1, 2
                """
            ),
        ];
}
