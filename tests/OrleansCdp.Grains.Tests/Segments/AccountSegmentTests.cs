using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Orleans.Serialization;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>People enter and leave segments because of what their account is, whatever happens meanwhile.</summary>
public sealed class AccountSegmentTests : IAsyncLifetime
{
    private static readonly LinkKey Acme = new("shop", "customer", "acme");
    private static readonly LinkKey Other = new("shop", "customer", "other");

    private static readonly SegmentSet Banks = FakeSegments.SetOf(
        1,
        ("banks", "account.industry = 'Bank'", 1, 1)
    );

    private static readonly SegmentSet NotBanks = FakeSegments.SetOf(
        2,
        ("banks", "account.industry = 'Bank'", 1, 1),
        ("quiet", "not account.insights.recent > 0", 1, 2)
    );

    private static readonly SegmentSet Spending = FakeSegments.SetOf(
        3,
        ("spending", "account.insights.spent_by_all >= 20", 1, 3)
    );

    private readonly ConcurrentQueue<SnapshotWrite> saves = new();
    private readonly ConcurrentDictionary<string, bool> failing = new();
    private readonly FakeSegments segments = new(Banks);
    private readonly Cluster cluster;

    public AccountSegmentTests() =>
        cluster = new Cluster
        {
            Clock = new SettableClock(),
            Insights = new FakeInsights(FakeSegments.InsightsOf(Banks, NotBanks, Spending)),
            Segments = segments,
        };

    private FakeDatabase Database => cluster.Database;

    private SettableClock Clock => (SettableClock)cluster.Clock;

    public Task InitializeAsync()
    {
        Database.OnSave = (write, isSaved) =>
        {
            if (isSaved)
            {
                saves.Enqueue(write);
            }
            else if (failing.ContainsKey(write.Id))
            {
                throw new TimeoutException("The database is away.");
            }
        };
        return cluster.InitializeAsync();
    }

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task What_an_account_becomes_makes_its_people_enter_and_leave()
    {
        await SayOfAccountAsync(Acme, "Bank");
        string one = await SayOfPersonAsync("one", Acme);
        string two = await SayOfPersonAsync("two", Acme);
        await Eventually.BeAsync(() => IsIn(one, "banks") && IsIn(two, "banks"));
        MembershipChange entered = ChangesOf(one).ShouldHaveSingleItem();
        (entered.Cause, entered.Version).ShouldBe((MembershipCause.Account, 1));
        entered.Values.ShouldBe([new AskedValue("account.industry", FieldValue.Of("Bank"))]);

        await SayOfAccountAsync(Acme, "Retail");

        await Eventually.BeAsync(() => !IsIn(one, "banks") && !IsIn(two, "banks"));
        ChangesOf(two)[^1].Cause.ShouldBe(MembershipCause.Account);
        await Eventually.BeAsync(async () => (await AccountAsync(Acme)).Told!.IsTold);
    }

    [Fact]
    public async Task Time_alone_changes_an_account_s_insight_and_who_is_in_a_segment_for_it()
    {
        segments.Current = NotBanks;
        string account = await WrittenInsights.OrderAsync(cluster, "acme", SubjectKind.Account);
        string one = await SayOfPersonAsync("one", Acme);
        await ToldAsync(one);
        ChangesOf(one).ShouldBeEmpty("its account ordered, and nobody thinks otherwise before");
        Database.Due[account].ShouldNotBeNull();

        Clock.Advance(TimeSpan.FromMinutes(10));

        await Eventually.BeAsync(() => IsIn(one, "quiet"));
        MembershipChange entered = ChangesOf(one).ShouldHaveSingleItem();
        (entered.Segment, entered.Cause).ShouldBe(("quiet", MembershipCause.Account));
    }

    [Fact]
    public async Task What_people_add_to_an_insight_of_the_account_is_told_to_all_of_them()
    {
        segments.Current = Spending;
        string one = await SayOfPersonAsync("one", Acme);
        string two = await SayOfPersonAsync("two", Acme);
        await ToldAsync(two);

        await WrittenInsights.OrderAsync(cluster, "one", number: 2);
        await WrittenInsights.OrderAsync(cluster, "one", number: 3);
        Clock.Advance(AccountShares.Linger);

        await Eventually.BeAsync(() => IsIn(one, "spending") && IsIn(two, "spending"));
    }

