namespace OrleansCdp.Identity;

/// <summary>A merge that is taken back leaves what stewards decided before, and what else they merged, as it was.</summary>
[Collection(PostgresCollection.Name)]
public sealed class StewardStoreTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly StewardWord Why = new("tests", "because");
    private static readonly BaseIndividual Ada = Contact("003A");
    private static readonly BaseIndividual Bob = Contact("003B");
    private static readonly BaseIndividual Cal = Contact("003C");
    private static readonly BaseIndividual Eve = Email("eve");
    private TestDatabase database = null!;
    private StoreHost silo = null!;

    private IStewardStore Stewards => silo.Get<IStewardStore>();

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
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_merge_taken_back_leaves_whom_a_steward_kept_apart_before_apart(
        bool byDecision
    )
    {
        await Merges.ProveAsync([ProofOf("l1", Ada, Eve)], [Ada, Eve], default);
        StewardOutcome apart = await Stewards.SeparateAsync(Eve.Id, Why, default);
        string[] before = await InForceAsync();

        StewardOutcome merged = await Stewards.JoinAsync(Ada, Eve, Why, default);
        merged.Withdrawn.ShouldBe([apart.Decision!.Value]);
        (await RootsAsync(Ada, Eve)).ShouldBe([Ada.Id, Ada.Id]);
        StewardOutcome back = byDecision
            ? await Stewards.WithdrawAsync(merged.Decision!.Value, Why, default)
            : await Stewards.SeparateAsync(Eve.Id, Why, default);

        back.Withdrawn.ShouldBe([merged.Decision!.Value]);
        (await RootsAsync(Ada, Eve)).ShouldBe([Ada.Id, Eve.Id]);
        (await InForceAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task Of_three_only_the_merge_into_the_former_root_is_taken_back()
    {
        long first = await JoinAsync(Ada, Bob);
        long second = await JoinAsync(Cal, Ada);
        (await RootsAsync(Ada, Bob, Cal)).ShouldBe([Cal.Id, Cal.Id, Cal.Id]);

        StewardOutcome back = await Stewards.SeparateAsync(Ada.Id, Why, default);

        back.Withdrawn.ShouldBe([second]);
        (await RootsAsync(Ada, Bob, Cal)).ShouldBe([Ada.Id, Ada.Id, Cal.Id]);
        (await Stewards.SeparateAsync(Bob.Id, Why, default)).Withdrawn.ShouldBe([first]);
        (await RootsAsync(Ada, Bob, Cal)).ShouldBe([Ada.Id, Bob.Id, Cal.Id]);
    }

    [Fact]
    public async Task Of_four_whoever_was_merged_before_stays_with_whom_it_was_merged_into()
    {
        await Merges.ProveAsync([ProofOf("l1", Ada, Eve)], [Ada, Bob, Cal, Eve], default);
        await JoinAsync(Ada, Bob);
        long second = await JoinAsync(Cal, Ada);
        (await RootsAsync(Ada, Bob, Cal, Eve)).ShouldBe([Cal.Id, Cal.Id, Cal.Id, Cal.Id]);

        StewardOutcome back = await Stewards.SeparateAsync(Ada.Id, Why, default);

        back.Withdrawn.ShouldBe([second]);
        (await RootsAsync(Ada, Bob, Cal, Eve)).ShouldBe([Ada.Id, Ada.Id, Cal.Id, Ada.Id]);
        (back.Root, back.OtherRoot, back.FormerRoot).ShouldBe((Cal.Id, Ada.Id, Cal.Id));
        back.Regrouped.Moving[0].ShouldBe(Ada.Id, "whoever takes the others is at home first");
    }

    [Fact]
    public async Task Whom_a_steward_keeps_apart_once_more_is_kept_apart_by_one_decision()
    {
        StewardOutcome first = await Stewards.KeepApartAsync(Ada, Bob, null, Why, default);

        StewardOutcome again = await Stewards.KeepApartAsync(Bob, Ada, null, Why, default);

        (again.Decision, again.IsKnown).ShouldBe((first.Decision, true));
        first.IsKnown.ShouldBeFalse();
        (await InForceAsync()).Length.ShouldBe(1);
    }

    /// <summary>The simulation believes the same of stewards as the database.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_stewards_do_the_book_says_the_same(int seed)
    {
        Random chance = new(seed);
        BaseIndividual[] all = [Ada, Bob, Cal, Eve, Email("fay"), Email("gus")];
        MergeBook book = new();
        for (int step = 0; step < 60; step++)
        {
            BaseIndividual[] two = chance.GetItems(all, 2);
            if (two[0] == two[1])
            {
                continue;
            }

            switch (chance.Next(8))
            {
                case 0:
                    AnchorProof proof = ProofOf($"l{step}", two);
                    await Merges.ProveAsync([proof], [], default);
                    book.Prove([proof], []);
                    break;
                case 1:
                    await Stewards.KeepApartAsync(two[0], two[1], null, Why, default);
                    book.Decide(two[0], two[1], together: false);
                    break;
                case 2 or 3 or 4:
                    await Stewards.JoinAsync(two[0], two[1], Why, default);
                    book.Decide(two[0], two[1], together: true);
                    break;
                default:
                    await Merges.ProveAsync([], two, default);
                    book.Prove([], two);
                    StewardOutcome stored = await Stewards.SeparateAsync(two[0].Id, Why, default);
                    StewardOutcome noted = book.Separate(two[0].Id);
                    stored.Refusal.ShouldBe(noted.Refusal);
                    stored.Withdrawn.Length.ShouldBe(noted.Withdrawn.Length);
                    stored.Restored.Length.ShouldBe(noted.Restored.Length);
                    break;
            }

            (await RootsAsync(all)).ShouldBe(all.Select(one => book.RootOf(one.Id)), $"{step}");
        }
    }

    private async Task<long> JoinAsync(BaseIndividual survivor, BaseIndividual other) =>
        (await Stewards.JoinAsync(survivor, other, Why, default)).Decision!.Value;

    private Task<string[]> RootsAsync(params BaseIndividual[] bases) =>
        Task.WhenAll(bases.Select(one => Merges.RootOfAsync(one.Id, default)));

    private Task<string[]> InForceAsync() =>
        database.RowsAsync(
            """
            select id, together, survivor, other, reason, author, at::text
            from cdp.steward_decision where withdrawn_at is null order by id
            """
        );

    private static AnchorProof ProofOf(string link, params BaseIndividual[] bases) =>
        new(new LinkKey("test", "link", link), "e1", [.. bases]);

    private static BaseIndividual Contact(string id) => new($"ind_{id}", 0, $"contactId:{id}");

    private static BaseIndividual Email(string name) =>
        new($"ind_{name}", 1, $"email:{name}@example.com");
}
