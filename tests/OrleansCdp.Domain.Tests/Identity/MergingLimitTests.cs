using OrleansCdp.Events;
using static OrleansCdp.Moving;

namespace OrleansCdp.Identity;

public sealed class MergingLimitTests
{
    private static readonly LinkKey Other = new("shop", "customer", "1");
    private static readonly UnifiedIndividual Root = With(
        "ind_root",
        new LinkKey("crm", "Contact", "003")
    );
    private static readonly UnifiedIndividual Merged = With("ind_a", Some.Customer, Other);

    [Fact]
    public void The_1000th_individual_is_merged_into_one_and_the_1001st_refused()
    {
        UnifiedIndividual root = Root with
        {
            Merged =
            [
                .. Enumerable
                    .Range(0, Limits.MergedMax - 1)
                    .Select(i => new MergedIndividual($"ind_{i:D4}", [])),
            ],
        };

        UnifiedIndividual full = root.Expect("ind_a", 1, out string? last).Next;
        var past = full.Expect("ind_b", 1, out string? more);

        last.ShouldBeNull();
        full.Merged.Length.ShouldBe(Limits.MergedMax);
        more.ShouldBe(ReasonCodes.MergedMax);
        past.Changed.ShouldBeFalse();
        full.Expect("ind_a", 1, out string? again).Next.Merged.Length.ShouldBe(Limits.MergedMax);
        again.ShouldBeNull("it is expected already");
    }

    [Fact]
    public void As_many_links_are_expected_as_there_is_room_for_and_not_one_more()
    {
        const int room = Limits.LinksMax - 1;

        Root.Expect("ind_a", room, out string? fits);
        var past = Root.Expect("ind_a", room + 1, out string? refused);

        fits.ShouldBeNull();
        refused.ShouldBe(ReasonCodes.LinksMax);
        past.Changed.ShouldBeFalse();
    }

    [Fact]
    public void Whoever_has_nothing_is_here_at_once_and_takes_no_room()
    {
        UnifiedIndividual awaited = Root.Expect("ind_a", 3, out _).Next;

        UnifiedIndividual here = awaited.Expect("ind_a", 0, out string? refused, true).Next;

        refused.ShouldBeNull();
        MergedIndividual one = here.Merged.ShouldHaveSingleItem();
        (one.IsHere, one.IsWhole, one.Missing).ShouldBe((true, true, 0));
        here.Expect("ind_a", 0, out _, true).Changed.ShouldBeFalse();
        UnifiedIndividual nobody = new() { Id = "ind_a" };
        nobody.HasNothing().ShouldBeTrue();
        Merged.HasNothing().ShouldBeFalse();
        (nobody with { Merged = here.Merged }).HasNothing().ShouldBeFalse();
        nobody
            .Apply([Some.Event(EventKind.Updated, "Individual", Other).At(1)])
            .Next.Detach([Other], "ind_b", 0, out _)
            .Next.HasNothing()
            .ShouldBeFalse("it remembers who left");
    }

    [Fact]
    public void Room_that_is_kept_for_one_is_not_promised_to_another()
    {
        const int left = Limits.LinksMax - 1 - 3_000;
        UnifiedIndividual root = Root.Expect("ind_a", 3_000, out string? first).Next;

        root.Expect("ind_b", left, out string? fits);
        root.Expect("ind_b", left + 1, out string? refused).Changed.ShouldBeFalse();

        (first, fits, refused).ShouldBe((null, null, ReasonCodes.LinksMax));
    }

    [Fact]
    public void Room_that_is_kept_is_taken_by_no_link_that_begins_or_comes_unannounced()
    {
        UnifiedIndividual root = Root.Expect("ind_a", Limits.LinksMax - 2, out _).Next;
        Link[] two = [new() { Key = Other, Moves = 1 }, new() { Key = Some.Customer, Moves = 1 }];

        root.Attach(
            [two[0]],
            root.Id,
            byMerge: false,
            isLast: false,
            isWhole: true,
            out string? fits
        );
        root.Attach(
            [.. two],
            root.Id,
            byMerge: false,
            isLast: false,
            isWhole: true,
            out string? refused
        );
        UnifiedIndividual full = root.Apply([Visit(Other, 1)]).Next;

        (fits, refused).ShouldBe((null, root.Id));
        full.Links.Links.Length.ShouldBe(2);
        full.Apply([Visit(Some.Customer, 2)])
            .Outcomes.ShouldBe([EventOutcome.Refused(ReasonCodes.LinksMax)]);
        full.Apply([Visit(Other, 3)]).Outcomes.ShouldBeEmpty("it has begun");
    }

