using Orleans.Core.Internal;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>What an account tells reaches its people whatever fails, and what they do reaches it.</summary>
public sealed class AccountToldTests : AccountSegments
{
    [Fact]
    public async Task An_older_version_that_comes_late_changes_nothing()
    {
        await SayOfAccountAsync(Acme, "Bank");
        string one = await BankerAsync("one");
        AccountFacts former = (await IndividualAsync(one)).AccountFacts;
        await SayOfAccountAsync(Acme, "Retail");
        await Eventually.BeAsync(() => !IsIn(one, "banks"));

        long version = Database.Snapshots[one].Version;
        (await GrainOf(one).TakeAccountFactsAsync(former)).ShouldBeNull();

        Database.Snapshots[one].Version.ShouldBe(version, "nothing is saved");
        IsIn(one, "banks").ShouldBeFalse();
    }

    [Fact]
    public async Task What_could_not_be_saved_is_told_to_nobody()
    {
        await SayOfAccountAsync(Acme, "Bank");
        string one = await BankerAsync("one");
        await SayOfAccountAsync(Acme, "Retail");
        Failing[SubjectIds.AccountOf(Acme)] = true;

        await Should.ThrowAsync<Exception>(() => WakeAccountAsync(Acme));

        ChangesOf(one).ShouldHaveSingleItem().Entered.ShouldBeTrue();
        Failing.Clear();
        await Eventually.SucceedAsync(() => WakeAccountAsync(Acme));
        IsIn(one, "banks").ShouldBeFalse();
    }

    [Fact]
    public async Task A_crash_between_the_save_and_the_telling_keeps_nobody_from_hearing()
    {
        await SayOfAccountAsync(Acme, "Bank");
        string one = await BankerAsync("one");
        string two = await BankerAsync("two");
        await Eventually.BeAsync(async () => (await AccountAsync(Acme)).Told!.IsTold);
        await SayOfAccountAsync(Acme, "Retail");
        Crashing[SubjectIds.AccountOf(Acme)] = true;

        await Should.ThrowAsync<Exception>(() => WakeAccountAsync(Acme));

        await Eventually.SucceedAsync(() => WakeAccountAsync(Acme));
        (IsIn(one, "banks"), IsIn(two, "banks")).ShouldBe((false, false));
        Account account = await AccountAsync(Acme);
        account.Told!.IsTold.ShouldBeTrue();
        long version = Database.Snapshots[account.Id].Version;
        await WakeAccountAsync(Acme);
        Database.Snapshots[account.Id].Version.ShouldBe(version, "nothing is told again");
    }

    [Fact]
    public async Task Who_could_not_be_told_is_told_later_and_keeps_no_other_waiting()
    {
        await SayOfAccountAsync(Acme, "Bank");
        string one = await BankerAsync("one");
        string two = await BankerAsync("two");
        Failing[one] = true;
        await SayOfAccountAsync(Acme, "Retail");

        (await WakeAccountAsync(Acme)).ShouldNotBeNull("whoever was not told is told later");

        (IsIn(one, "banks"), IsIn(two, "banks")).ShouldBe((true, false));
        (await AccountAsync(Acme)).Told!.IsTold.ShouldBeFalse();
        Failing.Clear();
        await WakeAccountAsync(Acme);
        IsIn(one, "banks").ShouldBeFalse();
        (await AccountAsync(Acme)).Told!.IsTold.ShouldBeTrue();
    }

    [Fact]
    public async Task One_who_cannot_be_told_keeps_the_others_from_no_later_version()
    {
        await SayOfAccountAsync(Acme, "Bank");
        string one = await BankerAsync("one");
        string two = await BankerAsync("two");
        Failing[one] = true;
        await SayOfAccountAsync(Acme, "Retail");
        (await WakeAccountAsync(Acme)).ShouldNotBeNull("whoever was not told is told later");
        await Eventually.BeAsync(() => !IsIn(two, "banks"));

        await SayOfAccountAsync(Acme, "Bank", number: 3);
        (await WakeAccountAsync(Acme)).ShouldNotBeNull("whoever was not told is told later");

        await Eventually.BeAsync(() => IsIn(two, "banks"));
        Failing.Clear();
        await WakeAccountAsync(Acme);
        (await AccountAsync(Acme)).Told!.IsTold.ShouldBeTrue();
    }

    [Fact]
    public async Task Where_no_segment_asks_for_accounts_nothing_is_told_and_nothing_stored()
    {
        Segments.Current = FakeSegments.SetOf(4, ("recent", "count(SalesOrder) >= 1", 1, 4));
        await SayOfAccountAsync(Acme, "Bank");
        string one = await SayOfPersonAsync("one", Acme);
        await WakeAccountAsync(Acme);

        (await AccountAsync(Acme)).Told.ShouldBeNull();
        (await IndividualAsync(one)).AccountFacts.ShouldBe(AccountFacts.None);
        Database.Due[SubjectIds.AccountOf(Acme)].ShouldBeNull("nor is it ever looked at");
    }

    [Fact]
    public async Task Many_people_are_told_in_more_than_one_look()
    {
        await SayOfAccountAsync(Acme, "Bank");
        string last = await BankerAsync("last");
        await NotePeopleAsync(AccountTeller.OfOneLookMax); // Who come before it in the list.

        await SayOfAccountAsync(Acme, "Retail");

        await Eventually.BeAsync(() => !IsIn(last, "banks"));
        await Eventually.BeAsync(async () => (await AccountAsync(Acme)).Told!.IsTold);
    }

    [Fact]
    public async Task What_somebody_does_is_handed_over_five_seconds_later_however_much_it_is()
    {
        Segments.Current = Spending;
        string one = await HandedOverAsync();
        DateTimeOffset before = Clock.GetUtcNow();

        await WrittenInsights.OrderAsync(Cluster, "one", number: 2);

        DateTimeOffset due = Database.Due[one].ShouldNotBeNull();
        due.ShouldBeInRange(before.AddSeconds(5), Clock.GetUtcNow().AddSeconds(5));
        await WrittenInsights.OrderAsync(Cluster, "one", number: 3);
        Database.Due[one].ShouldBe(due);
    }

    [Fact]
    public async Task What_only_the_account_told_is_not_handed_over_to_it()
    {
        Segments.Current = Spending;
        string one = await HandedOverAsync();
        AccountFacts known = (await IndividualAsync(one)).AccountFacts;
        await GrainOf(one).AsReference<IGrainManagementExtension>().DeactivateOnIdle();

        await GrainOf(one).TakeAccountFactsAsync(known with { Version = known.Version + 1 });

        (await IndividualAsync(one)).AccountFacts.Version.ShouldBe(known.Version + 1);
        Database.Due[one].ShouldBeNull();
    }

    /// <summary>Somebody whom the account has told all, and who has told it all.</summary>
    private async Task<string> HandedOverAsync()
    {
        string one = await SayOfPersonAsync("one", Acme);
        await ToldAsync(one);
        await Eventually.BeAsync(() => Database.Due[one] is null);
        return one;
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
}
