using System.Collections.Immutable;
using OrleansCdp.Events;
using static OrleansCdp.Moving;

namespace OrleansCdp.Identity;

public sealed class MergingTests
{
    private static readonly LinkKey Own = new("crm", "Contact", "003");
    private static readonly LinkKey Other = new("shop", "customer", "1");
    private static readonly UnifiedIndividual Root = With("ind_root", Own);
    private static readonly UnifiedIndividual Merged = With("ind_a", Some.Customer, Other);

    [Fact]
    public void A_merged_individual_s_links_are_at_its_root_and_remain_its_own()
    {
        var (a, root) = Merge(Merged, Root);

        root.Links.Links.Select(link => link.Key).ShouldBe([Some.Customer, Own, Other]);
        root.OwnLinks.Select(link => link.Key).ShouldBe([Own]);
        root.OwnerOf(Other).ShouldBe("ind_a");
        root.OwnerOf(Own).ShouldBeNull();
        a.Links.Links.ShouldBeEmpty();
        a.Departed.ShouldBeEmpty("its place is told by its root, not link by link");
        (a.ElsewhereAt, a.RedirectTo).ShouldBe(("ind_root", null));
    }

    [Fact]
    public void Whoever_sends_to_a_merged_individual_is_told_its_root()
    {
        var (a, root) = Merge(Merged, Root);

        a.Apply([Visit(Other, 2)], "ind_a").Outcomes.ShouldBe([EventOutcome.NotMine("ind_root")]);
        root.Apply([Visit(Other, 2)], "ind_a").Outcomes.ShouldBeEmpty();
    }

    [Fact]
    public void A_frozen_link_s_events_are_sent_to_whom_it_is_promised()
    {
        UnifiedIndividual root = Root.Expect("ind_a", 2, out _).Next;
        UnifiedIndividual a = Merged.MergeInto(root.Id).Next;

        a.Apply([Visit(Other, 2)], "ind_a").Outcomes.ShouldBe([EventOutcome.Moved("ind_root")]);
        a.IsPlacing.ShouldBeTrue();
        a.WaitingFor("ind_root").Owner.ShouldBe("ind_a");
    }

    [Fact]
    public void A_root_knows_nothing_of_links_whose_individual_is_not_merged_into_it()
    {
        Root.Apply([Visit(Other, 1)], "ind_a").Outcomes.ShouldBe([EventOutcome.NotMine("ind_a")]);
        Root.Attach(
                Merged.Links.Links,
                "ind_a",
                byMerge: true,
                isLast: true,
                isWhole: true,
                out string? elsewhere
            )
            .Changed.ShouldBeFalse();
        elsewhere.ShouldBe("ind_a");
    }

    [Fact]
    public void A_root_that_has_not_got_all_links_of_an_individual_yet_begins_none_of_them()
    {
        var (_, root) = Merge(Merged, Root);
        root = root.Separate("ind_a", "ind_a", out Departure home).Next;
        root = root.Release(MovedLink.Of(home.Links), "ind_a").Next;

        // Who remembers the first merge still sends to the root, and the individual has the link.
        UnifiedIndividual expecting = root.Expect("ind_a", 2, out _).Next;
        UnifiedIndividual half = expecting
            .Attach(home.Links[..1], "ind_a", byMerge: true, isLast: false, isWhole: true, out _)
            .Next;
        UnifiedIndividual all = half.Attach(
            home.Links[1..],
            "ind_a",
            byMerge: true,
            isLast: true,
            isWhole: true,
            out _
        ).Next;

        EventOutcome[] asked = [EventOutcome.NotMine("ind_a")];
        expecting.Apply([Visit(Other, 2)], "ind_a").Outcomes.ShouldBe(asked);
        half.Apply([Visit(Other, 2)], "ind_a").Outcomes.ShouldBe(asked);
        half.Apply([Visit(Some.Customer, 2)], "ind_a").Outcomes.ShouldBeEmpty();
        all.Apply([Visit(Other, 2)], "ind_a").Outcomes.ShouldBeEmpty();
        all.Apply([Visit(new LinkKey("web", "user", "new"), 1)], "ind_a").Outcomes.ShouldBeEmpty();
    }

