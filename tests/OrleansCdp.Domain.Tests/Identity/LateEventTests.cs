using System.Collections.Immutable;
using OrleansCdp.Events;

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

        root.Apply([Event(Visitor)], Owner).Outcomes.ShouldBe([EventOutcome.NotMine(Owner)]);
        a.Apply([Event(Visitor)]).Outcomes.ShouldBe([EventOutcome.Moved("ind_b")]);
    }

    [Fact]
    public void What_has_not_left_begins_at_the_root_once_the_individual_said_so()
    {
        UnifiedIndividual a = With(Owner, Some.Customer).Detach([Visitor], "ind_b", 1, out _).Next;
        (a, UnifiedIndividual root) = Merge(a, Root);

        root.Apply([Event(New)], Owner).Outcomes.ShouldBe([EventOutcome.NotMine(Owner)]);
        a.Apply([Event(New)]).Outcomes.ShouldBe([EventOutcome.NotMine(Root.Id)]);
        root = root.Apply([Event(New) with { IsSentByOwner = true }], Owner).Next;

        root.OwnerOf(New).ShouldBe(Owner);
        root.Apply([Event(New, 2)], Owner).Outcomes.ShouldBeEmpty("it is here");
    }

    [Fact]
    public void Of_an_individual_that_no_link_had_left_all_begin_at_the_root_and_nobody_is_asked()
    {
        (_, UnifiedIndividual root) = Merge(With(Owner, Some.Customer), Root);

        root.Merged.Single().IsWhole.ShouldBeTrue();
        root.Apply([Event(New)], Owner).Outcomes.ShouldBeEmpty();
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
        root.Apply([Event(New)], Owner).Outcomes.ShouldBe([EventOutcome.Moved("ind_c")]);
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
        a.Apply([Event(Visitor)]).Outcomes.ShouldBe([EventOutcome.Moved(root.Id)]);
        root.Apply([Event(Visitor)]).Outcomes.ShouldBe([EventOutcome.Moved("ind_b")]);
        a.IsWhole().ShouldBeFalse("the next root has to ask");
    }

    [Fact]
    public void What_is_remembered_is_noted_once_and_forgotten_when_the_link_comes_back()
    {
        UnifiedIndividual a = With(Owner, Some.Customer).Begin(new Placing(Root.Id, Owner)).Next;
        ImmutableArray<MovedLink> left = [new(Visitor, 1)];

        a = a.Redirect(left).Next;
        a.Redirect(left).Changed.ShouldBeFalse();
        Link old = new() { Key = Visitor, Moves = 1 };
        a.Attach([old], out bool refused).Changed.ShouldBeFalse("it was here and left again");
        refused.ShouldBeFalse();
        a = a.Attach([old with { Moves = 2 }], out _).Next;

        a.Apply([Event(Visitor)]).Outcomes.ShouldBeEmpty();
        a.Departed.ShouldBeEmpty();
    }

    private static (UnifiedIndividual Merged, UnifiedIndividual Root) Merge(
        UnifiedIndividual one,
        UnifiedIndividual root
    )
    {
        root = root.Expect(one.Id, one.OwnLinks.Count(), out _).Next;
        one = one.MergeInto(root.Id).Next;
        ImmutableArray<Link> moving = one.WaitingFor(root.Id).Links;
        root = root.Attach(
            moving,
            one.Id,
            byMerge: true,
            isLast: true,
            isWhole: one.IsWhole(),
            out _
        ).Next;
        return (one.Release(MovedLink.Of(moving), root.Id).Next.End().Next, root);
    }

    private static UnifiedIndividual With(string id, LinkKey link) =>
        new UnifiedIndividual { Id = id }
            .Apply([Event(link)])
            .Next;

    private static SequencedEvent Event(LinkKey link, long sequence = 1) =>
        (
            Some.Event(EventKind.Updated, "Individual", link, id: $"e{sequence}") with
            {
                Traits = ["visits".Is(sequence)],
            }
        ).At(sequence);
}
