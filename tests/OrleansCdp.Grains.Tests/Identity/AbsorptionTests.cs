using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>An individual that is absorbed leaves no claim behind: what names it names whoever absorbed it.</summary>
public sealed class AbsorptionTests(Cluster cluster) : IClassFixture<Cluster>
{
    private readonly Identifier email = new("email", Some.Unique("m") + "@example.com", true);
    private readonly Identifier userId = new("userId", Some.Unique("u"), true);
    private readonly Identifier first = new("contactId", Some.Unique("003"), true);
    private readonly Identifier second = new("contactId", Some.Unique("003"), true);

    [Fact]
    public async Task A_user_known_by_email_and_then_by_contact_goes_on_as_that_contact()
    {
        LinkKey user = new("web", "user", userId.Value);
        await DeliverAsync(1, Some.Event(user, "e1", userId));
        await DeliverAsync(2, Some.Event(user, "e2", userId, email));
        await DeliverAsync(1, Some.Event(LinkOf(first), "e3", first, email));

        await DeliverAsync(3, Some.Event(user, "e4", userId));

        string contact = SubjectIds.IndividualOf(first);
        cluster.Database.OwnerOf(ClaimKeys.Of(user)).ShouldBe(contact);
        cluster.Database.OwnerOf(ClaimKeys.Of(email)).ShouldBe(contact);
        cluster.Database.OwnerOf(ClaimKeys.Of(userId)).ShouldBe(contact);
    }

    [Fact]
    public async Task An_email_whose_individual_had_no_links_left_is_the_absorber_s_and_clashes_with_a_third()
    {
        LinkKey order = new("shop", "SalesOrder", Some.Unique("o"));
        Identifier other = new("email", Some.Unique("m") + "@example.com", true);
        await DeliverAsync(1, Some.Event(order, "e1", email) with { FollowsAnchor = true });
        LinkEvent changed = Some.Event(order, "e2", other) with { FollowsAnchor = true };
        await DeliverAsync(2, changed with { OccurredAt = Some.Noon.AddMinutes(1) });
        await DeliverAsync(1, Some.Event(LinkOf(first), "e3", first, email));

        await DeliverAsync(1, Some.Event(LinkOf(second), "e4", second, email));

        ShouldBeTheFirstContactsAndClash(email);
    }

    [Fact]
    public async Task A_claim_made_while_its_individual_was_absorbed_is_decided_about_anew()
    {
        await DeliverAsync(1, Some.Event(new LinkKey("web", "user", userId.Value), "e1", email));
        await DeliverAsync(1, Some.Event(LinkOf(first), "e2", first, email));
        await cluster.Database.ClaimAsync(
            [new(ClaimKeys.Of(userId), new Claim(SubjectIds.IndividualOf(email), 1, default))],
            default
        );

        await DeliverAsync(1, Some.Event(LinkOf(second), "e3", second, userId));

        ShouldBeTheFirstContactsAndClash(userId);
        cluster
            .Database.OwnerOf(ClaimKeys.Of(LinkOf(second)))
            .ShouldBe(SubjectIds.IndividualOf(second));
    }

    [Fact]
    public async Task What_a_chunk_s_events_say_again_and_again_is_decided_about_once()
    {
        LinkKey device = new("web", "user", userId.Value);
        await DeliverAsync(1, Some.Event(LinkOf(first), "e1", first));
        await DeliverAsync(1, Some.Event(LinkOf(second), "e2", second));
        LinkEvent[] events =
        [
            .. Enumerable.Range(0, 50).Select(i => Some.Event(device, $"e{i}", first, second)),
        ];

        await cluster.NewDelivery().DeliverAsync(Some.Chunk(1, events), default);

        cluster.Database.OwnerOf(ClaimKeys.Of(device)).ShouldBe(SubjectIds.IndividualOf(first));
        cluster
            .Database.Conflicts.Count(conflict => conflict.Link == device)
            .ShouldBe(1, "the same contradiction, said fifty times");
    }

    private static LinkKey LinkOf(Identifier contact) => new("crm", "Contact", contact.Value);

    private void ShouldBeTheFirstContactsAndClash(Identifier anchor)
    {
        string contact = SubjectIds.IndividualOf(first);
        cluster.Database.OwnerOf(ClaimKeys.Of(anchor)).ShouldBe(contact);
        cluster
            .Database.Conflicts.Single(conflict => conflict.Anchor == ClaimKeys.Of(anchor))
            .Holder.ShouldBe(contact);
    }

    /// <summary>Delivers with nothing remembered, as after a restart.</summary>
    private async Task DeliverAsync(long sequence, LinkEvent e) =>
        await cluster.NewDelivery().DeliverAsync(Some.Chunk(sequence, e), default);
}