    [Fact]
    public async Task Who_changes_accounts_is_told_by_the_one_it_came_to()
    {
        await SayOfAccountAsync(Acme, "Bank");
        await SayOfAccountAsync(Other, "Retail");
        string one = await SayOfPersonAsync("one", Acme);
        await Eventually.BeAsync(() => IsIn(one, "banks"));

        await SayOfPersonAsync("one", Other, number: 2);

        UnifiedIndividual moved = await IndividualAsync(one);
        moved.AccountFacts.Account.ShouldNotBe(
            SubjectIds.AccountOf(Acme),
            "it is forgotten at once"
        );
        await Eventually.BeAsync(() => !IsIn(one, "banks"));
        ChangesOf(one)[^1].Cause.ShouldBe(MembershipCause.Account);
        await SayOfAccountAsync(Acme, "Bank of Acme");
        await WakeAccountAsync(Acme);
        (await IndividualAsync(one)).AccountFacts.Account.ShouldBe(SubjectIds.AccountOf(Other));
    }

    [Fact]
    public async Task An_older_version_that_comes_late_changes_nothing()
    {
        await SayOfAccountAsync(Acme, "Bank");
        string one = await SayOfPersonAsync("one", Acme);
        await Eventually.BeAsync(() => IsIn(one, "banks"));
        AccountFacts former = (await IndividualAsync(one)).AccountFacts;
        await SayOfAccountAsync(Acme, "Retail");
        await Eventually.BeAsync(() => !IsIn(one, "banks"));

        long version = Database.Snapshots[one].Version;
        (await GrainOf(one).TakeAccountFactsAsync(former)).ShouldBeNull();

        Database.Snapshots[one].Version.ShouldBe(version, "nothing is saved");
        IsIn(one, "banks").ShouldBeFalse();
    }

    [Fact]
    public async Task A_crash_between_the_save_and_the_telling_keeps_nobody_from_hearing()
    {
        await SayOfAccountAsync(Acme, "Bank");
        string one = await SayOfPersonAsync("one", Acme);
        string two = await SayOfPersonAsync("two", Acme);
        await Eventually.BeAsync(() => IsIn(one, "banks") && IsIn(two, "banks"));
        failing[one] = true;
        await SayOfAccountAsync(Acme, "Retail");
        (await WakeAccountAsync(Acme)).ShouldNotBeNull("whoever was not told is told later");
        await Eventually.BeAsync(
            () => !IsIn(two, "banks"),
            "one that fails keeps no other waiting"
        );
        (await AccountAsync(Acme)).Told!.IsTold.ShouldBeFalse();
        IsIn(one, "banks").ShouldBeTrue();

        await AccountOf(Acme).AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        failing.Clear();
        await WakeAccountAsync(Acme);

        IsIn(one, "banks").ShouldBeFalse();
        Account account = await AccountAsync(Acme);
        account.Told!.IsTold.ShouldBeTrue();
        long version = Database.Snapshots[account.Id].Version;
        await WakeAccountAsync(Acme);
        Database.Snapshots[account.Id].Version.ShouldBe(version, "nothing is told again");
    }

    [Fact]
    public async Task One_who_cannot_be_told_keeps_the_others_from_no_later_version()
    {
        await SayOfAccountAsync(Acme, "Bank");
        string one = await SayOfPersonAsync("one", Acme);
        string two = await SayOfPersonAsync("two", Acme);
        await Eventually.BeAsync(() => IsIn(one, "banks") && IsIn(two, "banks"));
        failing[one] = true;
        await SayOfAccountAsync(Acme, "Retail");
        (await WakeAccountAsync(Acme)).ShouldNotBeNull("whoever was not told is told later");
        await Eventually.BeAsync(() => !IsIn(two, "banks"));

        await SayOfAccountAsync(Acme, "Bank", number: 3);
        (await WakeAccountAsync(Acme)).ShouldNotBeNull("whoever was not told is told later");

        await Eventually.BeAsync(() => IsIn(two, "banks"));
        failing.Clear();
        await WakeAccountAsync(Acme);
        (await AccountAsync(Acme)).Told!.IsTold.ShouldBeTrue();
    }