    [Fact]
    public void Once_all_that_were_announced_are_here_no_room_is_kept()
    {
        UnifiedIndividual root = Root.Expect("ind_a", Limits.LinksMax - 1, out _).Next;

        root = root.Attach(
            Merged.Links.Links,
            "ind_a",
            byMerge: true,
            isLast: true,
            isWhole: true,
            out _
        ).Next;

        root.Expect("ind_b", Limits.LinksMax - 3, out string? fits);
        root.Expect("ind_b", Limits.LinksMax - 2, out string? refused);
        (fits, refused).ShouldBe((null, ReasonCodes.LinksMax));
    }

    [Fact]
    public void Who_has_announced_itself_expects_nobody()
    {
        UnifiedIndividual asking = Merged.Begin(new Placing(Merged.Id, Root.Id)).Next;

        asking.Expect("ind_c", 1, out string? refused).Changed.ShouldBeFalse();

        refused.ShouldBe(ReasonCodes.MergedElsewhere);
        (asking.IsAsking(), asking.MergeInto(Root.Id).Next.IsAsking()).ShouldBe((true, false));
    }

    [Fact]
    public void Who_does_not_come_after_all_is_dismissed_unless_announced_again_or_here_in_part()
    {
        UnifiedIndividual root = Root.Expect("ind_a", 2, out _).Next;
        MergedIndividual withdrawn = root.Merged[0];

        UnifiedIndividual again = root.Expect("ind_a", 2, out _).Next;
        UnifiedIndividual begun = root.Attach(
            Merged.Links.Links[..1],
            "ind_a",
            byMerge: true,
            isLast: false,
            isWhole: true,
            out _
        ).Next;

        root.Dismiss(withdrawn).Next.Merged.ShouldBeEmpty();
        again.Dismiss(withdrawn).Changed.ShouldBeFalse();
        begun.Dismiss(withdrawn).Changed.ShouldBeFalse();
    }

    [Fact]
    public void A_visitor_with_others_inside_does_not_become_somebody_and_hide_them()
    {
        UnifiedIndividual visitor = With("ind_v", Other).Expect("ind_w", 1, out _).Next;

        var transition = visitor.Detach([], "ind_c", 0, out Departure departure);

        transition.Changed.ShouldBeFalse();
        (departure.AskThere, departure.Target).ShouldBe((true, "ind_v"), "to be decided anew");
    }

    [Fact]
    public void Who_is_merged_or_redirects_expects_nobody()
    {
        var (merged, _) = (Merged.MergeInto(Root.Id).Next, Root);
        UnifiedIndividual gone = With("ind_v", Other).Detach([], "ind_b", 1, out _).Next;

        merged.Expect("ind_c", 1, out string? byMerge).Changed.ShouldBeFalse();
        gone.Expect("ind_c", 1, out string? byMove).Changed.ShouldBeFalse();

        byMerge.ShouldBe(ReasonCodes.MergedElsewhere);
        byMove.ShouldBe(ReasonCodes.MergedElsewhere);
    }

    [Fact]
    public void Links_that_were_expected_are_taken_although_others_came_first()
    {
        UnifiedIndividual root = Root.Expect("ind_a", 2, out _).Next with
        {
            Links = new LinkSet
            {
                Links =
                [
                    .. Enumerable
                        .Range(0, Limits.LinksMax)
                        .Select(i => new Link { Key = new LinkKey("s", "o", $"{i:D5}") }),
                ],
            },
        };

        UnifiedIndividual next = root.Attach(
            Merged.Links.Links,
            "ind_a",
            byMerge: true,
            isLast: true,
            isWhole: true,
            out string? elsewhere
        ).Next;

        elsewhere.ShouldBeNull("half of a merge would be worse");
        next.Links.Links.Length.ShouldBe(Limits.LinksMax + 2);
    }

    [Fact]
    public void Fifty_links_change_hands_by_a_merge_at_once_and_the_rest_afterwards()
    {
        LinkKey[] links =
        [
            .. Enumerable
                .Range(0, Limits.TransferLinksMax + 1)
                .Select(i => new LinkKey("s", "o", $"{i:D2}")),
        ];
        UnifiedIndividual a = With("ind_a", links).MergeInto("ind_root").Next;

        Departure first = a.WaitingFor("ind_root");
        a = a.Release(MovedLink.Of(first.Links), "ind_root").Next;

        (first.Links.Length, first.More).ShouldBe((Limits.TransferLinksMax, true));
        a.WaitingFor("ind_root").Links.ShouldHaveSingleItem();
    }
}
