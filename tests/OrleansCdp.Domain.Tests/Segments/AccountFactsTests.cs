using OrleansCdp.Expressions;

namespace OrleansCdp.Segments;

/// <summary>A segment that asks for an account is evaluated once the account has told what it asks.</summary>
public sealed class AccountFactsTests
{
    private const string Cases = "account.insights.open_cases";
    private const string Industry = "account.industry";

    [Fact]
    public void Nobody_enters_because_their_account_has_not_told_yet()
    {
        One one = new(Segmented.SetOf(Segmented.Of($"not {Cases} > 3")));
        one.Join().ShouldBeEmpty();
        one.Say("city".Is("oslo")).ShouldBeEmpty();

        one.Tell((Cases, FieldValue.Of(4))).ShouldBeEmpty();
        one.Tell((Cases, FieldValue.Of(3))).ShouldBe(["+some v1 Account"]);
        one.Tell((Cases, FieldValue.Null)).ShouldBeEmpty("no value is not more than 3");
        one.Memberships.Waiting.ShouldBeEmpty();
    }

    [Fact]
    public void That_there_is_no_value_is_told_as_well()
    {
        One one = new(Segmented.SetOf(Segmented.Of($"{Industry} is null")));
        one.Join().ShouldBeEmpty();

        one.Tell((Industry, FieldValue.Null)).ShouldBe(["+some v1 Account"]);
        one.Tell((Industry, FieldValue.Of("Bank"))).ShouldBe(["-some v1 Account"]);
    }

    [Fact]
    public void The_version_is_the_cause_where_it_waited_for_the_account_since_it_is_active()
    {
        SegmentSet set = Segmented.SetOf(Segmented.Of($"{Industry} = 'Bank'"));
        One one = new(set);
        one.Reload(SegmentSet.None);
        one.Say("city".Is("oslo"));
        one.Forget();
        one.Join();

        one.Reloaded(set, "city".Is("bergen")).ShouldBeEmpty();
        one.Memberships.Waiting.ShouldBe(["some"]);

        one.ReloadedTold((Industry, FieldValue.Of("Bank"))).ShouldBe(["+some v1 Version"]);
        one.Memberships.Waiting.ShouldBeEmpty();
    }

    [Fact]
    public void Whoever_was_just_loaded_tells_the_account_from_time()
    {
        One one = new(
            Segmented.SetOf(Segmented.Of($"{Industry} = 'Bank'"), Segmented.Of("vip", "other"))
        );
        one.Say("city".Is("oslo"));
        one.Join();
        one.ReloadedTold((Industry, FieldValue.Of("Bank"))).ShouldBe(["+some v1 Account"]);

        one.ReloadedTold((Industry, FieldValue.Of("Retail"))).ShouldBe(["-some v1 Account"]);
    }

    [Fact]
    public void Who_comes_to_another_account_stays_until_that_one_has_told()
    {
        One one = new(
            Segmented.SetOf(
                Segmented.Of($"{Industry} = 'Bank'"),
                Segmented.Of("city = 'oslo'", "city")
            )
        );
        one.Join();
        one.Tell((Industry, FieldValue.Of("Bank"))).ShouldBe(["+some v1 Account"]);

        one.Join("acc_other").ShouldBeEmpty();
        one.Say("city".Is("oslo")).ShouldBe(["+city v1 Event"], "others do not wait");
        one.Memberships.IsIn("some").ShouldBeTrue();

        one.Tell((Industry, FieldValue.Of("Retail"))).ShouldBe(["-some v1 Account"]);
    }

    [Fact]
    public void What_was_told_for_older_segments_answers_only_what_they_asked()
    {
        One one = new(
            Segmented.SetOf(
                Segmented.Of($"{Industry} is null", "asked"),
                Segmented.Of($"{Industry} is null and {Cases} is null", "more")
            )
        );
        one.Join();

        one.Tell((Industry, FieldValue.Null)).ShouldBe(["+asked v1 Account"]);
        one.Tell((Industry, FieldValue.Null), (Cases, FieldValue.Null))
            .ShouldBe(["+more v1 Account"]);
    }

    [Fact]
    public void Only_what_asks_for_the_account_is_evaluated_when_it_tells()
    {
        SegmentSet set = Segmented.SetOf(
            Segmented.Of($"{Industry} = 'Bank'"),
            Segmented.Of("count(SalesOrder) = 0", "asks_no_account")
        );

        set.OfAccounts.ShouldHaveSingleItem().Key.ShouldBe(Industry);
        bool[] touched = new bool[2];
        AccountFacts before = new() { Account = "acc_1" };
        ChangedInputs inputs = new(set, new Leeways?[2], new bool[2], touched);
        inputs.Note(before, before with { Values = [new(Industry, FieldValue.Null)] });
        touched.Count(one => one).ShouldBe(1);
        touched[set.IndexOf("some")].ShouldBeTrue();
    }

    [Fact]
    public void A_segment_is_not_evaluated_before_the_accounts_insights_know_of_the_past()
    {
        SegmentSet set = Segmented.SetOf(Segmented.Of($"not {Cases} > 3"));
        One one = new(set);
        Insights.InsightSet complete = one.Insights;
        one.Insights = new Insights.InsightSet(
            [.. complete.All.Select(insight => insight with { IsComplete = false })],
            complete.Newest
        );
        one.Join();

        set.ReadyWith(one.Insights).ShouldBeEmpty();
        set.AskedOf(complete).ShouldHaveSingleItem().Definition.Name.ShouldBe("open_cases");
        one.Tell((Cases, FieldValue.Of(1))).ShouldBeEmpty();
        one.Insights = complete;
        one.Look().ShouldBe(["+some v1 Version"]);
    }
}
