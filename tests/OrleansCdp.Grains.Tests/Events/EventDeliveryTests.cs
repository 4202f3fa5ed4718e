using Orleans.Concurrency;
using OrleansCdp.Context;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

public sealed class EventDeliveryTests(Cluster cluster) : IClassFixture<Cluster>
{
    private readonly EventDelivery delivery = cluster.NewDelivery();
    private readonly LinkKey visitor = new("web", "anonymous", Some.Unique("a"));
    private readonly LinkKey customer = new("commerce", "customer", Some.Unique("c"));
    private readonly LinkKey contact = new("crm", "Contact", Some.Unique("003"));
    private readonly Identifier email = new("email", Some.Unique("m") + "@example.com", true);

    [Fact]
    public async Task A_known_link_costs_no_identity_query()
    {
        await DeliverAsync(Some.Chunk(1, Some.Event(visitor, "e1")));
        int reads = cluster.Database.Identity.ClaimReads;

        await DeliverAsync(Some.Chunk(2, Some.Event(visitor, "e2")));

        cluster.Database.Identity.ClaimReads.ShouldBe(reads);
    }

    [Fact]
    public async Task Delivering_a_chunk_again_changes_nothing()
    {
        EventChunk chunk = Some.Chunk(1, Some.Event(visitor, "e1"), Some.Event(visitor, "e2"));
        await DeliverAsync(chunk);
        string before = await JsonOfAsync(SubjectIds.IndividualOf(visitor));

        await DeliverAsync(chunk);

        (await JsonOfAsync(SubjectIds.IndividualOf(visitor))).ShouldBe(before);
    }

    [Fact]
    public async Task A_visitor_who_becomes_known_takes_the_history_along_and_the_old_id_redirects()
    {
        await DeliverAsync(Some.Chunk(1, Some.Event(visitor, "e1")));
        await DeliverAsync(Some.Chunk(2, Some.Event(visitor, "e2", email)));

        (await RedirectOfAsync(SubjectIds.IndividualOf(visitor))).ShouldBe(
            SubjectIds.IndividualOf(email)
        );
        string known = await JsonOfAsync(SubjectIds.IndividualOf(email));
        known.ShouldContain("\"said\":\"e2\"");
        cluster
            .Database.Identity.OwnerOf(ClaimKeys.Of(visitor))
            .ShouldBe(SubjectIds.IndividualOf(email));
    }

    [Fact]
    public async Task A_contact_absorbs_whom_its_verified_email_named_and_their_links_go_on_there()
    {
        Identifier contactId = new("contactId", contact.Id, true);
        await DeliverAsync(Some.Chunk(1, Some.Event(customer, "e1", email)));

        await DeliverAsync(Some.Chunk(2, Some.Event(contact, "e2", contactId, email)));
        await cluster
            .NewDelivery()
            .DeliverAsync(Some.Chunk(3, Some.Event(customer, "e3", email)), default);

        string owner = SubjectIds.IndividualOf(contactId);
        cluster.Database.Identity.HolderOf(ClaimKeys.Of(email)).ShouldBe(owner);
        (await RedirectOfAsync(SubjectIds.IndividualOf(email))).ShouldBe(owner);
        (await JsonOfAsync(owner)).ShouldContain("\"said\":\"e3\"");
    }

    [Fact]
    public async Task A_partition_with_a_stale_cache_is_told_where_a_link_went()
    {
        EventDelivery stale = cluster.NewDelivery();
        await stale.DeliverAsync(Some.Chunk(1, Some.Event(customer, "e1", email)), default);
        Identifier contactId = new("contactId", contact.Id, true);
        await DeliverAsync(Some.Chunk(1, Some.Event(contact, "x", contactId, email)));

        await stale.DeliverAsync(Some.Chunk(2, Some.Event(customer, "e2", email)), default);

        (await JsonOfAsync(SubjectIds.IndividualOf(contactId))).ShouldContain("\"said\":\"e2\"");
    }

