using OrleansCdp.Events;

namespace OrleansCdp.Identity;

public sealed class LinkMoveTests
{
    [Fact]
    public void A_frozen_link_s_events_are_sent_on_before_and_after_its_release()
    {
        SequencedEvent[] first = [Some.Traits(0, "city".Is("Rome")).At(1)];
        SequencedEvent[] second = [Some.Traits(1, "city".Is("Oslo")).At(2)];
        UnifiedIndividual individual = Nobody.Apply(first).Next;

        UnifiedIndividual frozen = individual
            .Detach([Some.Customer], "ind_b", 0, out var left)
            .Next;
        UnifiedIndividual released = frozen.Release(MovedLink.Of(left.Links), "ind_b").Next;

        frozen.Apply(second).Outcomes.ShouldBe([EventOutcome.Moved("ind_b")]);
        released.Apply(second).Outcomes.ShouldBe([EventOutcome.Moved("ind_b")]);
        released.RedirectTo.ShouldBeNull();
        released.Departed.ShouldHaveSingleItem().State.ShouldBeNull();
    }

    [Fact]
    public void Freezing_twice_gives_the_same_state_and_a_second_target_gets_nothing()
    {
        UnifiedIndividual individual = Nobody.Apply([Some.Traits(0, "city".Is("Rome")).At(1)]).Next;

        UnifiedIndividual frozen = individual
            .Detach([Some.Customer], "ind_b", 0, out var first)
            .Next;
        frozen.Detach([Some.Customer], "ind_b", 0, out var second);
        frozen.Detach([Some.Customer], "ind_c", 0, out var other);

        Bytes.Of(second.Links).ShouldBe(Bytes.Of(first.Links));
        other.Target.ShouldBe("ind_b");
        Bytes.Of(other.Links).ShouldBe(Bytes.Of(first.Links));
    }

    [Fact]
    public void A_link_that_comes_back_has_its_history_and_its_events_stay()
    {
        UnifiedIndividual a = Nobody.Apply([Some.Traits(0, "city".Is("Rome")).At(1)]).Next;
        UnifiedIndividual b = new() { Id = "ind_b" };

        a = a.Detach([Some.Customer], b.Id, 0, out var there).Next;
        b = b.Attach(there.Links, out _).Next;
        a = a.Release(MovedLink.Of(there.Links), b.Id).Next;
        b = b.Detach([Some.Customer], a.Id, 0, out var back).Next;
        a = a.Attach(back.Links, out _).Next;
        b = b.Release(MovedLink.Of(back.Links), a.Id).Next;
        UnifiedIndividual late = b.Attach(there.Links, out _).Next; // The first hand-over, repeated.

        Trait(a, "city").ShouldBe("Rome");
        a.Apply([Some.Traits(1, "city".Is("Oslo")).At(2)]).Outcomes.ShouldBeEmpty();
        late.Links.Links.ShouldBeEmpty();
        late.Apply([Some.Traits(1, "city".Is("Oslo")).At(2)])
            .Outcomes.ShouldBe([EventOutcome.Moved(a.Id)]);
    }

    [Fact]
    public void An_absorbed_individual_promises_its_links_to_nobody_else()
    {
        UnifiedIndividual individual = Nobody.Apply([Some.Traits(0, "city".Is("Rome")).At(1)]).Next;
        UnifiedIndividual absorbed = individual.Detach([], "ind_b", 0, out var first).Next;

        var again = absorbed.Detach([], "ind_c", 0, out var second);

        again.Changed.ShouldBeFalse();
        second.Target.ShouldBe("ind_b");
        Bytes.Of(second.Links).ShouldBe(Bytes.Of(first.Links));
    }

    [Fact]
    public void Taking_a_link_in_twice_does_not_turn_its_events_back()
    {
        UnifiedIndividual from = Nobody.Apply([Some.Traits(0, "city".Is("Rome")).At(1)]).Next;
        from.Detach([Some.Customer], "ind_b", 0, out var moving);
        UnifiedIndividual to = new() { Id = "ind_b" };
        to = to.Attach(moving.Links, out _).Next;
        to = to.Apply([Some.Traits(1, "city".Is("Oslo")).At(2)]).Next;

        var again = to.Attach(moving.Links, out bool refused);

        refused.ShouldBeFalse();
        again.Changed.ShouldBeFalse();
        Trait(again.Next, "city").ShouldBe("Oslo");
    }

    [Fact]
    public void An_absorbed_individual_redirects_for_ever_and_takes_nothing_in()
    {
        UnifiedIndividual individual = Nobody.Apply([Some.Traits(0, "city".Is("Rome")).At(1)]).Next;

        UnifiedIndividual absorbed = individual.Detach([], "ind_b", 0, out _).Next;

        absorbed.RedirectTo.ShouldBe("ind_b");
        Link arriving = new() { Key = new LinkKey("web", "user", "u"), Moves = 1 };
        absorbed.Attach([arriving], out bool refused).Changed.ShouldBeFalse();
        refused.ShouldBeTrue();
        absorbed.Attach([], out refused);
        refused.ShouldBeTrue();
        SequencedEvent stranger = Some.Event(
                EventKind.Updated,
                "Individual",
                new LinkKey("web", "user", "u")
            )
            .At(1);
        absorbed.Apply([stranger]).Outcomes.ShouldBe([EventOutcome.Moved("ind_b")]);
    }

