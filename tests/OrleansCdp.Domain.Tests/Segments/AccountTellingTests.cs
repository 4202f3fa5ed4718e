using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>What an account tells its people, and when that is another.</summary>
public sealed class AccountTellingTests
{
    private static readonly DateTimeOffset Noon = Some.Noon;
    private static readonly SegmentSet Asking = Segmented.SetOf(
        Segmented.Of("account.industry = 'Bank' and account.insights.open_cases > 1")
    );

    private static readonly Account Company = new() { Id = "acc_1" };
    private static readonly LinkKey Link = new("crm", "Account", "1");

    [Fact]
    public void Another_value_is_another_version_and_the_same_values_are_told_once()
    {
        Account told = Company.Telling(Asking, Values("Bank"), Noon);
        (told.Told!.Facts.Account, told.Told.IsTold).ShouldBe(("acc_1", false));
        told.Told.Catalogue.ShouldBe(Asking.Newest);

        told = told.WithAllTold();
        told.Told!.IsTold.ShouldBeTrue();
        told.Telling(Asking, Values("Bank"), Noon.AddHours(1)).ShouldBeSameAs(told);

        Account next = told.Telling(Asking, Values("Shop"), Noon);
        next.Told!.IsTold.ShouldBeFalse();
        next.Told.Facts.Version.ShouldBe(told.Told.Facts.Version + 1, "of a clock that stands");
        next.Telling(Asking, Values("Bank"), Noon.AddHours(-1))
            .Told!.Facts.Version.ShouldBe(next.Told.Facts.Version + 1, "or that runs behind");
    }

    [Fact]
    public void What_only_fades_is_told_hourly_and_with_anything_else()
    {
        Account told = Company.Telling(Asking, Values("Bank", steady: 3), Noon);
        DateTimeOffset again = Noon + SegmentLedger.Steadily;

        told.Telling(Asking, Values("Bank", steady: 2), again.AddTicks(-1)).ShouldBeSameAs(told);
        AccountTelling.SteadyAt(told.Told!.Facts).ShouldBe(again);
        told.Telling(Asking, Values("Bank", steady: 2), again).ShouldNotBeSameAs(told);
        AccountFacts other = told.Telling(Asking, Values("Shop", steady: 2), Noon).Told!.Facts;
        other.Find("account.insights.open_cases").ShouldBe(FieldValue.Of(2m));
    }

    [Fact]
    public void An_account_that_was_made_anew_tells_what_counts_as_newer()
    {
        Account told = Company.Telling(Asking, Values("Bank"), Noon);
        told = told.Telling(Asking, Values("Shop"), Noon);

        Company
            .Telling(Asking, Values("Bank"), Noon.AddSeconds(1))
            .Told!.Facts.Version.ShouldBeGreaterThan(told.Told!.Facts.Version);
    }

    [Fact]
    public void Where_no_segment_asks_nothing_is_told_nor_stored()
    {
        SegmentSet none = Segmented.SetOf(Segmented.Of("vip"));

        Company.Telling(none, Nothing, Noon).ShouldBeSameAs(Company);
        Company
            .Telling(Asking, Values("Bank"), Noon)
            .Telling(none, Nothing, Noon)
            .Told.ShouldBeNull();
    }

    [Fact]
    public void Each_of_its_people_is_told_once_and_records_of_nobody_and_who_left_are_not()
    {
        Account one = Company with
        {
            Members =
            [
                Person("a", "ind_a"),
                Person("b", "ind_a"),
                Person("c", "ind_c") with
                {
                    Belongs = false,
                },
                Person("d", "rec_d"),
            ],
        };

        one.ToBeTold().ShouldBe(["ind_a"]);
    }

    [Fact]
    public void Who_asks_is_answered_once_the_account_lists_them()
    {
        Account one = Company with { Members = [Person("a", "ind_a")] };

        one.AnswerTo(KeyOf("b")).ShouldBeNull("it will be told of them");
        one.AnswerTo(KeyOf("a"))!.Version.ShouldBe(0, "nothing is to be told yet");
        one = one.Telling(Asking, Values("Bank"), Noon);
        one.AnswerTo(KeyOf("a")).ShouldBe(one.Told!.Facts);
        one.AnswerTo(KeyOf("b")).ShouldBeNull();
        (one with { Members = [Person("a", "ind_a") with { Belongs = false }] })
            .AnswerTo(KeyOf("a"))
            .ShouldBeNull("it says so before it is told");
    }

