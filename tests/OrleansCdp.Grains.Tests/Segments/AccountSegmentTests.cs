using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>People enter and leave segments because of what their account is, whatever happens meanwhile.</summary>
public sealed class AccountSegmentTests : AccountSegments
{
    [Fact]
    public async Task What_an_account_becomes_makes_its_people_enter_and_leave()
    {
        await SayOfAccountAsync(Acme, "Bank");
        string one = await BankerAsync("one");
        string two = await BankerAsync("two");
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
        Segments.Current = NotBanks;
        string account = await WrittenInsights.OrderAsync(Cluster, "acme", SubjectKind.Account);
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
        Segments.Current = Spending;
        string one = await SayOfPersonAsync("one", Acme);
        string two = await SayOfPersonAsync("two", Acme);
        await ToldAsync(two);

        await WrittenInsights.OrderAsync(Cluster, "one", number: 2);
        await WrittenInsights.OrderAsync(Cluster, "one", number: 3);
        Clock.Advance(AccountShares.Linger);

        await Eventually.BeAsync(() => IsIn(one, "spending") && IsIn(two, "spending"));
    }

    [Fact]
    public async Task Who_changes_accounts_is_told_by_the_one_it_came_to()
    {
        await SayOfAccountAsync(Acme, "Bank");
        await SayOfAccountAsync(Other, "Retail");
        string one = await BankerAsync("one");

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
        string one = await BankerAsync("one");
        Segments.Current = NotBanks;

        await GrainOf(one).WakeAsync(DateTimeOffset.UnixEpoch);
        (await IndividualAsync(one)).Memberships.Waiting.ShouldBe(["quiet"]);
        await WakeAccountAsync(Acme);

        await Eventually.BeAsync(() => IsIn(one, "quiet"));
        ChangesOf(one)[^1].Cause.ShouldBe(MembershipCause.Version);

        Segments.Current = FakeSegments.SetOf(4, ("recent", "count(SalesOrder) >= 1", 1, 4));
        await WakeAccountAsync(Acme);
        await GrainOf(one).WakeAsync(DateTimeOffset.UnixEpoch);
        (await AccountAsync(Acme)).Told.ShouldBeNull();
        (await IndividualAsync(one)).AccountFacts.ShouldBe(AccountFacts.None);
    }
}
