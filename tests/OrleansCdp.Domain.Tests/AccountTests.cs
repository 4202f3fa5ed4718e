using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp;

public sealed class AccountTests
{
    private static readonly LinkKey Own = new("crm", "Account", "001");

    [Fact]
    public void Of_facts_with_the_same_stamp_the_same_one_stays_whichever_comes_first()
    {
        LinkKey link = new("crm", "Account", "001");
        Stamp same = new(1, 0, 40);
        Account said(Account known, string id) => known.Describe(link, ["seats".Is(id)], same, id);
        Account nobody = new() { Id = "acc_a" };

        Account one = said(said(nobody, "e1"), "e2");
        Account other = said(said(nobody, "e2"), "e1");

        Register kept = one.Links.Find(link)!.Traits.ShouldHaveSingleItem();
        kept.EventId.ShouldBe("e2");
        other.Links.Find(link)!.Traits.ShouldHaveSingleItem().ShouldBe(kept);
    }

    [Fact]
    public void The_10000th_person_is_listed_and_the_10001st_counted()
    {
        ImmutableArray<Member> members =
        [
            .. Enumerable.Range(0, Account.MembersMax - 1).Select(i => Person($"{i:D5}", 0)),
        ];
        Account account = Nobody with { Members = members };

        Account atLimit = account.Note(Person("99998", 1));
        Account past = atLimit.Note(Person("99999", 1));

        atLimit.Members.Length.ShouldBe(Account.MembersMax);
        atLimit.MembersNotListed.ShouldBe(0);
        past.Members.ShouldBe(atLimit.Members);
        past.MembersNotListed.ShouldBe(1);
        past.Note(Person("99999", 1)).ShouldBeSameAs(past);
        past.Note(Person("00000", 2) with { Belongs = false }).Members[0].Belongs.ShouldBeFalse();
    }

    [Fact]
    public void The_500th_fact_is_kept_and_an_event_that_brings_the_501st_counted()
    {
        Field[] facts = [.. Enumerable.Range(0, Limits.TraitsMax).Select(i => $"f{i:D3}".Is("x"))];

        Account atLimit = Nobody.Describe(Own, [.. facts], StampOf(0), "e1");
        Account past = atLimit.Describe(Own, ["more".Is("x")], StampOf(1), "e2");

        atLimit.Links.Find(Own)!.Traits.Length.ShouldBe(Limits.TraitsMax);
        atLimit.FactsNotKept.ShouldBe(0);
        past.Links.ShouldBe(atLimit.Links);
        past.FactsNotKept.ShouldBe(1);
        past.Describe(Own, ["more".Is("x")], StampOf(1), "e2").ShouldBeSameAs(past);
    }

    [Fact]
    public void A_fact_said_again_is_newer_than_a_contradiction_in_between_that_comes_late()
    {
        Account account = Nobody
            .Describe(Own, ["plan".Is("gold")], StampOf(1), "e1")
            .Describe(Own, ["plan".Is("gold")], StampOf(5), "e5")
            .Describe(Own, ["plan".Is("tin")], StampOf(3), "e3");

        Register plan = account.Links.Find(Own)!.Traits.ShouldHaveSingleItem();
        plan.Value.ShouldBe(FieldValue.Of("gold"));
        plan.EventId.ShouldBe("e5");
    }

    [Fact]
    public void A_fact_delivered_again_changes_nothing()
    {
        Account account = Nobody.Describe(Own, ["plan".Is("gold")], StampOf(1), "e1");

        account.Describe(Own, ["plan".Is("gold")], StampOf(1), "e1").ShouldBeSameAs(account);
    }

    [Fact]
    public void A_thousand_left_out_people_are_counted_and_then_it_says_at_least_as_many()
    {
        Account full = Nobody with
        {
            Members =
            [
                .. Enumerable.Range(0, Account.MembersMax).Select(i => Person($"{i:D5}", 0)),
            ],
        };

        Account atLimit = Enumerable
            .Range(0, Account.LeftOutMax)
            .Aggregate(full, (account, i) => account.Note(Person($"x{i}", 1)));

        atLimit.MembersNotListed.ShouldBe(Account.LeftOutMax);
        atLimit.Note(Person("one more", 1)).ShouldBeSameAs(atLimit);
        atLimit.Describe(Own, TooMany, StampOf(1), "e1").FactsNotKept.ShouldBe(1);
        full.Note(Person("left", 1) with { Belongs = false }).ShouldBeSameAs(full);
    }

    [Fact]
    public void A_thousand_events_without_room_are_counted_and_then_it_says_at_least_as_many()
    {
        Account atLimit = Enumerable
            .Range(0, Account.LeftOutMax)
            .Aggregate(Nobody, (a, i) => a.Describe(Own, TooMany, StampOf(1), $"e{i}"));

        atLimit.FactsNotKept.ShouldBe(Account.LeftOutMax);
        atLimit.Describe(Own, TooMany, StampOf(1), "one more").ShouldBeSameAs(atLimit);
    }

    private static ImmutableArray<Field> TooMany { get; } =
    [.. Enumerable.Range(0, Limits.TraitsMax + 1).Select(i => $"f{i}".Is("x"))];

    private static Account Nobody => new() { Id = "acc_a" };

    private static Stamp StampOf(int minute) => new(Some.Noon.AddMinutes(minute).UtcTicks, 0, 2);

    private static Member Person(string id, int minute) =>
        new(new LinkKey("crm", "Contact", id), $"ind_{id}", true, StampOf(minute));
}
