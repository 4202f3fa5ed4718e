using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Orleans.Serialization;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>What people add reaches their account, whatever comes between.</summary>
public sealed class AccountPeopleTests : IAsyncLifetime
{
    private const string Red = "red";
    private const string Blue = "blue";
    private static readonly TimeSpan Later = Waking.PutOffMax + AccountShares.Linger;
    private readonly SettableClock clock = new();
    private readonly FakeInsights insights = new(SomePeople.Insights);
    private readonly SortedSet<string> stored = new(StringComparer.Ordinal);
    private readonly Cluster cluster;

    public AccountPeopleTests() => cluster = new Cluster { Clock = clock, Insights = insights };

    public Task InitializeAsync()
    {
        cluster.History.Ids = stored;
        return cluster.InitializeAsync();
    }

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task What_somebody_did_is_handed_over_by_the_clock()
    {
        await OrderAsync("ada", Red, 10, number: 1);
        await OrderAsync("ada", Red, 5, number: 2);
        await OrderAsync("bob", Red, 7, number: 1);

        clock.Advance(AccountShares.Linger);

        await ShouldBeAsync(Red, "1: 22 of 3 by 2");
    }

    [Fact]
    public async Task Who_goes_to_another_account_is_taken_off_where_they_were()
    {
        await OrderAsync("ada", Red, 10, number: 1);
        clock.Advance(AccountShares.Linger);
        await ShouldBeAsync(Red, "1: 10 of 1 by 1");

        string ada = await OrderAsync("ada", Blue, 5, number: 2);
        clock.Advance(AccountShares.Linger);

        await ShouldBeAsync(Blue, "1: 15 of 2 by 1");
        await ShouldBeAsync(Red);
        await Eventually.BeAsync(async () =>
            (await StateOfAsync(ada)).CountedAt.SequenceEqual([AccountOf(Blue)])
        );
    }

    [Fact]
    public async Task An_account_that_cannot_be_told_is_told_later_also_by_another_activation()
    {
        string ada = await OrderAsync("ada", Red, 10, number: 1);
        clock.Advance(AccountShares.Linger);
        await ShouldBeAsync(Red, "1: 10 of 1 by 1");
        bool fails = true;
        int failed = 0;
        cluster.Database.OnSave = (write, _) =>
        {
            if (fails && write.Id.StartsWith(SubjectIds.PeoplePrefix, StringComparison.Ordinal))
            {
                failed++;
                throw new TimeoutException("The database is away.");
            }
        };
        await OrderAsync("ada", Blue, 5, number: 2);
        clock.Advance(AccountShares.Linger);
        await Eventually.BeAsync(() => failed > 0);

        await cluster
            .Grains.GetGrain<IUnifiedIndividualGrain>(ada)
            .AsReference<IGrainManagementExtension>()
            .DeactivateOnIdle();
        fails = false;
        clock.Advance(Later);

        await ShouldBeAsync(Blue, "1: 15 of 2 by 1");
        await ShouldBeAsync(Red);
    }

    [Fact]
    public async Task What_is_written_at_the_same_time_does_not_make_one_forget_whom_to_tell()
    {
        insights.Current = new InsightSet(
            [.. SomePeople.Insights.All, .. WrittenInsights.SetOf(("window: 10 minutes", 9)).All],
            SomePeople.Insights.Newest
        );
        bool fails = true;
        int failed = 0;
        cluster.Database.OnSave = (write, _) =>
        {
            if (fails && write.Id.StartsWith(SubjectIds.PeoplePrefix, StringComparison.Ordinal))
            {
                failed++;
                throw new TimeoutException("The database is away.");
            }
        };
        string ada = await OrderAsync("ada", Red, 10, number: 1);
        WrittenInsights.WrittenOf(cluster.Database, ada).ShouldBe("1");

        // By now the order is out of the window, and the account was never told of it.
        clock.Advance(TimeSpan.FromMinutes(12));
        await Eventually.BeAsync(() =>
            failed > 0 && WrittenInsights.WrittenOf(cluster.Database, ada) == "0"
        );
        fails = false;
        clock.Advance(Later);

        await ShouldBeAsync(Red, "1: 10 of 1 by 1");
    }

