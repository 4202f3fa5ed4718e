using System.Collections.Immutable;
using OrleansCdp.Events;
using static OrleansCdp.Moving;

namespace OrleansCdp.Identity;

/// <summary>
/// An event that was sent by what was known before its link went to another individual finds it there, whatever was merged
/// and parted in between: a link that began anew where it had been would be seen by nobody.
/// </summary>
public sealed class LateEventTests
{
    private const string Owner = "ind_a";
    private static readonly LinkKey Own = new("crm", "Contact", "003");
    private static readonly LinkKey Visitor = new("web", "anonymous", "v");
    private static readonly LinkKey New = new("web", "user", "new");
    private static readonly UnifiedIndividual Root = With("ind_root", Own);

    [Fact]
    public void A_link_that_left_before_its_individual_was_merged_does_not_begin_at_the_root()
    {
        UnifiedIndividual a = With(Owner, Some.Customer).Detach([Visitor], "ind_b", 1, out _).Next;
        (a, UnifiedIndividual root) = Merge(a, Root);

        root.Apply([Visit(Visitor)], Owner).Outcomes.ShouldBe([EventOutcome.NotMine(Owner)]);
        a.Apply([Visit(Visitor)]).Outcomes.ShouldBe([EventOutcome.Moved("ind_b")]);
    }

    [Fact]
    public void What_has_not_left_begins_at_the_root_once_the_individual_said_so()
    {
        UnifiedIndividual a = With(Owner, Some.Customer).Detach([Visitor], "ind_b", 1, out _).Next;
        (a, UnifiedIndividual root) = Merge(a, Root);

        root.Apply([Visit(New)], Owner).Outcomes.ShouldBe([EventOutcome.NotMine(Owner)]);
        a.Apply([Visit(New)]).Outcomes.ShouldBe([EventOutcome.NotMine(Root.Id)]);
        root = root.Apply([Visit(New) with { IsSentByOwner = true }], Owner).Next;

        root.OwnerOf(New).ShouldBe(Owner);
        root.Apply([Visit(New, 2)], Owner).Outcomes.ShouldBeEmpty("it is here");
    }

    [Fact]
    public void Of_an_individual_that_no_link_had_left_all_begin_at_the_root_and_nobody_is_asked()
    {
        (_, UnifiedIndividual root) = Merge(With(Owner, Some.Customer), Root);

        root.Merged.Single().IsWhole.ShouldBeTrue();
        root.Apply([Visit(New)], Owner).Outcomes.ShouldBeEmpty();
    }

    [Fact]
    public void A_move_decided_by_old_claims_asks_where_the_link_went_before_it_moves_nothing()
    {
        UnifiedIndividual a = With(Owner, Some.Customer).Detach([Visitor], "ind_b", 1, out _).Next;
        (a, UnifiedIndividual root) = Merge(a, Root);

        root.Detach([Visitor], "ind_c", 1, Owner, default, isSentByOwner: false, out var asked)
            .Changed.ShouldBeFalse();
        a.Detach([Visitor], "ind_c", 1, Owner, default, isSentByOwner: false, out var promised)
            .Changed.ShouldBeFalse();
        (asked.AskThere, asked.Target).ShouldBe((true, Owner));
        (promised.AskThere, promised.Target).ShouldBe((false, "ind_b"));

        a.Detach([New], "ind_c", 1, Owner, default, isSentByOwner: false, out var sentBack);
        (sentBack.AskThere, sentBack.Target).ShouldBe((true, Root.Id));
        root = root.Detach(
            [New],
            "ind_c",
            1,
            Owner,
            default,
            isSentByOwner: true,
            out var left
        ).Next;
        (left.AskThere, left.Target, left.Links.Length).ShouldBe((false, "ind_c", 1));
        root.Apply([Visit(New)], Owner).Outcomes.ShouldBe([EventOutcome.Moved("ind_c")]);
    }

    [Fact]
    public void A_link_that_left_at_the_root_is_remembered_at_home_when_the_merge_is_taken_back()
    {
        (UnifiedIndividual a, UnifiedIndividual root) = Merge(With(Owner, Visitor), Root);
        root = root.Detach(
            [Visitor],
            "ind_b",
            1,
            Owner,
            default,
            isSentByOwner: false,
            out var left
        ).Next;
        root = root.Release(MovedLink.Of(left.Links), "ind_b").Next;

        root = root.Separate(Owner, Owner, out Departure home).Next;
        a = a.Begin(new Placing(root.Id, Owner)).Next.Redirect(home.Left).Next.End().Next;

        a.ElsewhereAt.ShouldBeNull();
        a.Apply([Visit(Visitor)]).Outcomes.ShouldBe([EventOutcome.Moved("ind_b")]);
        a.IsWhole().ShouldBeFalse("the next root has to ask");
    }