    [Fact]
    public async Task Links_that_move_bring_what_their_account_is_and_take_it_along_again()
    {
        await SayOfAccountAsync(Acme, "Bank");
        await SayOfAccountAsync(Other, "Retail");
        string one = await SayOfPersonAsync("one", Other);
        string two = await SayOfPersonAsync("two", Acme, number: 2);
        await ToldAsync(one);
        await Eventually.BeAsync(() => IsIn(two, "banks"));
        LinkKey link = new("shop", "customer", "two");

        LinkTransfer there = await GrainOf(two)
            .DetachAsync([link], one, rank: 0, two, default, isSentByOwner: false);
        (await GrainOf(one).AttachAsync(new(there))).ShouldBeNull();

        await Eventually.BeAsync(() => IsIn(one, "banks"));
        ChangesOf(one)[^1].Cause.ShouldBe(MembershipCause.Account);
        await GrainOf(one).DetachAsync([link], two, rank: 0, one, default, isSentByOwner: false);
        UnifiedIndividual left = await IndividualAsync(one);
        left.AccountFacts.Account.ShouldNotBe(
            SubjectIds.AccountOf(Acme),
            "it is forgotten at once"
        );
        await Eventually.BeAsync(() => !IsIn(one, "banks"));
        ChangesOf(one)[^1].Cause.ShouldBe(MembershipCause.Account);
    }

    [Fact]
    public async Task Who_is_merged_says_where_it_lives()
    {
        string one = await SayOfPersonAsync("one", Acme);
        await GrainOf(one).DetachAsync([], "ind_root", rank: 0, one, default, isSentByOwner: false);

        string? elsewhere = await GrainOf(one)
            .TakeAccountFactsAsync(new AccountFacts { Account = "acc_1", Version = 1 });

        elsewhere.ShouldBe("ind_root");
    }

    [Fact]
    public async Task A_segment_that_asks_more_of_accounts_is_evaluated_when_they_have_told()
    {
        await SayOfAccountAsync(Acme, "Bank");
        string one = await SayOfPersonAsync("one", Acme);
        await Eventually.BeAsync(() => IsIn(one, "banks"));
        segments.Current = NotBanks;

        await GrainOf(one).WakeAsync(DateTimeOffset.UnixEpoch);
        (await IndividualAsync(one)).Memberships.Waiting.ShouldBe(["quiet"]);
        await WakeAccountAsync(Acme);

        await Eventually.BeAsync(() => IsIn(one, "quiet"));
        ChangesOf(one)[^1].Cause.ShouldBe(MembershipCause.Version);

        segments.Current = FakeSegments.SetOf(4, ("recent", "count(SalesOrder) >= 1", 1, 4));
        await WakeAccountAsync(Acme);
        await GrainOf(one).WakeAsync(DateTimeOffset.UnixEpoch);
        (await AccountAsync(Acme)).Told.ShouldBeNull();
        (await IndividualAsync(one)).AccountFacts.ShouldBe(AccountFacts.None);
    }

