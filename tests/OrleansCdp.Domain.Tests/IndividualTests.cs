using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

public sealed class IndividualTests
{
    private static readonly Identifier Phone = new("phone", "+15551234", Verified: false);

    [Fact]
    public void An_event_folded_before_changes_nothing_and_is_no_change()
    {
        SequencedEvent[] events = [Some.Traits(0, "city".Is("Rome")).At(1)];
        UnifiedIndividual once = Nobody.Apply(events).Next;

        var again = once.Apply(events);

        again.Changed.ShouldBeFalse();
        again.Outcomes.ShouldBe([EventOutcome.Known]);
    }

    [Fact]
    public void The_newest_value_wins_and_null_removes()
    {
        UnifiedIndividual individual = Nobody
            .Apply([
                Some.Traits(2, "city".Is("Rome")).At(1),
                Some.Traits(1, "city".Is("Oslo"), "name".Is("Ada")).At(2),
                Some.Traits(3, new Field("name", FieldValue.Null)).At(3),
            ])
            .Next;

        Trait(individual, "city").ShouldBe("Rome");
        Trait(individual, "name").ShouldBeNull();
    }

    [Fact]
    public void News_of_the_account_is_news_although_the_person_stays_the_same()
    {
        LinkEvent joined = Some.Event(EventKind.Updated, "Individual") with
        {
            Account = new LinkKey("web", "group", "g"),
            AccountTraits = ["plan".Is("free")],
        };
        LinkEvent upgraded = joined with
        {
            EventId = "upgraded",
            AccountTraits = ["plan".Is("paid")],
        };
        LinkEvent repeated = joined with { EventId = "repeated", AccountTraits = [] };

        Some.FoldAll([joined, upgraded, repeated], out var outcomes);

        outcomes[1].ShouldBe(EventOutcome.Applied);
        outcomes[2].Code.ShouldBe(ReasonCodes.NothingNew);
    }

    [Fact]
    public void Identifiers_that_come_and_go_with_a_link_are_reported()
    {
        var came = Nobody.Apply([Some.Traits(0).With(Phone).At(1)]);
        var went = came.Next.Detach([Some.Customer], "ind_b", 0, out _);

        came.IdentifiersAdded.ShouldBe([Phone]);
        came.Next.Apply([Some.Traits(1).With(Phone).At(2)]).IdentifiersAdded.ShouldBeEmpty();
        went.IdentifiersRemoved.ShouldBe([Phone]);
    }

    [Fact]
    public void The_5000th_link_is_taken_and_the_5001st_refused()
    {
        ImmutableArray<Link> links =
        [
            .. Enumerable
                .Range(0, Limits.LinksMax - 1)
                .Select(i => new Link { Key = new LinkKey("s", "o", i.ToString("D5", null)) }),
        ];
        UnifiedIndividual individual = Nobody with { Links = new LinkSet { Links = links } };
        LinkEvent e = Some.Event(EventKind.Updated, "Individual", new LinkKey("t", "o", "last"));

        var atLimit = individual.Apply([e.At(1)]);
        var past = atLimit.Next.Apply([(e with { Link = new LinkKey("t", "o", "more") }).At(1)]);

        atLimit.Outcomes.ShouldBeEmpty();
        past.Outcomes.ShouldBe([EventOutcome.Refused(ReasonCodes.LinksMax)]);
    }

    [Fact]
    public void Links_are_taken_in_up_to_5000_together_and_not_one_more()
    {
        Link[] arriving =
        [
            .. Enumerable
                .Range(0, Limits.LinksMax + 1)
                .Select(i => new Link { Key = new LinkKey("s", "o", $"{i:D5}") }),
        ];
        UnifiedIndividual individual = Nobody.Attach([.. arriving[..10]], out _).Next;

        var atLimit = individual.Attach([.. arriving[10..^1]], out bool refusedAtLimit);
        var past = individual.Attach([.. arriving[10..]], out bool refusedPast);

        refusedAtLimit.ShouldBeFalse();
        atLimit.Next.Links.Links.Length.ShouldBe(Limits.LinksMax);
        refusedPast.ShouldBeTrue();
        past.Changed.ShouldBeFalse();
    }

