using Orleans.Concurrency;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

public sealed class BatchLimitTests(Cluster cluster) : IClassFixture<Cluster>
{
    private readonly LinkKey link = new("crm", "Thing", Some.Unique("t"));

    [Fact]
    public async Task An_individual_takes_1000_events_at_once_and_not_1001()
    {
        string id = SubjectIds.IndividualOf(link);
        var individual = cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);

        await Should.ThrowAsync<ArgumentException>(() =>
            individual.ApplyAsync(Events(Limits.ApplyBatchMax + 1), id)
        );
        cluster.Database.Snapshots.ShouldNotContainKey(id);
        (await individual.ApplyAsync(Events(Limits.ApplyBatchMax), id)).ShouldBeEmpty();
        cluster.Database.Snapshots[id].Version.ShouldBe(1);
    }

    [Fact]
    public async Task An_account_takes_1000_events_at_once_and_not_1001()
    {
        string id = SubjectIds.AccountOf(link);
        var account = cluster.Grains.GetGrain<IAccountGrain>(id);

        await Should.ThrowAsync<ArgumentException>(() =>
            account.ApplyAsync(Events(Limits.ApplyBatchMax + 1))
        );
        cluster.Database.Snapshots.ShouldNotContainKey(id);
        (await account.ApplyAsync(Events(Limits.ApplyBatchMax))).ShouldBeEmpty();
        cluster.Database.Snapshots[id].Version.ShouldBe(1);
    }

    [Fact]
    public async Task An_account_takes_1000_changes_of_its_people_at_once_and_not_1001()
    {
        string id = SubjectIds.AccountOf(link);
        var account = cluster.Grains.GetGrain<IAccountGrain>(id);

        await Should.ThrowAsync<ArgumentException>(() =>
            account.NoteMembersAsync(Changes(Limits.ApplyBatchMax + 1))
        );
        cluster.Database.Snapshots.ShouldNotContainKey(id);
        await account.NoteMembersAsync(Changes(Limits.ApplyBatchMax));
        cluster.Database.Snapshots[id].Version.ShouldBe(1);
    }

    [Fact]
    public async Task An_individual_takes_50_links_at_once_and_not_51()
    {
        string id = SubjectIds.IndividualOf(link);
        var individual = cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);

        await Should.ThrowAsync<ArgumentException>(() =>
            individual.AttachAsync(Transfer(id, Limits.TransferLinksMax + 1))
        );
        cluster.Database.Snapshots.ShouldNotContainKey(id);
        (await individual.AttachAsync(Transfer(id, Limits.TransferLinksMax))).ShouldBeNull();
        cluster.Database.Snapshots[id].Version.ShouldBe(1);
    }

    [Fact]
    public async Task More_events_of_one_individual_than_a_batch_go_in_several()
    {
        LinkEvent[] events =
        [
            .. Enumerable.Range(0, Limits.ApplyBatchMax + 1).Select(i => Some.Event(link, $"e{i}")),
        ];

        var counts = await cluster.NewDelivery().DeliverAsync(Some.Chunk(1, events), default);

        counts.Events.Sum(count => count.Count).ShouldBe(events.Length);
        cluster.Database.Snapshots[SubjectIds.IndividualOf(link)].Version.ShouldBe(2);
    }

    private Immutable<SequencedEvent[]> Events(int count) =>
        Enumerable
            .Range(1, count)
            .Select(i => new SequencedEvent(i, Some.Event(link, $"e{i}")))
            .ToArray()
            .AsImmutable();

    private Immutable<MemberChange[]> Changes(int count) =>
        Enumerable
            .Range(1, count)
            .Select(i => new MemberChange
            {
                Account = link,
                Link = new LinkKey("crm", "Contact", $"{i}"),
                Individual = $"ind_{i}",
                Belongs = true,
                Stamp = new Stamp(i, 0, 0),
                EventId = $"e{i}",
            })
            .ToArray()
            .AsImmutable();

    private static Immutable<LinkTransfer> Transfer(string to, int count) =>
        new LinkTransfer
        {
            From = "ind_giver",
            To = to,
            Owner = to,
            FormerOwner = "ind_giver",
            Links =
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i => new Link { Key = new LinkKey("s", "o", $"{i}") }),
            ],
        }.AsImmutable();
}