    [Fact]
    public void A_link_that_was_not_handed_over_yet_is_asked_for_where_it_waits()
    {
        (UnifiedIndividual a, UnifiedIndividual root) = Merge(With(Owner, Visitor), Root);
        root = root.Detach([Visitor], "ind_b", 1, Owner, default, isSentByOwner: false, out _).Next;

        root = root.Separate(Owner, Owner, out Departure home).Next;
        a = a.Begin(new Placing(root.Id, Owner)).Next.Redirect(home.Left).Next.End().Next;

        a.Apply([Visit(Visitor)]).Outcomes.ShouldBe([EventOutcome.Moved(root.Id)]);
        root.Apply([Visit(Visitor)]).Outcomes.ShouldBe([EventOutcome.Moved("ind_b")]);
        a.Departed.Single().State.ShouldBeNull();
    }

    [Fact]
    public void Whoever_merely_remembers_where_a_link_was_asks_the_claims_before_anybody_else()
    {
        UnifiedIndividual a = With(Owner, Some.Customer).Detach([Visitor], "ind_b", 1, out _).Next;
        SequencedEvent remembered = Visit(Visitor) with { IsRemembered = true };

        a.Apply([remembered]).Outcomes.ShouldBe([EventOutcome.NotMine(Owner)]);
    }

    [Fact]
    public void What_others_brought_and_took_away_again_did_not_go_with_one_who_became_somebody_else()
    {
        (UnifiedIndividual a, UnifiedIndividual root) = Merge(With(Owner, Visitor), Root);
        root = root.Separate(Owner, Owner, out Departure home).Next;
        root = root.Release(MovedLink.Of(home.Links), Owner).Next;
        root = root.Detach([], "ind_b", 1, out _).Next;

        root.Apply([Visit(Visitor)], Owner).Outcomes.ShouldBe([EventOutcome.NotMine(Owner)]);
        root.Apply([Visit(Own)]).Outcomes.ShouldBe([EventOutcome.Moved("ind_b")]);
        root.Detach([Visitor], "ind_c", 1, Owner, default, isSentByOwner: false, out var asked)
            .Changed.ShouldBeFalse();
        (asked.AskThere, asked.Target).ShouldBe((true, Owner));
        a.ElsewhereAt.ShouldBe(root.Id, "it has not come home yet");
    }

    [Fact]
    public void Links_of_one_who_became_somebody_else_come_home_when_a_merge_is_taken_back()
    {
        UnifiedIndividual visitor = With(Owner, Visitor).Detach([], "ind_b", 1, out _).Next;
        Link began = new() { Key = New, Moves = 1 };

        UnifiedIndividual home = visitor
            .Attach(
                [began],
                Owner,
                byMerge: true,
                isLast: true,
                isWhole: false,
                out string? elsewhere
            )
            .Next;

        elsewhere.ShouldBeNull("they would be nowhere");
        home.Apply([Visit(New)]).Outcomes.ShouldBeEmpty();
        home.ElsewhereAt.ShouldBeNull();
    }

    [Fact]
    public void A_link_that_has_not_begun_begins_with_whom_it_is_given_to_at_the_same_root()
    {
        (_, UnifiedIndividual root) = Merge(With(Owner, Some.Customer), Root);

        root = root.Detach(
            [New],
            root.Id,
            0,
            Owner,
            default,
            isSentByOwner: true,
            out var left
        ).Next;
        left.Stays.ShouldBeTrue();
        root = root.Apply([Visit(New)], Owner).Next;

        root.OwnerOf(New).ShouldBeNull("it is the root's, whoever its event was sent for");
        root.Links.Find(New)!.HasBegun.ShouldBeTrue();
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void A_link_that_has_not_begun_is_given_away_only_where_there_is_room(
        int more,
        bool isGiven
    )
    {
        (_, UnifiedIndividual root) = Merge(With(Owner, Some.Customer), Root);
        int count = Limits.LinksMax - 1 + more;
        root = root with
        {
            Links = Enumerable
                .Range(0, count - root.Links.Links.Length)
                .Aggregate(
                    root.Links,
                    (set, i) => set.With(new Link { Key = new("s", "o", $"{i}") })
                ),
        };

        root.Detach([New], root.Id, 0, Owner, default, isSentByOwner: true, out var left);

        left.Stays.ShouldBe(isGiven);
        left.Target.ShouldBe(root.Id);
    }

    [Fact]
    public void What_is_remembered_is_noted_once_and_forgotten_when_the_link_comes_back()
    {
        UnifiedIndividual a = With(Owner, Some.Customer).Begin(new Placing(Root.Id, Owner)).Next;
        ImmutableArray<DepartedLink> left = [new(Visitor, "ind_b", null, 1, 1)];

        a = a.Redirect(left).Next;
        a.Redirect(left).Changed.ShouldBeFalse();
        Link old = new() { Key = Visitor, Moves = 1 };
        a.Attach([old], out bool refused).Changed.ShouldBeFalse("it was here and left again");
        refused.ShouldBeFalse();
        a = a.Attach([old with { Moves = 2 }], out _).Next;

        a.Apply([Visit(Visitor)]).Outcomes.ShouldBeEmpty();
        a.Departed.ShouldBeEmpty();
    }
}
