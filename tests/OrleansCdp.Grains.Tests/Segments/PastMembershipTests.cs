using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using OrleansCdp.Events;

namespace OrleansCdp.Segments;

/// <summary>Whether somebody was in a segment at a moment, and which version decided then, as far as that is kept.</summary>
public sealed class PastMembershipTests
{
    private const string Id = "ind_a";
    private static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    private readonly FakeMemberships store = new();
    private readonly DateTimeOffset now = DateTimeOffset.UtcNow;

    [Fact]
    public async Task Between_an_entry_and_an_exit_it_was_in_it()
    {
        Add(sequence: 1, entered: true, daysAgo: 20);
        Add(sequence: 2, entered: false, daysAgo: 10);

        PastMembership past = await AtAsync(daysAgo: 15);
        (past.IsKnown, past.IsIn, past.Since).ShouldBe((true, true, now.AddDays(-20)));
        (past.Last!.Sequence, past.Next!.Sequence).ShouldBe((1, 2));
        (await AtAsync(daysAgo: 20)).IsIn.ShouldBeTrue("at the moment of the entry it is in it");
        (await AtAsync(daysAgo: 10)).IsIn.ShouldBeFalse();
        past = await AtAsync(daysAgo: 25);
        (past.IsKnown, past.IsIn, past.Last).ShouldBe((true, false, null));
    }

    [Fact]
    public async Task Where_changes_are_kept_no_more_nobody_can_tell_unless_it_is_in_it_since_before()
    {
        (await AtAsync(daysAgo: 89)).IsKnown.ShouldBeTrue();
        (await AtAsync(daysAgo: 91)).IsKnown.ShouldBeFalse();

        Add(sequence: 1, entered: true, daysAgo: 200);
        (await AtAsync(daysAgo: 150)).ShouldSatisfyAllConditions(
            past => past.IsKnown.ShouldBeTrue("what came after is kept where this is"),
            past => past.IsIn.ShouldBeTrue()
        );
        Add(sequence: 2, entered: false, daysAgo: 10);
        await store.ForgetAsync(now - Kept, 10, default);
        PastMembership left = await AtAsync(daysAgo: 50);
        (left.IsKnown, left.IsIn, left.Since).ShouldBe((true, true, null), "it left later");
        (await AtAsync(daysAgo: 150)).IsKnown.ShouldBeFalse();
    }

    [Fact]
    public void The_version_that_decided_is_the_one_activated_last_until_it_was_taken_back()
    {
        ImmutableArray<SegmentVersion> versions =
        [
            Version(1, (ReviewStepKind.Activate, 0), (ReviewStepKind.Activate, 20)),
            Version(2, (ReviewStepKind.Activate, 10), (ReviewStepKind.Rollback, 20)),
            Version(3, (ReviewStepKind.Activate, 30), (ReviewStepKind.Retire, 40)),
        ];

        ActiveAt(-1).ShouldBeNull();
        ActiveAt(0).ShouldBe(1);
        ActiveAt(10).ShouldBe(2);
        ActiveAt(19).ShouldBe(2);
        ActiveAt(20).ShouldBe(1);
        ActiveAt(30).ShouldBe(3);
        ActiveAt(40).ShouldBeNull();

        int? ActiveAt(int minute) =>
            ReviewedVersions.ActiveAt(versions, Some.Noon.AddMinutes(minute));
    }

    private static SegmentVersion Version(
        int number,
        params (ReviewStepKind Kind, int Minute)[] steps
    ) =>
        new()
        {
            Name = "vip",
            Version = number,
            Text = "",
            Hash = "",
            State = ReviewState.Active,
            Base = 0,
            Steps =
            [
                .. steps.Select(step => new ReviewStep(
                    step.Kind,
                    "grace",
                    Some.Noon.AddMinutes(step.Minute),
                    Reason: null
                )),
            ],
        };

    private void Add(long sequence, bool entered, int daysAgo) =>
        store.Take(
            new SnapshotWrite
            {
                Id = Id,
                PreviousVersion = sequence - 1,
                Version = sequence,
                Data = [],
                MembershipChanges =
                [
                    new MembershipChange(
                        "vip",
                        entered,
                        Version: 1,
                        sequence,
                        now.AddDays(-daysAgo),
                        MembershipCause.Event,
                        []
                    ),
                ],
            }
        );

    private Task<PastMembership> AtAsync(int daysAgo) =>
        new MembershipListGrain(
            store,
            Options.Create(new SegmentOptions { ChangesKept = Kept }),
            TimeProvider.System
        ).GetPastAsync(Id, "vip", now.AddDays(-daysAgo));
}
