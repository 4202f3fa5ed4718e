using OrleansCdp.Events;
using static OrleansCdp.Segments.SegmentDatabase;

namespace OrleansCdp.Segments;

/// <summary>Where one individual is a member is known beside its state, for when that is damaged.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MembershipsOfOneTests(PostgresServer server) : IAsyncLifetime
{
    private SegmentDatabase segments = null!;

    private IMembershipStore Store => segments.Store;

    public async Task InitializeAsync() => segments = await StartAsync(server);

    public async Task DisposeAsync() => await segments.DisposeAsync();

    [Fact]
    public async Task Where_somebody_is_and_which_number_was_last_is_known_beside_the_state()
    {
        await segments.SaveAsync("ind_a", Change(1, "vip"), Change(2, "value.gold", version: 4));
        await segments.SaveAsync("ind_a", Change(3, "vip", entered: false));
        await segments.SaveAsync("ind_b", Change(1, "vip"));

        Memberships of = await Store.OfAsync("ind_a", default);

        of.Sequence.ShouldBe(3);
        of.ChangedAt.ShouldBe(LinkEvents.Noon.AddMinutes(3));
        Membership only = of.Segments.ShouldHaveSingleItem();
        only.ShouldBe(
            new Membership
            {
                Segment = "value",
                Tier = "gold",
                IsIn = true,
                Version = 4,
                Sequence = 2,
                Since = LinkEvents.Noon.AddMinutes(2),
            } with
            {
                Holdings = only.Holdings,
            }
        );

        await segments.DeliverAsync();
        await Store.ForgetAsync(LinkEvents.Noon.AddDays(1), IMembershipStore.PageMax, default);
        (await Store.OfAsync("ind_a", default)).Sequence.ShouldBe(2, "who is in it stays in it");
        (await Store.OfAsync("ind_nobody", default)).Segments.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0, null, 1L)]
    [InlineData(1, 1L, 3L)]
    [InlineData(2, 1L, 3L)]
    [InlineData(3, 3L, 4L)]
    [InlineData(4, 4L, null)]
    public async Task The_changes_around_a_moment_are_those_of_the_segment_with_all_its_tiers(
        int minute,
        long? last,
        long? next
    )
    {
        await segments.SaveAsync("ind_a", Change(1, "value.gold"), Change(2, "vip"));
        await segments.SaveAsync("ind_b", Change(1, "value.gold"));
        await segments.SaveAsync(
            "ind_a",
            Change(3, "value.gold", entered: false),
            Change(4, "value.fair")
        );

        var around = await Store.AroundAsync(
            "ind_a",
            "value",
            LinkEvents.Noon.AddMinutes(minute),
            default
        );

        (around.Last?.Sequence, around.Next?.Sequence).ShouldBe((last, next));
    }
}