    [Fact]
    public async Task Where_no_segment_asks_for_accounts_nothing_is_told_and_nothing_stored()
    {
        segments.Current = FakeSegments.SetOf(4, ("recent", "count(SalesOrder) >= 1", 1, 4));
        await SayOfAccountAsync(Acme, "Bank");
        string one = await SayOfPersonAsync("one", Acme);
        await WakeAccountAsync(Acme);

        (await AccountAsync(Acme)).Told.ShouldBeNull();
        (await IndividualAsync(one)).AccountFacts.ShouldBe(AccountFacts.None);
        segments.Current.OfAccounts.ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_people_are_told_in_more_than_one_look()
    {
        await SayOfAccountAsync(Acme, "Bank");
        await NotePeopleAsync(AccountTeller.OfOneLookMax);
        await Eventually.BeAsync(async () => (await AccountAsync(Acme)).Told is { IsTold: true });
        await SayOfAccountAsync(Acme, "Retail");
        (await WakeAccountAsync(Acme)).ShouldBeNull("all were told at once");
        (await AccountAsync(Acme)).Told!.IsTold.ShouldBeTrue();

        await NotePeopleAsync(AccountTeller.OfOneLookMax + 1);
        await SayOfAccountAsync(Acme, "Bank", number: 3);
        DateTimeOffset now = Clock.GetUtcNow();
        (await WakeAccountAsync(Acme))!.Value.ShouldBeGreaterThanOrEqualTo(now);
        await WakeAccountAsync(Acme);
        (await AccountAsync(Acme)).Told!.IsTold.ShouldBeTrue();
    }

    private async Task NotePeopleAsync(int count) =>
        await AccountOf(Acme)
            .NoteMembersAsync(
                new([
                    .. Enumerable
                        .Range(0, count)
                        .Select(i => new MemberChange
                        {
                            Account = Acme,
                            Link = new LinkKey("crm", "Contact", $"{i}"),
                            Individual = $"ind_nobody{i}",
                            Belongs = true,
                            Stamp = new Stamp(),
                            EventId = "",
                        }),
                ])
            );

    private async Task SayOfAccountAsync(LinkKey account, string industry, int number = 0)
    {
        number =
            number > 0 ? number
            : industry == "Bank" ? 1
            : 2;
        var outcomes = await AccountOf(account)
            .ApplyAsync(
                new([
                    (
                        Some.Event(account, $"{industry}{number}") with
                        {
                            Subject = SubjectKind.Account,
                            Traits = [new Field("industry", FieldValue.Of(industry))],
                            OccurredAt = Some.Noon.AddMinutes(number),
                        }
                    ).At(number),
                ])
            );
        outcomes.ShouldAllBe(outcome => outcome.Kind == OutcomeKind.Applied);
    }

    private async Task<string> SayOfPersonAsync(string name, LinkKey account, int number = 1)
    {
        LinkKey link = new("shop", "customer", name);
        string id = SubjectIds.IndividualOf(link);
        var outcomes = await GrainOf(id)
            .ApplyAsync(
                new([
                    (
                        Some.Event(link, $"{name}{number}") with
                        {
                            Account = account,
                            OccurredAt = Some.Noon.AddMinutes(number),
                        }
                    ).At(number),
                ]),
                id
            );
        outcomes.ShouldAllBe(outcome => outcome.Kind == OutcomeKind.Applied);
        return id;
    }

    private Task ToldAsync(string id) =>
        Eventually.BeAsync(async () => (await IndividualAsync(id)).AccountFacts.Version > 0);

    private IAccountGrain AccountOf(LinkKey link) =>
        cluster.Grains.GetGrain<IAccountGrain>(SubjectIds.AccountOf(link));

    private Task<DateTimeOffset?> WakeAccountAsync(LinkKey link) =>
        AccountOf(link).WakeAsync(DateTimeOffset.UnixEpoch);

    private IUnifiedIndividualGrain GrainOf(string id) =>
        cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);

    private bool IsIn(string id, string segment) =>
        ChangesOf(id).LastOrDefault(change => change.Segment == segment) is { Entered: true };

    private MembershipChange[] ChangesOf(string id) =>
        [.. saves.Where(write => write.Id == id).SelectMany(write => write.MembershipChanges)];

    private async Task<Account> AccountAsync(LinkKey link) =>
        (await StoredAsync(SubjectIds.AccountOf(link), AccountShape.Instance))!;

    private async Task<UnifiedIndividual> IndividualAsync(string id) =>
        (await StoredAsync(id, IndividualShape.Instance))!;

    private async Task<T?> StoredAsync<T>(string id, IStateShape<T> shape)
        where T : class =>
        await new SnapshotCell<T>(
            id,
            Database,
            cluster.Services.GetRequiredService<Serializer>(),
            shape
        ).LoadAsync(default);
}
