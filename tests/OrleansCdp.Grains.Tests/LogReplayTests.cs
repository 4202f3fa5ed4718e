using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>A state is made anew only where the log tells all of it.</summary>
public sealed class LogReplayTests
{
    private static readonly LinkKey Web = new("web", "user", "u1");
    private static readonly LinkKey Company = new("crm", "Account", "1");

    [Fact]
    public async Task An_individual_is_the_fold_of_the_links_that_claims_give_it()
    {
        LinkKey other = new("web", "user", "u2");
        FakeHistory history = new()
        {
            Events = [Some.Event(Web, "a"), Some.Event(other, "b"), Some.Event(Web, "c")],
            Links = new Dictionary<LinkKey, DateTimeOffset?> { [Web] = Some.Noon },
        };

        (Rebuilt<UnifiedIndividual>? made, _) = await ReplayOf(history).IndividualAsync("ind_a");

        Link expected = new Link { Key = Web }
            .Fold(Some.Event(Web, "a").At(1), out _)
            .Fold(Some.Event(Web, "c").At(3), out _);
        StateDifference.Between(expected, made!.State.Links.Find(Web)).ShouldBeNull();
        made.State.Links.Links.Length.ShouldBe(1);
    }

    [Fact]
    public async Task One_that_is_made_anew_is_where_it_was_and_counts_on()
    {
        FakeHistory history = new()
        {
            Events = [Some.Event(Web, "a")],
            Links = new Dictionary<LinkKey, DateTimeOffset?> { [Web] = Some.Noon },
        };
        FakeMemberships memberships = new();
        memberships.Take(
            new SnapshotWrite
            {
                Id = "ind_a",
                PreviousVersion = 0,
                Version = 1,
                Data = [],
                MembershipChanges =
                [
                    new("old", true, 1, 1, Some.Noon, MembershipCause.Event, []),
                    new("new", true, 1, 2, Some.Noon, MembershipCause.Event, []),
                    new("old", false, 1, 3, Some.Noon, MembershipCause.Event, []),
                ],
            }
        );

        (Rebuilt<UnifiedIndividual>? made, _) = await ReplayOf(history, memberships)
            .IndividualAsync("ind_a");

        made!.State.Memberships.Sequence.ShouldBe(3);
        made.State.Memberships.Segments.ShouldHaveSingleItem().Segment.ShouldBe("new");
        made.State.Memberships.Catalogue.ShouldBe(0, "everything is evaluated again");
    }

    [Fact]
    public async Task Of_one_that_is_made_anew_every_account_it_may_have_told_is_known()
    {
        LinkKey next = Company with { Id = "2" };
        FakeHistory history = new()
        {
            Events =
            [
                Some.Event(Web, "a") with
                {
                    Account = Company,
                },
                Some.Event(Web, "b") with
                {
                    Account = next,
                    Version = 1,
                },
            ],
            Links = new Dictionary<LinkKey, DateTimeOffset?> { [Web] = Some.Noon },
        };

        (Rebuilt<UnifiedIndividual>? made, _) = await ReplayOf(history).IndividualAsync("ind_a");

        made!.State.CountedAt.ShouldBe(
            new[] { Company, next }.Select(Identity.SubjectIds.AccountOf).Order(),
            ignoreOrder: true
        );
    }

    [Theory]
    [InlineData(2, 0, true)] // Claimed a day after the log begins: its first event is there.
    [InlineData(2, -1, false)]
    [InlineData(1, -1, true)]
    [InlineData(2, null, false)]
    [InlineData(1, null, false)] // The log has every event, and may not be told of every move.
    public async Task A_link_claimed_too_early_or_nobody_knows_when_is_not_made_up(
        int first,
        int? second,
        bool isMade
    )
    {
        DateTimeOffset? claimed = second is { } s
            ? Some.Noon + LaneExtent.BehindMax + TimeSpan.FromSeconds(s)
            : null;
        FakeHistory history = new()
        {
            Events = [Some.Event(Web, "a"), Some.Event(Web, "b")],
            First = first,
            Links = new Dictionary<LinkKey, DateTimeOffset?> { [Web] = claimed },
        };

        var (made, whyNot) = await ReplayOf(history).IndividualAsync("ind_a");

        (made is not null).ShouldBe(isMade, whyNot);
    }

    [Fact]
    public async Task One_whose_links_moved_or_are_none_is_not_made_up()
    {
        FakeHistory history = new() { Events = [Some.Event(Web, "a")] };
        (await ReplayOf(history).IndividualAsync("ind_a")).Made.ShouldBeNull();

        history.Links = new Dictionary<LinkKey, DateTimeOffset?>();
        (await ReplayOf(history).IndividualAsync("ind_a")).Made.ShouldBeNull();
    }

    [Fact]
    public async Task An_account_needs_the_whole_log()
    {
        LinkEvent told = Some.Event(Company, "a") with { Subject = SubjectKind.Account };
        FakeHistory history = new() { Events = [told, told with { EventId = "b" }] };
        string id = Identity.SubjectIds.AccountOf(Company);
        (await ReplayOf(history).AccountAsync(id)).Made.ShouldNotBeNull();

        history.First = 2;

        (await ReplayOf(history).AccountAsync(id)).Made.ShouldBeNull();
    }

    [Theory]
    [InlineData(LogReplay.EventsMax, true)]
    [InlineData(LogReplay.EventsMax + 1, false)]
    public async Task No_more_events_are_read_for_one_state_than_its_bound(int events, bool isMade)
    {
        LinkEvent foreign = Some.Event(new LinkKey("web", "user", "u2"), "b");
        LinkEvent[] all = new LinkEvent[events];
        Array.Fill(all, foreign);
        all[0] = Some.Event(Web, "a") with { Account = Company };
        FakeHistory history = new()
        {
            Events = all,
            Links = new Dictionary<LinkKey, DateTimeOffset?> { [Web] = Some.Noon },
        };

        var (individual, _) = await ReplayOf(history).IndividualAsync("ind_a");

        (individual is not null).ShouldBe(isMade);
    }

    private static LogReplay ReplayOf(FakeHistory history, FakeMemberships? memberships = null) =>
        new(
            history,
            history,
            memberships ?? new FakeMemberships(),
            new LogShape(1),
            new EventFates(new LogShape(1), TimeProvider.System),
            FakeInsights.None
        );
}
