namespace OrleansCdp.Identity;

/// <summary>
/// The store looks at neighbourhoods and takes what is new without a lock. It decides as if it looked at everything at once.
/// </summary>
[Collection(PostgresCollection.Name)]
public sealed class MergeStoreLawTests(PostgresServer server) : IAsyncLifetime
{
    private const int Turns = 25;
    private TestDatabase database = null!;
    private StoreHost silo = null!;
    private StoreHost other = null!;

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await StoreHost.StartAsync(database);
        other = await StoreHost.StartAsync(database, "b");
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await other.DisposeAsync();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Roots_are_those_that_follow_from_everything(int seed)
    {
        Random random = new(seed);
        BaseIndividual[] people = People($"s{seed}");
        MergeBook book = new();
        for (int turn = 0; turn < Turns; turn++)
        {
            if (turn > 3 && random.Next(4) == 0)
            {
                await StewardAsync(random, people, book);
            }
            else
            {
                AnchorProof[] proofs = Proofs(random, people, seed);
                BaseIndividual[] bearing = random.GetItems(people[12..], random.Next(3));
                await silo.Get<IMergeStore>().ProveAsync(proofs, bearing, default);
                book.Prove(proofs, bearing);
            }

            (await RootsAsync(seed)).ShouldBe(
                book.Individuals.Order(StringComparer.Ordinal)
                    .Select(id => $"{id}|{book.RootOf(id)}"),
                $"turn {turn}"
            );
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    public async Task Two_silos_that_prove_at_once_agree_with_one(int seed)
    {
        Random random = new(seed);
        BaseIndividual[] people = People($"s{seed}");
        MergeBook book = new();
        for (int turn = 0; turn < Turns; turn++)
        {
            AnchorProof[] some = Proofs(random, people, seed);
            AnchorProof[] more = Proofs(random, people, seed);
            await Task.WhenAll(
                silo.Get<IMergeStore>().ProveAsync(some, [], default),
                other.Get<IMergeStore>().ProveAsync(more, [], default)
            );
            book.Prove([.. some, .. more], []);

            (await RootsAsync(seed)).ShouldBe(
                book.Individuals.Order(StringComparer.Ordinal)
                    .Select(id => $"{id}|{book.RootOf(id)}"),
                $"turn {turn}"
            );
        }
    }

    [Fact]
    public async Task Two_silos_that_meet_at_a_link_only_join_all_whom_it_states()
    {
        for (int round = 0; round < 20; round++)
        {
            BaseIndividual[] four =
            [
                .. Enumerable
                    .Range(0, 4)
                    .Select(i => new BaseIndividual($"ind_r{round}_{i}", 1, $"email:{round}.{i}")),
            ];
            LinkKey link = new("test", "link", $"r{round}");

            await Task.WhenAll(
                silo.Get<IMergeStore>()
                    .ProveAsync([new(link, "e", [four[0], four[2]])], [], default),
                other
                    .Get<IMergeStore>()
                    .ProveAsync([new(link, "e", [four[1], four[3]])], [], default)
            );

            foreach (BaseIndividual one in four)
            {
                (await silo.Get<IMergeStore>().RootOfAsync(one.Id, default)).ShouldBe(four[0].Id);
            }
        }
    }

    private async Task StewardAsync(Random random, BaseIndividual[] people, MergeBook book)
    {
        IStewardStore stewards = silo.Get<IStewardStore>();
        StewardWord why = new("tests", "tests");
        BaseIndividual[] two = [.. people];
        random.Shuffle(two);
        switch (random.Next(3))
        {
            case 0:
                await stewards.JoinAsync(two[0], two[1], why, default);
                book.Decide(two[0], two[1], together: true);
                break;
            case 1:
                await stewards.KeepApartAsync(two[0], two[1], null, why, default);
                book.Decide(two[0], two[1], together: false);
                break;
            default:
                await stewards.SeparateAsync(two[0].Id, why, default);
                book.Separate(two[0].Id);
                break;
        }
    }

    /// <summary>Some of few links, one of which states nearly everybody in the end.</summary>
    private static AnchorProof[] Proofs(Random random, BaseIndividual[] people, int seed) =>
        [
            .. Enumerable
                .Range(0, random.Next(1, 6))
                .Select(_ => new AnchorProof(
                    new LinkKey("test", $"s{seed}", $"{Math.Max(0, random.Next(-4, 40))}"),
                    "e",
                    [.. random.GetItems(people, random.Next(2, 4)).Distinct()]
                )),
        ];

    private static BaseIndividual[] People(string prefix) =>
        [
            .. Enumerable
                .Range(0, 36)
                .Select(i =>
                    i < 12 ? new BaseIndividual($"ind_{prefix}_c{i}", 0, $"contactId:{i}")
                    : i < 24 ? new BaseIndividual($"ind_{prefix}_e{i}", 1, $"email:{i}")
                    : new BaseIndividual($"ind_{prefix}_u{i}", 2, $"userId:{i}")
                ),
        ];

    private Task<string[]> RootsAsync(int seed) =>
        database.RowsAsync(
            $"select id, root from cdp.base_individual where id like 'ind\\_s{seed}\\_%' order by id"
        );
}