    [Fact]
    public async Task Where_people_cannot_be_asked_events_are_taken_and_other_values_told()
    {
        insights.Current = WithWritten;
        cluster.Database.Snapshots[SubjectIds.PeopleOf(AccountOf(Red))] = new Snapshot(
            1,
            [255, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
            []
        );
        SequencedEvent own = (
            Some.Event(LinkOf(Red), "own") with
            {
                Subject = SubjectKind.Account,
                Kind = EventKind.Created,
                Object = RecordObjects.SalesOrder,
                RecordId = "own",
                Traits = [],
                Fields = [new Field("total", FieldValue.Of(3m))],
            }
        ).At(1);
        IAccountGrain account = cluster.Grains.GetGrain<IAccountGrain>(AccountOf(Red));

        var outcomes = await account.ApplyAsync(new([own]));

        outcomes.ShouldAllBe(outcome => outcome.Kind == OutcomeKind.Applied);
        ContextAnswer answer = (
            await account.GetInsightsAsync(new InsightQuestion(clock.GetUtcNow(), Explain: true))
        )!;
        JsonNode value = JsonNode.Parse(answer.Json)!["insights"]!["spent"]!;
        ((bool)value["incomplete"]!).ShouldBeTrue();
        cluster.Database.Outbox.ShouldBeEmpty("a part of the value is none to write");
    }

    [Fact]
    public async Task A_field_is_written_because_of_people_once_they_are_known()
    {
        insights.Current = WithWritten;
        await OrderAsync("ada", Red, 10, number: 1);
        await OrderAsync("bob", Red, 7, number: 1);
        await cluster.Grains.GetGrain<IAccountGrain>(AccountOf(Red)).NoteMembersAsync(new([]));

        clock.Advance(AccountShares.Linger);

        await Eventually.BeAsync(
            () => WrittenInsights.WrittenOf(cluster.Database, AccountOf(Red)) == "17",
            "what both spent is written"
        );
    }

    [Fact]
    public async Task What_people_add_while_their_account_is_looked_at_is_written_too()
    {
        insights.Current = WithWritten;
        string red = AccountOf(Red);
        bool told = false;
        cluster.Database.Due.OnWrite = async looks =>
        {
            if (!told && looks.Any(look => look.Of.Id == red))
            {
                told = true; // The account was asked already, and it is not stored yet that it was.
                await PeopleOf(Red).TakeAsync(SomePeople.Share("ind_bob", 1, spent: 7));
            }
        };
        await OrderAsync("ada", Red, 10, number: 1);
        await cluster.Grains.GetGrain<IAccountGrain>(red).NoteMembersAsync(new([]));

        clock.Advance(AccountShares.Linger);

        await Eventually.BeAsync(
            () => WrittenInsights.WrittenOf(cluster.Database, red) == "17",
            "what both spent is written"
        );
        told.ShouldBeTrue();
    }

    [Fact]
    public async Task What_is_damaged_is_asked_for_anew_and_said_to_be_incomplete_meanwhile()
    {
        stored.Add(await OrderAsync("ada", Red, 10, number: 1));
        stored.Add(await OrderAsync("bob", Red, 7, number: 1));
        TaskCompletionSource gate = new();
        cluster.History.OnIds = () => gate.Task;
        cluster.Database.Snapshots[SubjectIds.PeopleOf(AccountOf(Red))] = new Snapshot(
            1,
            [1, 2, 3],
            []
        );

        PeopleSums sums = await PeopleOf(Red).GetSumsAsync();

        sums.IsPartial.ShouldBeTrue();
        gate.SetResult();
        await ShouldBeAsync(Red, "1: 17 of 2 by 2");
        await Eventually.BeAsync(async () => !(await PeopleOf(Red).GetSumsAsync()).IsPartial);
    }

    [Fact]
    public async Task Whoever_says_nothing_new_costs_no_save()
    {
        string ada = await OrderAsync("ada", Red, 10, number: 1);
        clock.Advance(AccountShares.Linger);
        await ShouldBeAsync(Red, "1: 10 of 1 by 1");
        int saves = 0;
        cluster.Database.OnSave = (write, _) => Interlocked.Increment(ref saves);

        await cluster.Grains.GetGrain<IUnifiedIndividualGrain>(ada).WakeAsync(clock.GetUtcNow());

        saves.ShouldBe(0);
    }

    [Fact]
    public async Task People_are_listed_the_highest_value_first()
    {
        string ada = await OrderAsync("ada", Red, 10, number: 1);
        string bob = await OrderAsync("bob", Red, 70, number: 1);
        clock.Advance(AccountShares.Linger);
        await ShouldBeAsync(Red, "1: 80 of 2 by 2");

        (await PeopleOf(Red).GetPeopleAsync(1, clock.GetUtcNow()))
            .Select(one => (one.Individual, one.Value?.Text, one.Items))
            .ShouldBe([(bob, "70", 1), (ada, "10", 1)]);
        (await PeopleOf(Red).GetPeopleAsync(77, clock.GetUtcNow())).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_record_that_is_nobodys_counts_and_is_neither_a_person_nor_listed()
    {
        await OrderAsync("nobody", Red, 5, number: 1, SubjectIds.RecordOf);
        clock.Advance(AccountShares.Linger);
        await ShouldBeAsync(Red, "1: 5 of 1 by 0");

        string ada = await OrderAsync("ada", Red, 10, number: 1);
        clock.Advance(AccountShares.Linger);
        await ShouldBeAsync(Red, "1: 15 of 2 by 1");

        (await PeopleOf(Red).GetPeopleAsync(1, clock.GetUtcNow()))
            .Select(one => one.Individual)
            .ShouldBe([ada]);
    }

    /// <summary>What people spent is written into the CRM.</summary>
    private static InsightSet WithWritten =>
        new(
            [
                .. SomePeople.Insights.All.Select(insight =>
                    insight.Revision == 1
                        ? insight with
                        {
                            Definition = insight.Definition with
                            {
                                Writes = new WrittenField("Account", "Orders__c"),
                            },
                        }
                        : insight
                ),
            ],
            SomePeople.Insights.Newest
        );

    private static LinkKey LinkOf(string account) => new("crm", "Account", account);

    private static string AccountOf(string account) => SubjectIds.AccountOf(LinkOf(account));

    private IAccountPeopleGrain PeopleOf(string account) =>
        cluster.Grains.GetGrain<IAccountPeopleGrain>(AccountOf(account));

    private async Task<UnifiedIndividual> StateOfAsync(string individual) =>
        (
            await new SnapshotCell<UnifiedIndividual>(
                individual,
                cluster.Database,
                cluster.Services.GetRequiredService<Serializer>(),
                IndividualShape.Instance
            ).LoadAsync(default)
        )!;

    /// <summary>What is said of what was spent, before long; nothing for nobody.</summary>
    private async Task ShouldBeAsync(string account, params string[] expected)
    {
        string[] said = [];
        await Eventually.BeAsync(
            async () =>
            {
                said =
                [
                    .. SomePeople
                        .Said((await PeopleOf(account).GetSumsAsync()).Sums)
                        .Where(one => one.StartsWith("1:", StringComparison.Ordinal)),
                ];
                return said.SequenceEqual(expected);
            },
            $"{account} is told {string.Join(", ", expected)}",
            () => string.Join(", ", said)
        );
    }

    private async Task<string> OrderAsync(
        string name,
        string account,
        int total,
        int number,
        Func<LinkKey, string>? idOf = null
    )
    {
        LinkKey link = new("shop", "customer", name);
        string id = (idOf ?? SubjectIds.IndividualOf)(link);
        SequencedEvent order = (
            Some.Event(link, $"order-{name}-{number}") with
            {
                Kind = EventKind.Created,
                Object = RecordObjects.SalesOrder,
                RecordId = $"{name}-{number}",
                Traits = [],
                OccurredAt = clock.GetUtcNow(),
                ReceivedAt = clock.GetUtcNow(),
                Version = number,
                Account = LinkOf(account),
                Fields = [new Field("total", FieldValue.Of((decimal)total))],
            }
        ).At(number);
        var outcomes = await cluster
            .Grains.GetGrain<IUnifiedIndividualGrain>(id)
            .ApplyAsync(new([order]), id);
        outcomes.ShouldAllBe(outcome => outcome.Kind == OutcomeKind.Applied);
        return id;
    }
}
