using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>An identifier names so many individuals; with one more it names nobody, and with one less it does again.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchGuardTests(PostgresServer server)
{
    private const int Max = 2;
    private const string Case = "crm/Case/1";
    private const string Desk = "desk@example.com";

    private static readonly string Text = With(Max);
    private static readonly int[] Mailboxes = [0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5];
    private static readonly string[] LastNames = ["Lovelace", "Miller", "Stone", "Rivera", "Novak"];

    [Fact]
    public async Task One_individual_too_many_takes_an_identifier_its_meaning_and_its_going_gives_it_back()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo, Text);
        await SayCaseAsync(index);
        MatchOutcome[] within = [await SayPersonAsync(index, 0), await SayPersonAsync(index, 1)];
        within.ShouldAllBe(outcome => outcome.Guards.Count == 0);
        (await index.FindAsync(Case)).Individual.ShouldBe(Person(0));

        MatchOutcome beyond = await SayPersonAsync(index, 2);

        GuardChange change = beyond.Guards.ShouldHaveSingleItem();
        (change.IsGuarded, change.Value.Field, change.Value.Text).ShouldBe((true, "email", Desk));
        (await index.ReviewGuardsAsync()).ShouldBe(1);
        (await index.FindAsync(Case)).Individual.ShouldBeNull("nothing else says whose it is");
        (await SayPersonAsync(index, 3)).Guards.ShouldBeEmpty("it is known by now");
        await index.ReviewGuardsAsync();

        // The links of two of the four turn out to be the first one's.
        await MoveAsync(index, 2, 0);
        (await index.FindAsync(Case)).Individual.ShouldBeNull("three are still one too many");
        MatchOutcome again = await MoveAsync(index, 3, 0);

        again.Guards.Single().IsGuarded.ShouldBeFalse();
        await index.ReviewGuardsAsync();
        (await index.FindAsync(Case)).Individual.ShouldBe(Person(0));
        (
            await database.NumberAsync(
                "select count(*) from cdp.match_guard where reviewed is not null"
            )
        ).ShouldBe(0);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 5)]
    [InlineData(3, 100)]
    public async Task Whatever_the_order_and_the_company_the_result_is_that_of_the_engine(
        int seed,
        int batchMax
    )
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo, Text);
        (string? Owner, LinkEvent Event)[] said = [.. Crowd(index)];
        var expected = EngineOf(said);

        await index.SayShuffledAsync(said, new Random(seed), batchMax);

        await index.ReviewGuardsAsync();
        foreach (var (link, individual) in expected)
        {
            (await index.FindAsync(link)).Individual.ShouldBe(individual, link);
        }

        (
            await database.NumberAsync("select count(*) from cdp.match_guard where guarded")
        ).ShouldBeGreaterThan(1);
    }

    [Fact]
    public async Task Of_those_who_have_it_so_many_are_looked_at_in_one_round_and_the_next_goes_on()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo, Text);
        await index.SayAsync([
            .. Enumerable
                .Range(0, GuardReview.RoundMax + 1 - Max - 1)
                .Select(i => index.Event(Number("crm/Case/n", i), "email", Desk)),
        ]);
        for (int i = 0; i <= Max; i++)
        {
            await SayPersonAsync(index, i);
        }

        // The last individual knows itself; whoever came before it does not.
        (await GuardedAsync()).ShouldBe(1);
        (await index.ReviewGuardsOnceAsync()).ShouldBeTrue();
        (await GuardedAsync()).ShouldBe(GuardReview.RoundMax + 1, "one by itself and one round");
        (await index.ReviewGuardsOnceAsync()).ShouldBeTrue();
        (await index.ReviewGuardsOnceAsync()).ShouldBeFalse();
        (await GuardedAsync()).ShouldBe(GuardReview.RoundMax + 1);

        Task<long> GuardedAsync() =>
            database.NumberAsync("select count(*) from cdp.match_record where guarded is not null");
    }

    [Fact]
    public async Task Another_version_with_another_limit_decides_as_if_it_had_always_been()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo, With(Max + 1));
        await SayCaseAsync(index);
        for (int i = 0; i <= Max; i++)
        {
            await SayPersonAsync(index, i);
        }

        (await index.FindAsync(Case)).Individual.ShouldBe(Person(0));

        // As far as it is live; who is moved then is nobody that anybody knows here.
        var reports = await index.ReplayAsync(MatchIndex.Version + 1, Text, reportsMax: 2);

        reports[^1].Live.ShouldBeTrue();
        (await index.FindAsync(Case)).Individual.ShouldBeNull();
    }

    [Fact]
    public async Task Records_of_an_earlier_program_note_their_identifiers_by_themselves()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        MatchIndex index = new(silo, Text);
        await SayCaseAsync(index);
        await SayPersonAsync(index, 0);
        await SayPersonAsync(index, 1);
        await database.ExecuteAsync(
            "delete from cdp.match_identifier; update cdp.match_space set identifiers_to = 0"
        );
        (await SayPersonAsync(index, 2)).Guards.ShouldBeEmpty("the others have not noted theirs");

        (await index.ReviewGuardsAsync()).ShouldBe(
            2,
            "one to note them, one to look at them again"
        );

        (await index.FindAsync(Case)).Individual.ShouldBeNull();
        (
            await database.NumberAsync(
                "select count(*) from cdp.match_space where identifiers_to > 0"
            )
        ).ShouldBe(0);
        (await index.ReviewGuardsOnceAsync()).ShouldBeFalse();
    }

    private static string With(int max) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"guards:\n  individualsPerIdentifierMax: {max}\n{MatchIndex.Text}"
        );

    private static string Number(string of, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{of}{number}");

    private static string Person(int number) => Number("ind_person", number);

    private static Task<List<MatchOutcome>> SayCaseAsync(MatchIndex index) =>
        index.SayAsync(index.Event(Case, "email", Desk, "lastName", LastNames[0]));

    private static async Task<MatchOutcome> SayPersonAsync(MatchIndex index, int number) =>
        (
            await index.SayAsync(
                Person(number),
                index.Event(
                    Number("crm/Contact/", number),
                    "lastName",
                    LastNames[number],
                    "email",
                    Desk
                )
            )
        ).Single();

    /// <summary>A person's link turns out to be another one's.</summary>
    private static async Task<MatchOutcome> MoveAsync(MatchIndex index, int number, int to) =>
        (
            await index.SayAsync(
                Person(to),
                index.Event(Number("crm/Contact/", number), "city", "Town")
            )
        ).Single();

    /// <summary>People and cases that share mailboxes: of some mailboxes there are too many people.</summary>
    private static IEnumerable<(string? Owner, LinkEvent Event)> Crowd(MatchIndex index)
    {
        Random chance = new(7);
        for (int i = 0; i < 12; i++)
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
        }

        for (int i = 0; i < 25; i++)
        {
            yield return (
                null,
                index.Event(
                    Number("crm/Case/", i),
                    "lastName",
                    LastNames[chance.Next(LastNames.Length)],
                    "email",
                    MailOf(chance.Next(Mailboxes.Length))
                )
            );
        }

        // Of the first two mailboxes there are three people, of the next two two, of the last two one.
        static string MailOf(int person) => Number("mail", Mailboxes[person]) + "@example.com";
    }

    private static Dictionary<string, string?> EngineOf((string? Owner, LinkEvent Event)[] said)
    {
        FuzzyRules rules = Ruleset.Compile(MatchIndex.Ruleset, Text).Ruleset!.Fuzzy!;
        MatchSimulation engine = new(rules);
        foreach ((string? owner, LinkEvent e) in said)
        {
            engine.Add(owner ?? e.Link.ToString(), rules.ValuesOf(e)!, owner);
        }

        engine.KeysClosed.ShouldBe(0, "where a limit is met the order may matter");
        engine.IdentifiersGuarded.ShouldBeGreaterThan(1);
        return said.Where(one => one.Owner is null)
            .Select(one => one.Event.Link.ToString())
            .ToDictionary(link => link, engine.IndividualOf);
    }
}