    [Fact]
    public void A_link_promised_to_one_who_was_merged_here_meanwhile_stays_and_becomes_that_one_s()
    {
        UnifiedIndividual root = Root.Detach(
            [Own],
            "ind_a",
            1,
            Root.Id,
            default,
            isSentByOwner: false,
            out var own
        ).Next;
        (_, root) = Merge(Merged, root);

        UnifiedIndividual kept = root.Attach(
            own.Links,
            "ind_a",
            byMerge: false,
            isLast: false,
            isWhole: true,
            out string? elsewhere
        ).Next;

        elsewhere.ShouldBeNull();
        kept.OwnerOf(Own).ShouldBe("ind_a");
        kept.Departed.ShouldBeEmpty();
        kept.Attach(own.Links, "ind_a", byMerge: false, isLast: false, isWhole: true, out _)
            .Changed.ShouldBeFalse();
    }

    [Fact]
    public void A_link_that_begins_at_the_root_goes_home_with_its_individual()
    {
        LinkKey late = new("web", "user", "late");
        var (_, root) = Merge(Merged, Root);

        root = root.Apply([Visit(late, 1)], "ind_a").Next;
        root = root.Separate("ind_a", "ind_a", out Departure home).Next;

        home.Links.Select(link => link.Key).ShouldBe([Some.Customer, Other, late], true);
        root.Links.Links.ShouldHaveSingleItem().Key.ShouldBe(Own);
        root.Merged.ShouldBeEmpty();
    }

    [Fact]
    public void Separating_again_says_what_is_left_to_take_and_nothing_once_all_is()
    {
        var (_, root) = Merge(Merged, Root);
        root = root.Separate("ind_a", "ind_a", out Departure first).Next;

        var again = root.Separate("ind_a", "ind_a", out Departure second);
        root = root.Release(MovedLink.Of(first.Links), "ind_a").Next;
        var last = root.Separate("ind_a", "ind_a", out Departure nothing);

        again.Changed.ShouldBeFalse();
        Bytes.Of(second.Links).ShouldBe(Bytes.Of(first.Links));
        (second.Owner, second.FormerOwner).ShouldBe(("ind_a", "ind_a"));
        last.Changed.ShouldBeFalse();
        nothing.Links.ShouldBeEmpty();
        root.Departed.ShouldBeEmpty();
    }

    [Fact]
    public void An_old_hand_over_to_a_root_is_not_taken_once_the_merge_is_taken_back()
    {
        UnifiedIndividual root = Root.Expect("ind_a", 2, out _).Next;
        Departure old = Merged.MergeInto(root.Id).Next.WaitingFor(root.Id);
        (_, root) = Merge(Merged, Root);
        root = root.Separate("ind_a", "ind_a", out Departure home).Next;

        var meanwhile = root.Attach(
            old.Links,
            "ind_a",
            byMerge: true,
            isLast: true,
            isWhole: true,
            out string? elsewhere
        );
        root = root.Release(MovedLink.Of(home.Links), "ind_a").Next;
        var after = root.Attach(
            old.Links,
            "ind_a",
            byMerge: true,
            isLast: true,
            isWhole: true,
            out string? asked
        );

        meanwhile.Changed.ShouldBeFalse();
        elsewhere.ShouldBeNull("it was taken before");
        after.Changed.ShouldBeFalse();
        asked.ShouldBe("ind_a");
    }

    [Fact]
    public void A_merged_individual_changes_roots_in_steps_that_each_may_be_repeated()
    {
        var (a, root) = Merge(Merged, Root);
        UnifiedIndividual next = With("ind_next").Expect("ind_a", 2, out _).Next;
        Placing placing = new(root.Id, next.Id);

        a = a.Begin(placing).Next;
        a.Begin(placing).Changed.ShouldBeFalse();
        root = root.Separate("ind_a", next.Id, out Departure moving).Next;
        a = a.Redirect([]).Next;
        a.Redirect([]).Changed.ShouldBeFalse();
        a.IsPlacing.ShouldBeTrue();
        next = next.Attach(
            moving.Links,
            "ind_a",
            byMerge: true,
            isLast: true,
            isWhole: true,
            out _
        ).Next;
        next.Attach(moving.Links, "ind_a", byMerge: true, isLast: true, isWhole: true, out _)
            .Changed.ShouldBeFalse();
        root = root.Release(MovedLink.Of(moving.Links), next.Id).Next;
        a = a.End().Next;
        a.End().Changed.ShouldBeFalse();

        (a.PlacedAt, a.IsPlacing).ShouldBe(("ind_next", false));
        root.Links.Links.ShouldHaveSingleItem().Key.ShouldBe(Own);
        next.Links.Links.Select(link => link.Key).ShouldBe([Some.Customer, Other]);
        next.OwnerOf(Other).ShouldBe("ind_a");
    }

