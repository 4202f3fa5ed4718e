using OrleansCdp.Identity;

namespace OrleansCdp.Segments;

/// <summary>What somebody takes of what accounts tell, and when it is forgotten.</summary>
public sealed class KnownAccountTests
{
    private const string Industry = "account.industry";
    private static readonly SegmentSet Asking = Segmented.SetOf(
        Segmented.Of($"{Industry} = 'Bank'")
    );

    private static readonly SegmentSet AskingNothing = Segmented.SetOf(Segmented.Of("vip"));
    private static readonly LinkKey Bank = new("crm", "Account", "bank");
    private static readonly LinkKey Shop = new("crm", "Account", "shop");
    private int said;

    [Fact]
    public void Only_a_newer_version_of_the_own_account_is_taken()
    {
        UnifiedIndividual one = At(Bank);

        UnifiedIndividual knowing = Taken(one, Told(Bank, 5));
        knowing.AccountFacts.Version.ShouldBe(5);
        knowing.Take(Told(Bank, 5)).Changed.ShouldBeFalse("it was told already");
        knowing.Take(Told(Bank, 4)).Changed.ShouldBeFalse("it comes late");
        knowing.Take(Told(Shop, 9)).Changed.ShouldBeFalse("it does not belong there");
        Taken(knowing, Told(Bank, 6)).AccountFacts.Version.ShouldBe(6);
        one.Take(new AccountFacts { Account = SubjectIds.AccountOf(Bank) })
            .Changed.ShouldBeFalse("nothing was told");
    }

    [Fact]
    public void Of_one_who_belongs_nowhere_all_is_known_and_of_one_who_was_told_nothing_nothing()
    {
        AccountFacts nowhere = new UnifiedIndividual { Id = "ind_test" }.FactsFor(Asking);
        nowhere.Answers(Industry).ShouldBeTrue();
        nowhere.Find(Industry).ShouldBeNull();

        UnifiedIndividual one = At(Bank);
        one.FactsFor(Asking).Answers(Industry).ShouldBeFalse();
        one.LacksFacts(Asking).ShouldBeTrue();
        one.LacksFacts(AskingNothing).ShouldBeFalse();
        (one with { Id = "rec_test" }).LacksFacts(Asking).ShouldBeFalse("it is nobody");

        one = Taken(one, Told(Bank, 1));
        one.LacksFacts(Asking).ShouldBeFalse();
        one.FactsFor(Asking).Find(Industry).ShouldBe(FieldValue.Of("bank"));
    }

    [Fact]
    public void Who_changes_accounts_forgets_the_former_ones_facts()
    {
        UnifiedIndividual one = Taken(At(Bank), Told(Bank, 5));
        one.ForgettingFormer(Asking).ShouldBeSameAs(one);

        UnifiedIndividual moved = Join(one, Shop);

        moved.FactsFor(Asking).Answers(Industry).ShouldBeFalse();
        moved = moved.ForgettingFormer(Asking);
        moved.AccountFacts.ShouldBe(AccountFacts.None);
        Taken(moved, Told(Shop, 1)).AccountFacts.Version.ShouldBe(1, "each account counts alone");
    }

    [Fact]
    public void Who_leaves_or_lives_elsewhere_forgets_its_account()
    {
        UnifiedIndividual one = Taken(At(Bank), Told(Bank, 5));

        (one with { PlacedAt = "ind_other" })
            .ForgettingFormer(Asking)
            .AccountFacts.ShouldBe(AccountFacts.None);
        (one with { Links = LinkSet.Empty })
            .ForgettingFormer(Asking)
            .AccountFacts.ShouldBe(AccountFacts.None);
    }

    [Fact]
    public void What_nobody_asks_any_more_is_not_kept_unless_the_segments_are_old_ones()
    {
        UnifiedIndividual one = Taken(At(Bank), Told(Bank, 5));

        one.ForgettingFormer(AskingNothing).AccountFacts.ShouldBe(AccountFacts.None);
        UnifiedIndividual ahead = one with
        {
            Memberships = Memberships.None with { Catalogue = AskingNothing.Newest + 1 },
        };
        ahead.ForgettingFormer(AskingNothing).ShouldBeSameAs(ahead);
    }

    [Fact]
    public void It_says_by_which_link_it_belongs_to_its_account()
    {
        UnifiedIndividual one = At(Bank);
        LinkKey other = new("web", "user", "1");
        one = one.Apply([
            (Some.Traits(9) with { Link = other, Account = Shop }).At(1),
            (Some.Traits(2) with { Link = new LinkKey("web", "user", "2") }).At(1),
        ]).Next;

        one.AccountStatedBy()!.Key.ShouldBe(other);
        one.AccountLink().ShouldBe(Shop);
    }

    private UnifiedIndividual At(LinkKey account) =>
        Join(new UnifiedIndividual { Id = "ind_test" }, account);

    private UnifiedIndividual Join(UnifiedIndividual one, LinkKey account) =>
        one.Apply([(Some.Traits(++said) with { Account = account }).At(said)]).Next;

    private static UnifiedIndividual Taken(UnifiedIndividual one, AccountFacts facts)
    {
        Transition<UnifiedIndividual> taken = one.Take(facts);
        taken.Changed.ShouldBeTrue();
        return taken.Next;
    }

    private static AccountFacts Told(LinkKey account, long version) =>
        new()
        {
            Account = SubjectIds.AccountOf(account),
            Version = version,
            Values = [new Field(Industry, FieldValue.Of(account.Id))],
        };
}
