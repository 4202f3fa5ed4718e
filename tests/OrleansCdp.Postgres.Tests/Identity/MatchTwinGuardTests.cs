using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Those that say the same are decided about as each of them would be alone, also where what they say stops identifying
/// anybody, and begins to again.
/// </summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchTwinGuardTests(PostgresServer server) : IAsyncLifetime
{
    private const int Max = 2;
    private const string Nobody = "nobody";
    private const string Desk = "desk@example.com";
    private static readonly string Text = string.Create(
        CultureInfo.InvariantCulture,
        $"guards:\n  individualsPerIdentifierMax: {Max}\n{MatchIndex.Text}"
    );

    private static readonly FuzzyRules Rules = Ruleset
        .Compile(MatchIndex.Ruleset, Text)
        .Ruleset!.Fuzzy!;

    private static readonly string[] Says = ["lastName", "Lovelace", "email", Desk];
    private static readonly string[] LastNames = ["Lovelace", "Miller", "Stone", "Rivera"];

    private TestDatabase database = null!;
    private StoreHost silo = null!;
    private MatchIndex index = null!;

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await StoreHost.StartAsync(database);
        index = new MatchIndex(silo, Text);
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData(5)]
    [InlineData(GuardReview.RoundMax + 5)]
    public async Task What_names_too_many_takes_all_of_them_away_and_gives_all_of_them_back(
        int count
    )
    {
        await SayCasesAsync(count);
        await SayPeopleAsync(Max);
        (await OwnersAsync()).ShouldBe([(Person(0), count)]);
        (await ComparedAsync()).ShouldBe(1);

        await SayPersonAsync(Max);
        await index.ReviewGuardsAsync();

        (await OwnersAsync()).ShouldBe([(Nobody, count)], "nothing else says whose they are");
        (await GroupsAsync()).ShouldBe(count, "and nothing that they are one");
        (await ComparedAsync()).ShouldBe(count);

        await MoveAsync(Max, to: 0);
        await index.ReviewGuardsAsync();

        (await OwnersAsync()).ShouldBe([(Person(0), count)]);
        (await GroupsAsync()).ShouldBe(1);
        (await ComparedAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Those_that_come_once_it_names_too_many_are_as_those_that_came_before()
    {
        await SayPeopleAsync(Max + 1);
        await SayCasesAsync(5);
        await index.ReviewGuardsAsync();
        (await OwnersAsync()).ShouldBe([(Nobody, 5)]);
        (await ComparedAsync()).ShouldBe(5);

        await MoveAsync(Max, to: 0);
        await index.ReviewGuardsAsync();

        (await OwnersAsync()).ShouldBe([(Person(0), 5)]);
        (await ComparedAsync()).ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_takes_the_place_of_another_is_found_by_all_it_says(bool isReviewed)
    {
        await SayCasesAsync(3);
        await SayPeopleAsync(Max + 1);
        if (isReviewed)
        {
            await index.ReviewGuardsAsync();
        }

        // Nobody has looked at the next one yet, and it is compared from now on.
        await index.SayAsync(index.Event(Case(1), "firstName", "Bob", "born", "1970-01-01"));
        await MoveAsync(Max, to: 0);
        await index.ReviewGuardsAsync();

        (await OwnersAsync([Case(2), Case(3)])).ShouldBe([(Person(0), 2)]);
        (await KeysAsync(Case(2))).ShouldBe(KeysOfNew());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 100)]
    public async Task Whatever_the_order_they_are_as_if_each_of_them_were_compared(
        int seed,
        int batchMax
    )
    {
        (string? Owner, LinkEvent Event)[] said = [.. Crowd()];
        Dictionary<string, string?> expected = ExpectedOf(said);
        Random order = new(seed);

        await index.SayShuffledAsync(
            said,
            order,
            batchMax,
            () => order.Next(4) == 0 ? index.ReviewGuardsOnceAsync() : Task.CompletedTask
        );

        await index.ReviewGuardsAsync();
        foreach (var (link, individual) in expected)
        {
            (await index.FindAsync(link)).Individual.ShouldBe(individual, link);
        }
    }

    /// <summary>
    /// Of the first mailbox there are more people than may be, of the second as many. Each case is written five times over.
    /// </summary>
    private IEnumerable<(string? Owner, LinkEvent Event)> Crowd()
    {
        foreach (int i in Enumerable.Range(0, 5))
        {
            yield return (
                Person(i),
                index.Event(
                    Number("crm/Contact/", i),
                    "lastName",
                    LastNames[i % LastNames.Length],
                    "email",
                    MailOf(i)
                )
            );
            foreach (int copy in Enumerable.Range(0, 5))
            {
                yield return (
                    null,
                    index.Event(
                        Number($"crm/Case/{i}-", copy),
                        "lastName",
                        LastNames[i % LastNames.Length],
                        "email",
                        MailOf(i)
                    )
                );
            }
        }

        static string MailOf(int person) => Number("mail", person < 3 ? 0 : 1) + "@example.com";
    }

    /// <summary>By the engine, to which one of those that say the same is told at a time.</summary>
    private static Dictionary<string, string?> ExpectedOf((string? Owner, LinkEvent Event)[] said)
    {
        Dictionary<string, string?> expected = [];
        foreach ((string? _, LinkEvent one) in said.Where(one => one.Owner is null))
        {
            MatchSimulation engine = new(Rules);
            foreach ((string? owner, LinkEvent e) in said.Where(s => s.Owner is not null))
            {
                engine.Add(owner!, Rules.ValuesOf(e)!, owner);
            }

            string link = one.Link.ToString();
            engine.Add(link, Rules.ValuesOf(one)!, null);
            expected[link] = engine.IndividualOf(link);
        }

        expected.Values.OfType<string>().Distinct().Count().ShouldBe(2);
        expected.Values.ShouldContain((string?)null);
        return expected;
    }

    private async Task SayCasesAsync(int count) =>
        await index.SayAsync([
            .. Enumerable.Range(1, count).Select(i => index.Event(Case(i), Says)),
        ]);

    private async Task SayPeopleAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            await SayPersonAsync(i);
        }
    }

    private async Task SayPersonAsync(int number) =>
        await index.SayAsync(
            Person(number),
            index.Event(
                Number("crm/Contact/", number),
                "lastName",
                LastNames[number],
                "email",
                Desk
            )
        );

    /// <summary>A person's link turns out to be another one's.</summary>
    private async Task MoveAsync(int number, int to) =>
        await index.SayAsync(
            Person(to),
            index.Event(Number("crm/Contact/", number), "city", "Town")
        );

    /// <summary>How many records each individual has, of those that no anchor names.</summary>
    private async Task<(string Individual, int Count)[]> OwnersAsync(
        IReadOnlyCollection<string>? of = null
    ) =>
        [
            .. (await index.ListAsync())
                .Where(link => of?.Contains(link.Link) ?? !link.IsAnchored)
                .CountBy(link => link.Individual ?? Nobody)
                .Select(one => (one.Key, one.Value)),
        ];

    private async Task<int> GroupsAsync() =>
        (await index.ListAsync())
            .Where(link => !link.IsAnchored)
            .Select(link => link.Group)
            .Distinct()
            .Count();

    /// <summary>Records of nobody that are compared themselves.</summary>
    private Task<long> ComparedAsync() =>
        database.NumberAsync(
            "select count(*) from cdp.match_record where owner is null and coalesce(twin, id) = id"
        );

    private Task<long> KeysAsync(string link) =>
        database.NumberAsync(
            $"""
            select count(*) from cdp.match_key k join cdp.match_record r on r.id = k.record_id
            where r.subject = '{link}'
            """
        );

    /// <summary>How many keys a record has that says the same and was never anything else.</summary>
    private long KeysOfNew() =>
        Rules.KeysOf(Rules.ValuesOf(index.Event("crm/Case/x", Says))!).Length;

    private static string Number(string of, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{of}{number}");

    private static string Case(int number) => Number("crm/Case/", number);

    private static string Person(int number) => Number("ind_person", number);
}