    [Fact]
    public void A_link_that_changes_its_individual_stays_where_it_is_when_both_live_there()
    {
        var (_, root) = Merge(Merged, Root);
        (_, root) = Merge(With("ind_b"), root);

        var moved = root.Detach(
            [Other],
            "ind_b",
            1,
            "ind_a",
            default,
            isSentByOwner: false,
            out Departure departure
        );

        (departure.Stays, departure.Owner, departure.FormerOwner).ShouldBe(
            (true, "ind_b", "ind_a")
        );
        moved.Next.OwnerOf(Other).ShouldBe("ind_b");
        moved.Next.Links.ShouldBe(root.Links);
        moved
            .Next.Detach(
                [Other],
                "ind_b",
                1,
                "ind_a",
                default,
                isSentByOwner: false,
                out Departure again
            )
            .Changed.ShouldBeFalse();
        again.Stays.ShouldBeTrue();
    }

    [Fact]
    public void A_decision_that_rests_on_a_former_individual_of_the_link_changes_nothing()
    {
        var (_, root) = Merge(Merged, Root);
        (_, root) = Merge(With("ind_b"), root);
        root = root.Detach([Other], "ind_b", 1, "ind_a", default, isSentByOwner: false, out _).Next;

        foreach (string target in new[] { root.Id, "ind_elsewhere" })
        {
            root.Detach(
                    [Other],
                    target,
                    0,
                    "ind_a",
                    default,
                    isSentByOwner: false,
                    out Departure late
                )
                .Changed.ShouldBeFalse();
            (late.AskThere, late.Target).ShouldBe((true, root.Id), "to be decided anew");
        }
    }

    [Fact]
    public void A_merged_individual_s_link_that_becomes_its_root_s_own_stays_there_for_good()
    {
        var (_, root) = Merge(Merged, Root);

        root = root.Detach(
            [Other],
            root.Id,
            0,
            "ind_a",
            default,
            isSentByOwner: false,
            out Departure departure
        ).Next;
        root.Separate("ind_a", "ind_a", out Departure home);

        departure.Stays.ShouldBeTrue();
        root.OwnerOf(Other).ShouldBeNull();
        home.Links.ShouldHaveSingleItem().Key.ShouldBe(Some.Customer);
    }

    [Fact]
    public void A_root_s_own_link_that_becomes_a_merged_individual_s_goes_home_with_it()
    {
        var (_, root) = Merge(Merged, Root);

        root = root.Detach([Own], "ind_a", 1, root.Id, default, isSentByOwner: false, out _).Next;
        root = root.Separate("ind_a", "ind_a", out Departure home).Next;

        home.Links.Length.ShouldBe(3);
        root.Links.Links.ShouldBeEmpty();
    }

    [Fact]
    public void A_visitor_who_signed_in_and_whose_link_comes_home_is_somebody_again()
    {
        LinkKey link = new("web", "anonymous", "a1");
        UnifiedIndividual visitor = With(SubjectIds.IndividualOf(link), link);
        UnifiedIndividual known = With("ind_a");
        visitor = visitor.Detach([], known.Id, 1, out Departure there).Next;
        known = known.Attach(there.Links, out _).Next;
        visitor = visitor.Release(MovedLink.Of(there.Links), known.Id).Next;
        known.Detach([link], visitor.Id, 99, out Departure back);

        UnifiedIndividual home = visitor.Attach(back.Links, out bool refused).Next;

        refused.ShouldBeFalse();
        (home.ElsewhereAt, home.RedirectRank).ShouldBe((null, null));
        home.Apply([Visit(link, 2)]).Outcomes.ShouldBeEmpty();
        home.Attach(there.Links, out refused).Changed.ShouldBeFalse();
    }

    [Fact]
    public void A_link_that_is_not_the_visitor_s_own_does_not_bring_the_visitor_back()
    {
        LinkKey link = new("web", "anonymous", "a1");
        UnifiedIndividual visitor = With(SubjectIds.IndividualOf(link), link);
        visitor = visitor.Detach([], "ind_a", 1, out _).Next;
        Link stranger = new() { Key = Other, Moves = 1 };

        visitor.Attach([stranger], out bool refused).Changed.ShouldBeFalse();

        refused.ShouldBeTrue();
    }
}
