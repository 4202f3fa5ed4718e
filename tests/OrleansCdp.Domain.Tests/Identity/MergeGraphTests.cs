using System.Collections.Immutable;

namespace OrleansCdp.Identity;

public sealed class MergeGraphTests
{
    private static readonly BaseIndividual First = Contact("003A");
    private static readonly BaseIndividual Second = Contact("003B");
    private static readonly BaseIndividual Ada = Email("ada@example.com");
    private static readonly BaseIndividual Bob = Email("bob@example.com");
    private static readonly BaseIndividual User = new("ind_user", 2, "userId:u1");

    [Fact]
    public void A_contact_gets_whoever_its_links_prove_and_whoever_those_prove()
    {
        MergeGroups groups = Of([], [First, Ada], [Ada, User]);

        RootsOf(groups, First, Ada, User).ShouldBe([First.Id, First.Id, First.Id]);
        groups.Conflicts.ShouldBeEmpty();
    }

    [Fact]
    public void Two_emails_of_one_link_are_one_person_under_the_lower_one()
    {
        MergeGroups groups = Of([], [Bob, Ada]);

        RootsOf(groups, Ada, Bob).ShouldBe([Ada.Id, Ada.Id]);
        groups.Conflicts.ShouldBeEmpty();
    }

    [Fact]
    public void Of_two_contacts_that_state_one_email_the_lower_id_has_it_and_the_other_is_told()
    {
        foreach (var statements in new[] { Both(First, Second), Both(Second, First) })
        {
            MergeGroups groups = Of([], statements);

            RootsOf(groups, First, Second, Ada).ShouldBe([First.Id, Second.Id, First.Id]);
            groups.Conflicts.ShouldBe([new(Second.Id, Ada.Id, MergeConflict.TwoContacts)]);
        }

        static BaseIndividual[][] Both(BaseIndividual one, BaseIndividual other) =>
            [
                [one, Ada],
                [other, Ada],
            ];
    }

    [Fact]
    public void A_link_that_states_two_contacts_joins_them_not_and_says_so()
    {
        MergeGroups groups = Of([], [Second, First, Ada]);

        RootsOf(groups, First, Second, Ada).ShouldBe([First.Id, Second.Id, First.Id]);
        groups.Conflicts.ShouldBe([new(First.Id, Second.Id, MergeConflict.TwoContacts)]);
    }

    [Fact]
    public void A_steward_joins_two_contacts_under_the_one_that_he_wants_to_stay()
    {
        StewardDecision together = new(1, Together: true, Second.Id, First.Id);

        MergeGroups groups = Of([together], [First, Ada], [Second, Ada]);

        RootsOf(groups, First, Second, Ada).ShouldBe([Second.Id, Second.Id, Second.Id]);
        groups.Conflicts.ShouldBeEmpty("they are one now");
    }

    [Fact]
    public void A_survivor_with_the_weaker_anchor_is_not_the_root()
    {
        StewardDecision together = new(1, Together: true, Ada.Id, First.Id);

        RootsOf(Of([together], [Ada, First]), First, Ada).ShouldBe([First.Id, First.Id]);
    }

    [Fact]
    public void Whom_a_steward_keeps_apart_no_link_joins_and_no_third_one_either()
    {
        StewardDecision apart = new(1, Together: false, First.Id, Bob.Id);

        MergeGroups groups = Of([apart], [First, Ada], [Ada, Bob]);

        RootsOf(groups, First, Ada, Bob).Distinct().Count().ShouldBe(2);
        groups.Roots[Bob.Id].ShouldNotBe(First.Id);
        groups.Conflicts.ShouldHaveSingleItem().Reason.ShouldBe(MergeConflict.KeptApart);
    }

    [Fact]
    public void An_email_of_five_contacts_is_the_lowest_one_s()
    {
        MergeGroups groups = Shared(Limits.ContactsPerAnchorMax);

        groups.Roots[Ada.Id].ShouldBe("ind_003C0");
        groups.Conflicts.Length.ShouldBe(Limits.ContactsPerAnchorMax - 1);
        groups.Conflicts.ShouldAllBe(one => one.Reason == MergeConflict.TwoContacts);
    }

    [Fact]
    public void An_email_of_six_contacts_identifies_nobody_any_more()
    {
        MergeGroups groups = Shared(Limits.ContactsPerAnchorMax + 1);

        groups.Roots[Ada.Id].ShouldBe(Ada.Id);
        groups.Conflicts.Length.ShouldBe(Limits.ContactsPerAnchorMax + 1);
        groups.Conflicts.ShouldAllBe(one =>
            one.Second == Ada.Id && one.Reason == MergeConflict.SharedAnchor
        );
    }

    [Fact]
    public void A_shared_email_does_not_join_those_that_state_it_with_another_one()
    {
        BaseIndividual[][] others =
        [
            [Ada, Bob],
            [Ada, User],
        ];

        MergeGroups groups = Shared(Limits.ContactsPerAnchorMax + 1, others);

        RootsOf(groups, Ada, Bob, User).ShouldBe([Ada.Id, Bob.Id, User.Id]);
        groups.Conflicts.ShouldContain(new MergeConflict(Ada.Id, Bob.Id, "shared_anchor"));
        groups.Conflicts.ShouldContain(new MergeConflict(Ada.Id, User.Id, "shared_anchor"));
    }