    [Fact]
    public void The_500th_trait_is_taken_and_the_501st_refused()
    {
        Field[] traits = [.. Enumerable.Range(0, Limits.TraitsMax).Select(i => $"t{i:D3}".Is("x"))];

        Some.FoldAll([Some.Traits(0, traits)], out var atLimit);
        Some.FoldAll([Some.Traits(0, traits), Some.Traits(1, "more".Is("x"))], out var past);

        atLimit[0].ShouldBe(EventOutcome.Applied);
        past[1].ShouldBe(EventOutcome.Refused(ReasonCodes.LimitExceeded));
    }

    [Fact]
    public void All_of_100_identifiers_stay()
    {
        Link link = Some.Fold([
            .. Enumerable
                .Range(0, Limits.IdentifiersMax)
                .Select(i => Some.Traits(i).With(new Identifier("phone", $"p{i:D3}", false))),
        ]);

        link.Identifiers.Length.ShouldBe(Limits.IdentifiersMax);
        link.IdentifiersLeftOut.ShouldBeFalse();
    }

    [Fact]
    public void Of_101_identifiers_the_verified_and_the_lately_stated_stay()
    {
        LinkEvent[] events =
        [
            .. Enumerable
                .Range(0, Limits.IdentifiersMax + 1)
                .Select(i => Some.Traits(i).With(new Identifier("phone", $"p{i:D3}", i == 0))),
        ];

        Link link = Some.Fold([.. events[..^1], events[1] with { EventId = "again" }, events[^1]]);

        link.Identifiers.Length.ShouldBe(Limits.IdentifiersMax);
        link.Identifiers.ShouldContain(known => known.Identifier.Value == "p000");
        link.Identifiers.ShouldNotContain(known => known.Identifier.Value == "p001");
        link.IdentifiersLeftOut.ShouldBeTrue();
    }

    [Fact]
    public void A_changed_account_remembers_the_one_before()
    {
        LinkKey first = new("crm", "Account", "1");
        LinkKey second = new("crm", "Account", "2");

        Link link = Some.Fold(
            Some.Traits(0) with
            {
                Account = first,
            },
            Some.Traits(1) with
            {
                Account = second,
            },
            Some.Traits(2) with
            {
                Account = second,
            }
        );

        link.Account!.Account.ShouldBe(second);
        link.Account.Left.ShouldHaveSingleItem().Account.ShouldBe(first);
    }

    [Fact]
    public void Eight_accounts_that_were_left_are_kept_and_of_nine_the_first_is_forgotten()
    {
        AccountRegister register = Stated(0);
        for (int i = 1; i <= AccountRegister.LeftMax; i++)
        {
            register = register.Join(Crm(i), StampOf(i));
        }

        AccountRegister past = register.Join(Crm(9), StampOf(9));

        register
            .Left.Select(left => left.Account)
            .ShouldBe(Enumerable.Range(0, 8).Reverse().Select(Crm));
        past.Account.ShouldBe(Crm(9));
        past.Left.Select(left => left.Account)
            .ShouldBe(Enumerable.Range(1, 8).Reverse().Select(Crm));
        past.Join(Crm(0), StampOf(0)).Left.ShouldBe(past.Left);

        AccountRegister Stated(int i) => new() { Account = Crm(i), Stamp = StampOf(i) };
        LinkKey Crm(int i) => new("crm", "Account", $"{i}");
        Stamp StampOf(int i) => new(i, 0, 0);
    }

    [Fact]
    public void What_was_met_before_is_known_and_a_refusal_must_be_saved()
    {
        SequencedEvent first = Some.Traits(0, "city".Is("Rome")).At(1);
        UnifiedIndividual individual = Nobody.Apply([first]).Next;
        Field[] many = [.. Enumerable.Range(0, Limits.TraitsMax).Select(i => $"f{i}".Is("x"))];

        var again = individual.Apply([first]);
        var refused = individual.Apply([Some.Traits(1, many).At(2)]);

        again.Outcomes.ShouldBe([EventOutcome.Known]);
        again.Changed.ShouldBeFalse();
        refused.Outcomes[0].Code.ShouldBe(ReasonCodes.LimitExceeded);
        refused.Changed.ShouldBeTrue();
        refused.Next.Apply([Some.Traits(1, many).At(2)]).Outcomes.ShouldBe([EventOutcome.Known]);
    }

    private static UnifiedIndividual Nobody => new() { Id = "ind_a" };

    private static string? Trait(UnifiedIndividual individual, string name) =>
        Reconciliation
            .Traits(individual.Links, ReconciliationPolicy.Default)
            .FirstOrDefault(trait => trait.Name == name)
            ?.Won.Register.Value.Text;
}