    [Fact]
    public void Who_finds_no_room_in_the_list_need_not_ask_again()
    {
        ImmutableArray<Member> full =
        [
            .. Enumerable
                .Range(0, Account.MembersMax)
                .Select(i => Person($"{i:d5}", $"ind_{i:d5}")),
        ];
        Account one = Company.Telling(Asking, Values("Bank"), Noon) with { Members = full };

        one.AnswerTo(full[^1].Link).ShouldBe(one.Told!.Facts);
        one.AnswerTo(KeyOf("further"))!.Version.ShouldBe(0);
        (one with { Members = full[..^1] }).AnswerTo(KeyOf("further")).ShouldBeNull();
    }

    [Fact]
    public void Fields_and_insights_are_told_with_the_moment_at_which_they_may_be_others()
    {
        SegmentSet set = Segmented.SetOf(
            Segmented.Of("account.industry = 'Bank' or account.insights.recent > 1")
        );
        ActiveInsight recent = Insight(
            "recent",
            "source: SalesOrder\nmeasure: count\nwindow: 2 days"
        );
        Account one = Company
            .Apply(
                [
                    (
                        Some.Event(
                            EventKind.Created,
                            "SalesOrder",
                            Link,
                            "o1",
                            fields: "total".Is(5)
                        ) with
                        {
                            Subject = SubjectKind.Account,
                            Traits = ["industry".Is("Bank")],
                        }
                    ).At(1),
                ],
                new InsightSet([recent], 1)
            )
            .Next;

        AccountAnswers answers = AnswersOf(one, set, recent);

        answers.Values.ShouldBe([
            new Field("account.industry", FieldValue.Of("Bank")),
            new Field("account.insights.recent", FieldValue.Of(1)),
        ]);
        answers.Until.ShouldBe(Noon.AddDays(2));
        AnswersOf(Company, set, recent)
            .Values.Select(field => field.Value)
            .ShouldBe([FieldValue.Null, FieldValue.Of(0)]);
    }

    [Fact]
    public void What_is_not_known_now_is_not_told_and_what_was_told_stays()
    {
        SegmentSet set = Segmented.SetOf(Segmented.Of("account.insights.spent_by_all > 1"));
        ActiveInsight people = Insight(
            "spent_by_all",
            "people: true\nsource: SalesOrder\nmeasure: sum\nvalue: order.total"
        );
        AccountFacts told = new()
        {
            Account = "acc_1",
            Values = [new("account.insights.spent_by_all", FieldValue.Of(7))],
        };

        AnswersOf(Company, set, people, PeopleSums.Unknown).Values.ShouldBeEmpty();
        AnswersOf(Company, set, people, PeopleSums.Unknown, told).Values.ShouldBe(told.Values);
        AnswersOf(Company, set, people, PeopleSums.None, told)
            .Values.ShouldHaveSingleItem()
            .Value.ShouldNotBe(FieldValue.Of(7));
        AnswersOf(Company, set, people with { IsComplete = false }, PeopleSums.None)
            .Values.ShouldBeEmpty("it does not know of the past");
        set.AsksOfPeople(new InsightSet([people], 1)).ShouldBeTrue();
        Asking.AsksOfPeople(Segmented.InsightsOf(Asking)).ShouldBeFalse();
    }

    private static AccountAnswers AnswersOf(
        Account account,
        SegmentSet set,
        ActiveInsight insight,
        PeopleSums? people = null,
        AccountFacts? told = null
    )
    {
        InsightLedger ledger = new(new InsightSet([insight], 1), SubjectKind.Account);
        ledger.Become(account.Links);
        ledger.People = people ?? PeopleSums.None;
        return AccountAnswers.Of(
            set,
            account.Links,
            ledger,
            told,
            ReconciliationPolicy.Default,
            Noon
        );
    }

    private static ActiveInsight Insight(string name, string text) =>
        new(Segmented.Insight(name, $"of: account\n{text}"), 1, 1);

    private static AccountAnswers Nothing { get; } = new([], Until: null);

    private static AccountAnswers Values(string industry, decimal? steady = null) =>
        new(
            [
                new Field("account.industry", FieldValue.Of(industry)),
                new Field(
                    "account.insights.open_cases",
                    steady is { } value ? FieldValue.Of(value) : FieldValue.Null
                ),
            ],
            Until: null
        )
        {
            Steady = steady is null ? [] : ["account.insights.open_cases"],
        };

    private static LinkKey KeyOf(string name) => new("crm", "Contact", name);

    private static Member Person(string name, string individual) =>
        new(KeyOf(name), individual, Belongs: true, new Stamp());
}