    [Theory]
    [InlineData(Limits.AnchorsPerLinkMax)]
    [InlineData(Limits.AnchorsPerLinkMax + 1)]
    public void A_link_that_states_too_many_proves_nothing(int stated)
    {
        BaseIndividual[] all =
        [
            First,
            .. Enumerable.Range(1, stated - 1).Select(i => Email($"{i:D2}@example.com")),
        ];
        bool isShared = stated > Limits.AnchorsPerLinkMax;

        MergeGroups groups = Of([], all, [all[1], User]);

        RootsOf(groups, all).ShouldBe(all.Select(one => isShared ? one.Id : First.Id));
        groups.Roots[User.Id].ShouldBe(isShared ? all[1].Id : First.Id, "another link says so");
        groups.Conflicts.Length.ShouldBe(isShared ? stated - 1 : 0);
        groups.Conflicts.ShouldAllBe(one =>
            one.First == First.Id && one.Reason == MergeConflict.SharedLink
        );
    }

    [Fact]
    public void The_same_contact_stating_an_email_by_six_links_shares_it_with_nobody()
    {
        BaseIndividual[][] six = [.. Enumerable.Repeat((BaseIndividual[])[First, Ada], 6)];

        Of([], six).Roots[Ada.Id].ShouldBe(First.Id);
    }

    [Fact]
    public void Of_three_merged_one_after_the_other_each_is_tied_by_its_own_merge()
    {
        // Ada took in Bob, then the user took in Ada.
        StewardDecision[] decisions = [Together(1, Ada, Bob), Together(2, User, Ada)];

        TiesOf(Ada, User, decisions).ShouldBe([2]);
        TiesOf(Bob, User, decisions).ShouldBe([1]);
    }

    [Fact]
    public void Of_four_whoever_was_merged_into_the_individual_before_stays_with_it()
    {
        BaseIndividual dan = Contact("003D");
        StewardDecision[] decisions =
        [
            Together(1, Ada, Bob),
            Together(2, Ada, User),
            Together(3, First, Ada),
            Together(4, dan, First),
        ];

        TiesOf(First, dan, decisions).ShouldBe([4]);
        TiesOf(Ada, dan, decisions).ShouldBe([3]);
        TiesOf(User, dan, decisions).ShouldBe([2]);
        TiesOf(Bob, dan, decisions).ShouldBe([1]);
    }

    [Fact]
    public void Whom_links_alone_brought_is_tied_by_no_decision_although_it_took_somebody_in_by_one()
    {
        StewardDecision[] decisions = [Together(1, Ada, Bob)];

        TiesOf(Ada, First, decisions, [First, Ada]).ShouldBeEmpty();
        TiesOf(Bob, First, decisions, [First, Ada]).ShouldBe([1]);
    }

    [Fact]
    public void Whoever_is_joined_with_two_who_are_one_by_links_is_tied_by_both_decisions()
    {
        StewardDecision[] decisions = [Together(1, User, Ada), Together(2, Bob, User)];

        TiesOf(User, Ada, decisions, [Ada, Bob]).ShouldBe([1, 2]);
        TiesOf(User, Ada, [.. decisions, Apart(3, Ada, Bob)], [Ada, Bob]).ShouldBe([1]);
    }

    private static StewardDecision Together(long id, BaseIndividual one, BaseIndividual other) =>
        new(id, Together: true, one.Id, other.Id);

    private static StewardDecision Apart(long id, BaseIndividual one, BaseIndividual other) =>
        new(id, Together: false, one.Id, other.Id);

    private static ImmutableArray<long> TiesOf(
        BaseIndividual individual,
        BaseIndividual root,
        StewardDecision[] decisions,
        params BaseIndividual[][] statements
    ) =>
        MergeGraph.TiesOf(
            [First, Ada, Bob, User, Contact("003D")],
            statements
                .Select((stated, i) => (Link: new LinkKey("test", "link", $"{i}"), stated))
                .ToDictionary(
                    one => one.Link,
                    one => one.stated.Select(b => b.Id).ToImmutableArray()
                ),
            decisions,
            Limits.ContactsPerAnchorMax,
            individual.Id,
            root.Id
        );

    private static MergeGroups Shared(int contacts, params BaseIndividual[][] others) =>
        Of(
            [],
            [
                .. Enumerable
                    .Range(0, contacts)
                    .Select(i => (BaseIndividual[])[Contact($"003C{i}"), Ada]),
                .. others,
            ]
        );

    private static MergeGroups Of(
        StewardDecision[] decisions,
        params BaseIndividual[][] statements
    ) =>
        MergeGraph.Of(
            [.. statements.SelectMany(stated => stated).Distinct()],
            statements
                .Select((stated, i) => (Link: new LinkKey("test", "link", $"{i}"), stated))
                .ToDictionary(
                    one => one.Link,
                    one => one.stated.Select(b => b.Id).ToImmutableArray()
                ),
            decisions,
            Limits.ContactsPerAnchorMax
        );

    private static string[] RootsOf(MergeGroups groups, params BaseIndividual[] bases) =>
        [.. bases.Select(one => groups.Roots[one.Id])];

    private static BaseIndividual Contact(string id) => new($"ind_{id}", 0, $"contactId:{id}");

    private static BaseIndividual Email(string value) => new($"ind_{value}", 1, $"email:{value}");
}