    [Fact]
    public async Task A_case_whose_contact_changes_and_changes_back_keeps_its_history_and_stops_moving()
    {
        Identifier ann = new("contactId", Some.Unique("003"), true);
        Identifier bob = new("contactId", Some.Unique("003"), true);
        await DeliverAsync(Some.Chunk(1, Case("e1", 1, ann)));
        await DeliverAsync(Some.Chunk(2, Case("e2", 2, bob)));
        await DeliverAsync(
            Some.Chunk(3, Case("e3", 3, ann), Case("e4", 4, bob), Case("e5", 5, ann))
        );
        await cluster.NewDelivery().DeliverAsync(Some.Chunk(6, Case("e6", 6, ann)), default);

        (await JsonOfAsync(SubjectIds.IndividualOf(ann))).ShouldContain("\"said\":\"e6\"");
        (await JsonOfAsync(SubjectIds.IndividualOf(bob))).ShouldNotContain("said");
        cluster
            .Database.Identity.OwnerOf(ClaimKeys.Of(contact))
            .ShouldBe(SubjectIds.IndividualOf(ann));
    }

    [Fact]
    public async Task A_case_stays_with_the_contact_of_its_newest_event_however_late_older_ones_arrive()
    {
        Identifier ann = new("contactId", Some.Unique("003"), true);
        Identifier bob = new("contactId", Some.Unique("003"), true);
        await DeliverAsync(Some.Chunk(1, Case("e1", 1, ann)));
        await DeliverAsync(Some.Chunk(2, Case("e5", 5, bob)));

        EventChunk late = Some.Chunk(1, Case("e3", 3, ann)) with { Lane = Lane.Low };
        await cluster.NewDelivery().DeliverAsync(late, default);

        cluster
            .Database.Identity.OwnerOf(ClaimKeys.Of(contact))
            .ShouldBe(SubjectIds.IndividualOf(bob));
    }

