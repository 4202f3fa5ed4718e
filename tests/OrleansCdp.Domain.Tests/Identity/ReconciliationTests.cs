using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Which of several links' values is shown.</summary>
public sealed class ReconciliationTests
{
    private static readonly LinkKey Crm = new("crm", "Contact", "1");
    private static readonly LinkKey Shop = new("shop", "customer", "1");
    private static readonly LinkKey Web = new("web", "user", "1");

    [Fact]
    public void The_newest_value_wins_and_the_others_follow_newest_first()
    {
        UnifiedTrait trait = Choose(
            ReconciliationRule.LastUpdated,
            City(Web, "Oslo", minute: 2),
            City(Crm, "Rome", minute: 1),
            City(Shop, "Lima", minute: 3)
        );

        trait.Won.Link.ShouldBe(Shop);
        trait.Won.Register.Value.Text.ShouldBe("Lima");
        trait.Lost.Select(lost => lost.Link).ShouldBe([Web, Crm]);
    }

    [Fact]
    public void The_value_most_links_state_wins_over_a_newer_one() =>
        Choose(
            ReconciliationRule.MostFrequent,
            City(Crm, "Rome", minute: 1),
            City(Shop, "Rome", minute: 2),
            City(Web, "Oslo", minute: 3)
        )
            .Won.Link.ShouldBe(Shop, "and of the links that state it the newest");

    [Fact]
    public void The_source_named_first_wins_and_one_that_is_not_named_comes_last()
    {
        UnifiedTrait trait = Choose(
            ReconciliationRule.SourcePriority,
            City(Web, "Oslo", minute: 3),
            City(Crm, "Rome", minute: 1),
            City(Shop, "Lima", minute: 2)
        );

        trait.Won.Link.ShouldBe(Shop);
        trait.Lost.Select(lost => lost.Link).ShouldBe([Crm, Web]);
    }

    [Fact]
    public void A_verified_email_wins_over_a_newer_one_that_is_not()
    {
        Link verified = Some.Fold(Email(Crm, "Ada@example.org", 1).With(Mail(true)));
        Link stated = Some.Fold(Email(Web, "ada@example.org", 2).With(Mail(false)));

        UnifiedTrait trait = Reconciliation
            .Traits(SetOf(verified, stated), ReconciliationPolicy.Default)
            .ShouldHaveSingleItem();

        trait.Won.Link.ShouldBe(Crm);
        trait.Won.Verified.ShouldBeTrue();
        trait.Lost.ShouldHaveSingleItem().Verified.ShouldBeFalse();
    }

    [Theory]
    [InlineData(ReconciliationRule.LastUpdated)]
    [InlineData(ReconciliationRule.MostFrequent)]
    [InlineData(ReconciliationRule.VerifiedFirst)]
    public void Between_equals_the_link_s_key_decides_whichever_came_first(ReconciliationRule rule)
    {
        Link[] links = [City(Web, "Oslo", minute: 1), City(Crm, "Rome", minute: 1)];

        Choose(rule, links).Won.Link.ShouldBe(Crm);
        Choose(rule, [.. links.Reverse()]).Won.Link.ShouldBe(Crm);
    }

    private static UnifiedTrait Choose(ReconciliationRule rule, params Link[] links) =>
        Reconciliation
            .Traits(
                SetOf(links),
                new ReconciliationPolicy
                {
                    Otherwise = ReconciliationRule.LastUpdated,
                    Fields = ImmutableDictionary<string, ReconciliationRule>.Empty.Add(
                        "city",
                        rule
                    ),
                    SourcePriority = ["shop", "crm"],
                }
            )
            .ShouldHaveSingleItem();

    private static LinkSet SetOf(params Link[] links) =>
        links.Aggregate(LinkSet.Empty, (set, link) => set.With(link));

    private static Link City(LinkKey link, string city, int minute) =>
        Some.Fold(Some.Traits(minute, "city".Is(city)) with { Link = link });

    private static Events.LinkEvent Email(LinkKey link, string email, int minute) =>
        Some.Traits(minute, "email".Is(email)) with
        {
            Link = link,
        };

    private static Identifier Mail(bool verified) => new("email", "ada@example.org", verified);
}
