using Microsoft.Extensions.DependencyInjection;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What an event says of a link and cannot be carried out is not forgotten.</summary>
public sealed class OpenDecisionTests(Cluster cluster) : IClassFixture<Cluster>
{
    private readonly Identifier contact = new("contactId", Some.Unique("003"), true);
    private readonly Identifier other = new("contactId", Some.Unique("003"), true);
    private readonly LinkKey visitor = new("web", "anonymous", Some.Unique("a"));
    private readonly LinkKey guest = new("web", "anonymous", Some.Unique("a"));
    private readonly LinkKey order = new("shop", "SalesOrder", Some.Unique("o"));

    private FakeIdentity Database => cluster.Database.Identity;

    [Fact]
    public async Task A_visitor_who_cannot_leave_because_others_live_there_follows_its_sign_in_later()
    {
        await DeliverAsync(1, Some.Event(visitor, "v1"));
        await DeliverAsync(1, Some.Event(guest, "g1"));
        long merged = await MergeAsync(visitor, guest);
        Database.Merges.Withdraw(merged); // The guest has not gone home yet.

        await DeliverAsync(1, SignIn("u1", minute: 0, contact));
        await DeliverAsync(2, Some.Event(visitor, "v2"));

        OpenDecision left = OpenOf(visitor).ShouldNotBeNull();
        left.Reason.ShouldBe(ReasonCodes.HoldsOthers);
        left.Event.Event.Traits.ShouldBeEmpty("of an event only what decides is kept");
        await GrainOf(HomeOf(guest)).PlaceAsync();
        await SweepAsync();
        OpenOf(visitor).ShouldBeNull();
        await ShouldBeAtAsync(visitor, SubjectIds.IndividualOf(contact));
        await ShouldBeAtAsync(guest, HomeOf(guest));
    }

    [Fact]
    public async Task An_order_that_a_steward_merged_follows_its_contact_once_that_is_taken_back()
    {
        await DeliverAsync(1, Some.Event(order, "o1"));
        await DeliverAsync(1, Some.Event(guest, "g1"));
        long merged = await MergeAsync(guest, order);

        await DeliverAsync(2, Following("o2", minute: 2, contact));
        await DeliverAsync(3, Following("o3", minute: 1, other));

        await ShouldBeAtAsync(order, HomeOf(guest));
        OpenOf(order)
            .ShouldNotBeNull()
            .Event.Event.EventId.ShouldBe("o2", "the newest counts, whenever it came");
        await SweepAsync();
        await ShouldBeAtAsync(order, HomeOf(guest));
        Database.Merges.Withdraw(merged);
        await GrainOf(HomeOf(order)).PlaceAsync();
        await ReviewAsync(HomeOf(order));
        OpenOf(order).ShouldBeNull();
        await ShouldBeAtAsync(order, SubjectIds.IndividualOf(contact));
    }

    [Fact]
    public async Task What_was_decided_by_a_newer_event_meanwhile_stays()
    {
        await DeliverAsync(1, Some.Event(order, "o1"));
        await DeliverAsync(1, Some.Event(guest, "g1"));
        long merged = await MergeAsync(guest, order);
        await DeliverAsync(2, Following("o2", minute: 1, contact));
        Database.Merges.Withdraw(merged);
        await GrainOf(HomeOf(order)).PlaceAsync();

        await DeliverAsync(3, Following("o3", minute: 2, other));
        await SweepAsync();

        OpenOf(order).ShouldBeNull();
        await ShouldBeAtAsync(order, SubjectIds.IndividualOf(other));
    }

    [Fact]
    public async Task Of_sign_ins_about_a_visitor_whom_a_steward_merged_the_first_has_it_afterwards()
    {
        await DeliverAsync(1, Some.Event(visitor, "v1"));
        await DeliverAsync(1, Some.Event(guest, "g1"));
        long merged = await MergeAsync(guest, visitor);

        await DeliverAsync(1, SignIn("u1", minute: 2, other));
        await DeliverAsync(1, SignIn("u2", minute: 1, contact));

        await ShouldBeAtAsync(visitor, HomeOf(guest));
        Database.Proofs.ShouldNotContain(
            proof => proof.Link == visitor,
            "two who shared a device are not one person"
        );
        Database.Merges.Withdraw(merged);
        await GrainOf(HomeOf(visitor)).PlaceAsync();
        await ReviewAsync($"{visitor}");
        OpenOf(visitor).ShouldBeNull();
        await ShouldBeAtAsync(visitor, SubjectIds.IndividualOf(contact));
    }

    private LinkEvent SignIn(string id, int minute, Identifier named) =>
        Some.Event(new LinkKey("crm", "Contact", named.Value), id, named) with
        {
            SameAs = visitor,
            OccurredAt = Some.Noon.AddMinutes(minute),
        };

    private LinkEvent Following(string id, int minute, Identifier named) =>
        Some.Event(order, id, named) with
        {
            FollowsAnchor = true,
            OccurredAt = Some.Noon.AddMinutes(minute),
        };

    private async Task<long> MergeAsync(LinkKey survivor, LinkKey merged)
    {
        StewardOutcome made = Database.Merges.Decide(BaseOf(survivor), BaseOf(merged), true);
        (await GrainOf(HomeOf(merged)).PlaceAsync()).ShouldBeNull();
        return made.Decision!.Value;
    }

    private async Task ShouldBeAtAsync(LinkKey link, string individual)
    {
        Database.HolderOf(ClaimKeys.Of(link)).ShouldBe(individual);
        (await GrainOf(individual).GetEvidenceAsync([])).Keys.ShouldContain(link);
    }

    private OpenDecision? OpenOf(LinkKey link) =>
        Database.Open.All.SingleOrDefault(one => one.Claim == ClaimKeys.Of(link));

    private async Task DeliverAsync(long sequence, LinkEvent e) =>
        await cluster.NewDelivery().DeliverAsync(Some.Chunk(sequence, e), default);

    private Task SweepAsync() =>
        cluster.Services.GetRequiredService<OpenDecisions>().SweepAsync(TimeSpan.Zero, default);

    private Task ReviewAsync(string home) =>
        cluster.Services.GetRequiredService<OpenDecisions>().ReviewAsync([home], default);

    private IUnifiedIndividualGrain GrainOf(string id) =>
        cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);

    private static string HomeOf(LinkKey link) => SubjectIds.IndividualOf(link);

    private static BaseIndividual BaseOf(LinkKey link) =>
        new(HomeOf(link), AnchorPolicy.Unanchored, ClaimKeys.Of(link));
}