    [Fact]
    public async Task A_move_promised_to_one_who_was_absorbed_meanwhile_is_kept_before_the_next_decision()
    {
        Identifier contactId = new("contactId", Some.Unique("003"), true);
        await DeliverAsync(Some.Chunk(1, Some.Event(visitor, "e1")));
        await DeliverAsync(Some.Chunk(1, Some.Event(customer, "c1", email)));
        string anonymous = SubjectIds.IndividualOf(visitor);
        string absorbed = SubjectIds.IndividualOf(email);
        await cluster // The first step of a move that was never finished.
            .Grains.GetGrain<IUnifiedIndividualGrain>(anonymous)
            .DetachAsync([], absorbed, 1, anonymous, default, isSentByOwner: false);
        await DeliverAsync(Some.Chunk(1, Some.Event(contact, "x", contactId, email)));

        await DeliverAsync(Some.Chunk(2, Some.Event(visitor, "e2", email)));

        string owner = SubjectIds.IndividualOf(contactId);
        cluster.Database.Identity.OwnerOf(ClaimKeys.Of(visitor)).ShouldBe(absorbed);
        cluster.Database.Identity.HolderOf(ClaimKeys.Of(visitor)).ShouldBe(owner);
        (await JsonOfAsync(owner)).ShouldContain("\"e2\"");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_move_that_broke_after_any_step_is_completed_by_redelivery(int step)
    {
        await DeliverAsync(Some.Chunk(1, Some.Event(visitor, "e1")));
        int saves = 0;
        string[] involved = [SubjectIds.IndividualOf(visitor), SubjectIds.IndividualOf(email)];
        cluster.Database.OnSave = (write, committed) =>
        {
            if (committed && involved.Contains(write.Id) && ++saves == step)
            {
                throw new TimeoutException("The connection broke.");
            }
        };
        EventChunk chunk = Some.Chunk(2, Some.Event(visitor, "e2", email));
        await Should.ThrowAsync<TimeoutException>(() => DeliverAsync(chunk));

        await cluster.NewDelivery().DeliverAsync(chunk, default);

        (await JsonOfAsync(SubjectIds.IndividualOf(email))).ShouldContain("\"said\":\"e2\"");
        cluster
            .Database.Identity.OwnerOf(ClaimKeys.Of(visitor))
            .ShouldBe(SubjectIds.IndividualOf(email));
        (await RedirectOfAsync(SubjectIds.IndividualOf(visitor))).ShouldBe(
            SubjectIds.IndividualOf(email)
        );
    }

    [Fact]
    public async Task A_lost_compare_and_set_throws_the_activation_away_and_the_events_are_applied_once()
    {
        string id = SubjectIds.IndividualOf(visitor);
        await DeliverAsync(Some.Chunk(1, Some.Event(visitor, "e1")));
        Snapshot stored = cluster.Database.Snapshots[id];
        cluster.Database.Snapshots[id] = stored with { Version = stored.Version + 5 };

        await DeliverAsync(Some.Chunk(2, Some.Event(visitor, "e2")));

        cluster.Database.Snapshots[id].Version.ShouldBe(stored.Version + 6);
        (await JsonOfAsync(id)).ShouldContain("\"said\":\"e2\"");
    }

    [Fact]
    public async Task A_refused_event_is_quarantined_and_the_rest_goes_on()
    {
        LinkEvent e = Some.Event(visitor, "ok");
        LinkEvent huge = Some.Event(visitor, "too many") with
        {
            Traits =
            [
                .. Enumerable
                    .Range(0, Limits.TraitsMax + 1)
                    .Select(i => new Field($"t{i}", FieldValue.Of("x"))),
            ],
        };

        var counts = await delivery.DeliverAsync(Some.Chunk(1, huge, e), default);

        QuarantineItem item = cluster.Database.Quarantined[^1];
        item.Code.ShouldBe(ReasonCodes.LimitExceeded);
        item.Origin.ShouldBe(QuarantineOrigin.Event);
        counts.Events.ShouldBe([new EventCount("test", CountKind.Applied, "", 1)]);
        counts.Quarantined.ShouldBe(1);
        counts.Redelivered.ShouldBe(0);
        (await JsonOfAsync(SubjectIds.IndividualOf(visitor))).ShouldContain("\"said\":\"ok\"");
    }

    [Fact]
    public async Task A_refused_event_is_kept_whole_up_to_64_KiB_and_of_a_larger_one_the_beginning()
    {
        async Task<QuarantineItem> KeptOfAsync(int sequence, int padding)
        {
            LinkEvent e = Some.Event(visitor, $"e{sequence}") with
            {
                Traits =
                [
                    .. Enumerable
                        .Range(0, Limits.TraitsMax + 1)
                        .Select(i => new Field($"t{i:D3}", FieldValue.Of("é"))),
                ],
                RecordId = new string('x', padding),
            };
            await DeliverAsync(Some.Chunk(sequence, e));
            return cluster.Database.Quarantined.Single(item => item.Position?.Sequence == sequence);
        }

        int bare = (await KeptOfAsync(901, 0)).Payload.Length;
        int padding = IQuarantineGrain.PayloadBytesMax - bare;
        QuarantineItem atLimit = await KeptOfAsync(902, padding);
        QuarantineItem past = await KeptOfAsync(903, padding + 1);

        atLimit.Payload.Length.ShouldBe(IQuarantineGrain.PayloadBytesMax);
        atLimit.Truncated.ShouldBeFalse();
        past.Payload.Length.ShouldBe(IQuarantineGrain.PayloadBytesMax);
        past.Truncated.ShouldBeTrue();
    }

    [Fact]
    public async Task Links_that_find_no_room_wait_where_they_are_and_their_events_in_quarantine()
    {
        string full = SubjectIds.IndividualOf(email);
        Link[] links =
        [
            .. Enumerable
                .Range(0, Limits.LinksMax)
                .Select(i => new Link { Key = new LinkKey("s", "o", $"{i}") }),
        ];
        await GiveAsync(full, links);
        await DeliverAsync(Some.Chunk(1, Some.Event(visitor, "e1")));

        await DeliverAsync(Some.Chunk(2, Some.Event(visitor, "e2", email)));
        await DeliverAsync(Some.Chunk(3, Some.Event(visitor, "e3", email)));

        cluster
            .Database.Quarantined.Where(item => item.Code == ReasonCodes.LinksMax)
            .Count()
            .ShouldBe(2);
        string anonymous = SubjectIds.IndividualOf(visitor);
        cluster.Database.Identity.OwnerOf(ClaimKeys.Of(visitor)).ShouldBe(anonymous);
        int quarantined = cluster.Database.Quarantined.Count;

        await cluster // Room for one.
            .Grains.GetGrain<IUnifiedIndividualGrain>(full)
            .DetachAsync([links[0].Key], "ind_elsewhere", 0, full, default, isSentByOwner: false);
        await DeliverAsync(Some.Chunk(4, Some.Event(visitor, "e4", email) with { Traits = [] }));

        cluster.Database.Identity.OwnerOf(ClaimKeys.Of(visitor)).ShouldBe(full);
        (await JsonOfAsync(full)).ShouldContain("\"said\":\"e1\"");

        EventChunk refused = Some.Chunk(3, Some.Event(visitor, "e3", email));
        DeliveryCounts again = await cluster.NewDelivery().DeliverAsync(refused, default);
        again.Events.ShouldBeEmpty();
        again.Quarantined.ShouldBe(1);
        again.Redelivered.ShouldBe(1);
        cluster.Database.Quarantined.Count.ShouldBe(quarantined);
        (await JsonOfAsync(full)).ShouldNotContain("\"said\":\"e3\"");
    }

    [Fact]
    public async Task The_5000th_link_is_taken_in_by_a_merge()
    {
        string nearlyFull = SubjectIds.IndividualOf(email);
        Link[] links =
        [
            .. Enumerable
                .Range(0, Limits.LinksMax - 1)
                .Select(i => new Link { Key = new LinkKey("s", "o", $"{i}") }),
        ];
        await GiveAsync(nearlyFull, links);
        await DeliverAsync(Some.Chunk(1, Some.Event(visitor, "e1")));

        await DeliverAsync(Some.Chunk(2, Some.Event(visitor, "e2", email)));

        cluster.Database.Identity.OwnerOf(ClaimKeys.Of(visitor)).ShouldBe(nearlyFull);
        (await JsonOfAsync(nearlyFull)).ShouldContain("\"said\":\"e2\"");
    }

    private async Task<string?> RedirectOfAsync(string id)
    {
        ContextAnswer? answer = await cluster
            .Grains.GetGrain<IUnifiedIndividualGrain>(id)
            .GetContextAsync(DataGraphs.Default);
        return answer!.MovedTo;
    }

    private async Task GiveAsync(string individual, Link[] links)
    {
        foreach (Link[] part in links.Chunk(Limits.TransferLinksMax))
        {
            await cluster
                .Grains.GetGrain<IUnifiedIndividualGrain>(individual)
                .AttachAsync(
                    new LinkTransfer
                    {
                        From = "ind_giver",
                        To = individual,
                        Owner = individual,
                        FormerOwner = "ind_giver",
                        Links = [.. part],
                    }.AsImmutable()
                );
        }
    }

    private LinkEvent Case(string id, int minute, Identifier caller) =>
        Some.Event(contact, id, caller) with
        {
            OccurredAt = Some.Noon.AddMinutes(minute),
            FollowsAnchor = true,
        };

    private async Task DeliverAsync(EventChunk chunk) =>
        await delivery.DeliverAsync(chunk, default);

    private async Task<string> JsonOfAsync(string id)
    {
        ContextAnswer? answer = await cluster
            .Grains.GetGrain<IUnifiedIndividualGrain>(id)
            .GetContextAsync(DataGraphs.Default);
        return System.Text.Encoding.UTF8.GetString(answer!.Json);
    }
}