    [Fact]
    public void An_absorbed_individual_remembers_how_strong_its_absorber_was()
    {
        UnifiedIndividual a = Nobody.Apply([Some.Traits(0, "city".Is("Rome")).At(1)]).Next;
        a = a.Detach([], "ind_b", 1, out var moving).Next;

        a = a.Release(MovedLink.Of(moving.Links), "ind_b").Next;

        a.Departed.ShouldBeEmpty();
        a.RedirectRank.ShouldBe(1);
        a.Detach([], "ind_c", AnchorPolicy.AsPromised, out var again).Changed.ShouldBeFalse();
        (again.Target, again.Rank).ShouldBe(("ind_b", 1));
    }

    [Fact]
    public void An_old_copy_of_a_link_is_not_sent_on_ahead_of_the_link_itself()
    {
        UnifiedIndividual a = Nobody.Apply([Some.Traits(0, "city".Is("Rome")).At(1)]).Next;
        a.Detach([], "ind_b", 0, out var first);
        UnifiedIndividual b = new() { Id = "ind_b" };
        b = b.Attach(first.Links, out _).Next;
        b = b.Apply([Some.Traits(1, "city".Is("Oslo")).At(2)]).Next;
        b = b.Detach([], "ind_c", 0, out _).Next;

        b.Attach(first.Links, out bool refused).Changed.ShouldBeFalse();

        refused.ShouldBeFalse("ind_c would take it, and then not the link that ind_b gives it");
    }

    [Fact]
    public void An_old_release_does_not_forget_a_link_that_came_back_and_left_again()
    {
        UnifiedIndividual a = Nobody.Apply([Some.Traits(0, "city".Is("Rome")).At(1)]).Next;
        UnifiedIndividual b = new() { Id = "ind_b" };
        a = a.Detach([Some.Customer], b.Id, 0, out var first).Next;
        b = b.Attach(first.Links, out _).Next;
        b = b.Detach([Some.Customer], a.Id, 0, out var back).Next;
        a = a.Attach(back.Links, out _).Next;
        a = a.Detach([Some.Customer], b.Id, 0, out var second).Next;

        UnifiedIndividual late = a.Release(MovedLink.Of(first.Links), b.Id).Next;

        late.Departed.ShouldHaveSingleItem().State.ShouldNotBeNull();
        late.Release(MovedLink.Of(second.Links), b.Id)
            .Next.Departed.ShouldHaveSingleItem()
            .State.ShouldBeNull();
    }

    [Fact]
    public void Fifty_links_are_handed_over_at_once()
    {
        UnifiedIndividual a = Nobody.Apply(OfLinks(Limits.TransferLinksMax)).Next;

        a.Detach([], "ind_b", 0, out var only);

        only.Links.Length.ShouldBe(Limits.TransferLinksMax);
        only.More.ShouldBeFalse();
    }

    [Fact]
    public void Links_are_handed_over_in_groups_and_an_absorbed_individual_remembers_none_of_them()
    {
        SequencedEvent[] events = OfLinks(Limits.TransferLinksMax + 1);
        UnifiedIndividual a = Nobody.Apply(events).Next;

        a = a.Detach([], "ind_b", 0, out var first).Next;
        a = a.Release(MovedLink.Of(first.Links), "ind_b").Next;
        a = a.Detach([], "ind_b", 0, out var second).Next;
        a = a.Release(MovedLink.Of(second.Links), "ind_b").Next;

        first.Links.Length.ShouldBe(Limits.TransferLinksMax);
        first.More.ShouldBeTrue();
        second.Links.Length.ShouldBe(1);
        second.More.ShouldBeFalse();
        a.Departed.ShouldBeEmpty();
        a.Apply(events.AsSpan(0, 1)).Outcomes.ShouldBe([EventOutcome.Moved("ind_b")]);
    }

    [Fact]
    public void The_5000th_departure_is_remembered_and_the_5001st_link_stays()
    {
        UnifiedIndividual individual = Nobody with
        {
            Departed =
            [
                .. Enumerable
                    .Range(0, Limits.DepartedMax - 1)
                    .Select(i => new DepartedLink(
                        new LinkKey("web", "user", $"{i:D5}"),
                        "ind_b",
                        null,
                        0,
                        1
                    )),
            ],
        };
        individual = individual.Apply([Some.Traits(0, "city".Is("Rome")).At(1)]).Next;
        LinkKey other = new("web", "user", "x");
        individual = individual
            .Apply([Some.Event(EventKind.Updated, "Individual", other).At(1)])
            .Next;

        UnifiedIndividual full = individual.Detach([Some.Customer], "ind_c", 0, out var left).Next;
        var refused = full.Detach([other], "ind_c", 0, out var stays);

        left.Links.ShouldHaveSingleItem().Key.ShouldBe(Some.Customer);
        full.Departed.Length.ShouldBe(Limits.DepartedMax);
        refused.Changed.ShouldBeFalse();
        stays.Target.ShouldBe(individual.Id);
        stays.Links.ShouldBeEmpty();
        full.Links.Find(other).ShouldNotBeNull();
        full.Detach([Some.Customer], "ind_c", 0, out var promised).Changed.ShouldBeFalse();
        promised.Target.ShouldBe("ind_c", "what is promised already needs no room");
    }

    private static SequencedEvent[] OfLinks(int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i =>
                    Some.Event(EventKind.Updated, "Individual", new LinkKey("web", "user", $"{i}"))
                        .At(1)
                ),
        ];

    private static UnifiedIndividual Nobody => new() { Id = "ind_a" };

    private static string? Trait(UnifiedIndividual individual, string name) =>
        Reconciliation
            .Traits(individual.Links, ReconciliationPolicy.Default)
            .FirstOrDefault(trait => trait.Name == name)
            ?.Won.Register.Value.Text;
}
